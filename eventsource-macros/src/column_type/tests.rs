//! The errors of `#[derive(ColumnType)]`, and the stored names.

use super::parse;
use super::style::Style;
use crate::errors::Errors;

fn mistakes(item: &str) -> Vec<String> {
    let mut errors = Errors::default();
    if let Ok(input) = syn::parse_str(item) {
        parse::parse(input, &mut errors);
    }
    errors.texts()
}

#[test]
fn mistakes_are_one_error_each() {
    for (item, starts) in [
        ("struct S;", "`ColumnType` is derived for an enum"),
        ("enum E {}", "this enum has no variant"),
        ("enum E<T> { A }", "a column holds values of one type"),
        ("enum E { A(u8) }", "a variant that is stored by its name has no fields"),
        ("#[column_type(rename_all = \"snake\")] enum E { A }", "there is no such style of names"),
        ("#[column_type(renameall = \"lowercase\")] enum E { A }", "there is no option `renameall`"),
        ("enum E { #[column_type(rename = \"B\")] A, B }", "`A` is stored as `B` already"),
        ("enum E { #[column_type(rename = \"\")] A }", "the stored name of a variant"),
        ("enum E { #[column_type] A }", "the options stand in parentheses"),
    ] {
        let said = mistakes(item);
        assert!(said.len() == 1 && said[0].starts_with(starts), "{item}\n{said:#?}");
    }
    assert_eq!(
        mistakes("#[column_type(rename_all = \"kebab-case\")] enum E { A, #[column_type(rename = \"x\")] B }").len(),
        0
    );
}

#[test]
fn names_are_written_as_serde_writes_them() {
    for (style, name) in [
        ("PascalCase", "InTransit"),
        ("lowercase", "intransit"),
        ("UPPERCASE", "INTRANSIT"),
        ("camelCase", "inTransit"),
        ("snake_case", "in_transit"),
        ("SCREAMING_SNAKE_CASE", "IN_TRANSIT"),
        ("kebab-case", "in-transit"),
        ("SCREAMING-KEBAB-CASE", "IN-TRANSIT"),
    ] {
        assert_eq!(Style::called(style).map(|style| style.apply("InTransit")).as_deref(), Some(name));
    }
}
