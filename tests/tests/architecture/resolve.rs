//! Finds the module in which the item of a path is defined, through re-exports.

use crate::paths::Name;
use crate::source::Module;

/// What a path leads to: a module, or an item in it.
pub(crate) struct Home {
    pub(crate) module: Vec<String>,
    is_module: bool,
}

/// The imports that are being followed, each with its module.
type Followed = Vec<(Vec<String>, String)>;

/// Returns the module that defines what the module at `from` names with `segments`. `None` is an item of another crate.
pub(crate) fn home(root: &Module, from: &[String], segments: &[String]) -> Option<Home> {
    follow(root, from, segments, &mut Vec::new())
}

fn follow(root: &Module, from: &[String], segments: &[String], followed: &mut Followed) -> Option<Home> {
    let mut module = from.to_vec();
    let mut rest = segments;
    match segments.first()?.as_str() {
        "crate" => module.clear(),
        "self" => {}
        "super" => drop(module.pop()),
        first if root.at(from)?.children.contains_key(first) => {}
        first => return below(root, import(root, from, first, followed)?, &segments[1..], followed),
    }
    if ["crate", "self", "super"].contains(&segments[0].as_str()) {
        rest = &segments[1..];
    }
    below(root, Home { module, is_module: true }, rest, followed)
}

/// Returns what `segments` lead to from `home` on. What is below an item, such as its functions, is defined with it.
fn below(root: &Module, home: Home, segments: &[String], followed: &mut Followed) -> Option<Home> {
    let Some((name, rest)) = segments.split_first().filter(|_| home.is_module) else { return Some(home) };
    let module = root.at(&home.module)?;
    let next = if name == "super" {
        Home { module: home.module[..home.module.len() - 1].to_vec(), is_module: true }
    } else if module.children.contains_key(name) {
        Home { module: [&*home.module, std::slice::from_ref(name)].concat(), is_module: true }
    } else if module.items.contains(name) {
        Home { module: home.module, is_module: false }
    } else {
        let is_import = module.uses.iter().any(|used| used.name == Name::Own(name.clone()));
        match import(root, &home.module, name, followed) {
            Some(home) => home,
            // Another crate has it.
            None if is_import => return None,
            // A macro made it.
            None => Home { module: home.module, is_module: false },
        }
    };
    below(root, next, rest, followed)
}

/// Returns what the import `name` of the module at `path` leads to.
fn import(root: &Module, path: &[String], name: &str, followed: &mut Followed) -> Option<Home> {
    let step = (path.to_vec(), name.to_owned());
    if followed.contains(&step) {
        return None;
    }
    followed.push(step);
    let uses = &root.at(path)?.uses;
    let named = uses.iter().filter(|used| used.name == Name::Own(name.to_owned()));
    let mut found = named.filter_map(|used| follow(root, path, &used.segments, followed)).next();
    if found.is_none() {
        let globs: Vec<_> = uses.iter().filter(|used| used.name == Name::Glob).collect();
        found = globs.into_iter().find_map(|glob| {
            let home = follow(root, path, &glob.segments, followed)?;
            below(root, home, &[name.to_owned()], followed)
        });
    }
    followed.pop();
    found
}
