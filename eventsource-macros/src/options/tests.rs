//! Tests of the reader of options.

use syn::LitStr;

use super::*;

options! {
    struct ThingOptions {
        name: LitStr => "name = \"x\"",
        version: Version => "version = 2",
        memory: Flag => "memory",
        library: Library => "crate = my::reexport",
    }
}

/// The values of the options, and all errors.
struct Thing {
    name: Option<String>,
    version: u32,
    has_memory: bool,
    library: String,
    errors: Vec<String>,
}

fn read(text: &str) -> Thing {
    let mut errors = Errors::default();
    let options = ThingOptions::parse(text.parse().unwrap_or_default(), &mut errors);
    Thing {
        name: options.name.value(&mut errors).map(LitStr::value),
        version: options.version.version(&mut errors),
        has_memory: options.memory.is_given(),
        library: options.library.path(&mut errors).to_string(),
        errors: errors.texts(),
    }
}

#[test]
fn options_of_every_kind_are_read() {
    let thing = read("name = \"a\", version = 3, memory, crate = crate::x,");
    assert_eq!(thing.errors, Vec::<String>::new());
    assert_eq!(thing.version, 3);
    assert_eq!(thing.library, "crate :: x");
    assert_eq!(thing.name.as_deref(), Some("a"));
    assert!(thing.has_memory);
}

#[test]
fn options_report_all_mistakes() {
    let Thing { errors, .. } = read("nmae = \"a\", stream = X::<u8>, memory = true, version, memory, 7, crate = 3");
    assert_eq!(
        errors,
        [
            "there is no option `nmae`, did you mean `name`? The options are `name`, `version`, `memory`, `crate`",
            "there is no option `stream`: the options are `name`, `version`, `memory`, `crate`",
            "`memory` stands alone, without a value",
            "`version` needs a value, such as `version = 2`",
            "`memory` is given twice: keep one of them",
            "an option is expected here, such as `name = \"x\"`: the options are `name`, `version`, `memory`, `crate`",
            "`crate` is a path, such as `crate = my::reexport`",
        ]
    );
}

#[test]
fn a_missing_comma_is_named_and_what_follows_is_read() {
    let Thing { version, errors, .. } = read("name = \"a\" version = 3 crate = a::b memory");
    assert_eq!(
        errors,
        [
            "a comma is missing before `version`",
            "a comma is missing before `crate`",
            "`crate` is a path, such as `crate = my::reexport`"
        ]
    );
    assert_eq!(version, 3);
}

#[test]
fn versions_are_whole_numbers_from_one() {
    for wrong in ["version = 0", "version = \"1\"", "version = -1", "version = 1.5", "version = 5000000000"] {
        let Thing { errors, .. } = read(wrong);
        assert_eq!(errors, ["`version` is a whole number from 1 on, such as `version = 2`"], "{wrong}");
    }
}
