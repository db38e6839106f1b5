//! The modules of a crate, as its files declare them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use quote::ToTokens as _;
use syn::{Attribute, Item};

use crate::paths::{self, Named};

/// A module: its file, its children, and what it names.
#[derive(Debug, Default)]
pub(crate) struct Module {
    pub(crate) file: PathBuf,
    pub(crate) children: BTreeMap<String, Module>,
    /// The paths of its `use` items. Each can be the target of a re-export.
    pub(crate) uses: Vec<Named>,
    /// The paths that begin with `crate`, `super` or `self` in its other items.
    pub(crate) mentions: Vec<Named>,
    /// The names of its items.
    pub(crate) items: Vec<String>,
}

impl Module {
    /// Reads the crate whose root is `file`, for example `src/lib.rs`.
    pub(crate) fn read(file: &Path) -> Self {
        let folder = file.parent().expect("a file has a folder");
        let mut root = Self { file: file.to_owned(), ..Self::default() };
        root.read_items(items(file), folder);
        root
    }

    fn read_items(&mut self, items: Vec<Item>, folder: &Path) {
        for item in items {
            match item {
                Item::Mod(module) if is_for_tests(&module.attrs) => {}
                Item::Mod(module) => {
                    let name = module.ident.to_string();
                    let below = folder.join(&name);
                    let mut child = Self { file: self.file.clone(), ..Self::default() };
                    match module.content {
                        Some((_, content)) => child.read_items(content, &below),
                        None => {
                            child.file = file_of(folder, &name);
                            child.read_items(self::items(&child.file), &below);
                        }
                    }
                    self.children.insert(name, child);
                }
                Item::Use(item) if is_for_tests(&item.attrs) => {}
                Item::Use(item) if item.leading_colon.is_some() => {}
                Item::Use(item) => self.uses.extend(paths::of_use(item.tree.to_token_stream())),
                other => {
                    self.items.extend(name(&other));
                    self.mentions.extend(paths::in_code(other.to_token_stream()));
                }
            }
        }
    }

    /// Returns the module at `path`.
    pub(crate) fn at(&self, path: &[String]) -> Option<&Self> {
        path.iter().try_fold(self, |module, name| module.children.get(name))
    }

    /// Calls `visit` with this module and all modules below it, each with its path.
    pub(crate) fn visit<'m>(&'m self, path: &mut Vec<String>, visit: &mut dyn FnMut(&[String], &'m Self)) {
        visit(path, self);
        for (name, child) in &self.children {
            path.push(name.clone());
            child.visit(path, visit);
            path.pop();
        }
    }
}

fn items(file: &Path) -> Vec<Item> {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display())).items
}

fn file_of(folder: &Path, name: &str) -> PathBuf {
    let flat = folder.join(name).with_extension("rs");
    if flat.exists() { flat } else { folder.join(name).join("mod.rs") }
}

/// Whether one of the attributes is `#[cfg(test)]`.
fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| paths::is_test_cfg(attribute.meta.to_token_stream()))
}

/// Returns the name of an item, by which another module can import it.
fn name(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        _ => return None,
    };
    Some(ident.to_string())
}
