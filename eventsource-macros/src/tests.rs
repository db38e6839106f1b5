//! Rules for all macros.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;

/// Returns the source files of this crate, without tests, and their code.
fn sources() -> Vec<(PathBuf, String)> {
    fn read(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read(&path, found);
            } else if !path.ends_with("tests.rs") && !path.ends_with("snapshots.rs") {
                let text = fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
                found.push((path, code));
            }
        }
    }
    let mut found = Vec::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found
}

#[test]
fn one_syn() {
    let lock = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock")).unwrap();
    let syn_of = |package: &str| {
        let name = format!("\nname = \"{package}\"\n");
        let package = lock.split("[[package]]").find(|own| own.contains(&name)).unwrap_or_default();
        package.lines().find(|line| line.starts_with(" \"syn")).map(str::to_owned)
    };
    assert_eq!(syn_of("eventsource-macros"), syn_of("serde_derive"));
    assert!(syn_of("serde_derive").is_some());
}

#[test]
fn no_macro_panics() {
    for (path, code) in sources() {
        for word in [".unwrap()", ".expect(", "panic!(", "unreachable!(", "todo!(", "unimplemented!("] {
            assert!(!code.contains(word), "{word} in {}", path.display());
        }
    }
    // Anything in the place of an item or of options.
    let odd = [
        "",
        "struct",
        "impl",
        "impl {}",
        "impl A",
        "impl A {",
        "fn f() {}",
        "#",
        "#[",
        "impl A { fn }",
        "impl A { #[handles(] }",
        "impl A { #[handles(B)] fn a(&mut self, _: &B) }",
        "struct A { #[event(] x: u8 }",
        "impl<T A { }",
        "union",
        "{}",
        "()",
        "impl A for { #[applies()] fn a() }",
        "impl A { #[applies(,)] fn a(&mut self, ...) {} }",
        "enum E { A(u8), B }",
        "#[event(] struct A;",
        "#[event(aggregate = )] struct A;",
        "#[event(from(,), version = 99999999999)] struct A {}",
        "#[event(version = 0, from(_, _))] struct A {}",
        "#[read_model(table)] struct A(u8);",
        "struct A { x: }",
    ];
    let tokens = |text: &str| text.parse::<TokenStream>().ok();
    for item in odd.into_iter().filter_map(tokens) {
        for options in ["", "=", "name", "name = ", ", ,", "exhaustive()", "ignores(,)", "version = -1", "crate = 1 2"]
        {
            let options = tokens(options).unwrap_or_default();
            drop(crate::projection::projection(options.clone(), item.clone()));
            drop(crate::aggregate::aggregate(options, item.clone()));
        }
        drop(crate::event::derive(item.clone()));
        drop(crate::read_model::derive(item));
    }
}
