//! The errors of the derive.

use super::*;

fn mistakes(input: &str) -> Vec<String> {
    let mut errors = Errors::default();
    match syn::parse_str::<DeriveInput>(input) {
        Ok(input) => drop(parse::parse(input, &mut errors)),
        Err(error) => errors.add(error),
    }
    errors.texts()
}

fn one(input: &str, starts: &str) {
    let said = mistakes(input);
    assert!(said.len() == 1 && said[0].starts_with(starts), "{input}\n{said:#?}");
}

#[test]
fn good_read_models() {
    for good in [
        "struct Row { #[read_model(id)] id: Uuid }",
        "#[read_model(table = \"orders\", crate = a::b)] struct Row { #[read_model(id, column = \"key\")] r#type: i64, x: f64 }",
        "struct Row { #[read_model(id)] id: Uuid, #[read_model(index)] a: String, #[read_model(json)] b: Vec<u8> }",
    ] {
        assert_eq!(mistakes(good), Vec::<String>::new(), "{good}");
    }
}

#[test]
fn shapes_that_are_no_read_model() {
    one("enum E { A }", "a read model is a row");
    one("union E { a: u8 }", "a read model cannot be a union");
    one("struct E(u8);", "the fields of a read model are columns");
    one("struct E;", "a read model has fields");
    one("struct E<T> { #[read_model(id)] id: T }", "a read model has one table");
    one("struct E { id: u8 }", "mark this field as the id");
    one("struct E { key: u8 }", "the id is missing");
    one("struct E { #[read_model(id)] a: u8, #[read_model(id)] b: u8 }", "a read model has one id");
}

#[test]
fn options() {
    one("#[read_model] struct E { #[read_model(id)] id: u8 }", "the options stand in parentheses");
    one(
        "#[read_model(tabel = \"e\")] struct E { #[read_model(id)] id: u8 }",
        "there is no option `tabel`, did you mean `table`?",
    );
    one("#[read_model(table = \"a b\")] struct E { #[read_model(id)] id: u8 }", "a space cannot stand");
    one("#[read_model(table = \"pg_e\")] struct E { #[read_model(id)] id: u8 }", "a table cannot begin with `pg_`");
    one("struct E { #[read_model(id, colunm = \"x\")] id: u8 }", "there is no option `colunm`, did you mean `column`?");
    one("struct E { #[read_model(id, json)] id: u8 }", "an id is a UUID");
    one("struct E { #[read_model(id)] id: u8, #[read_model(index, json)] a: u8 }", "a column with JSON has no index");
    one("struct E { #[read_model(id)] id: u8, version: u8 }", "every read model has a column `version` already");
    one(
        "struct E { #[read_model(id)] id: u8, #[read_model(column = \"ID\")] a: u8 }",
        "`id` is the column `id` already",
    );
    one("struct E { #[read_model(id)] id: u8, größe: u8 }", "`ö` cannot stand");
}

#[test]
fn all_mistakes_at_once() {
    let said = mistakes("#[read_model(table = \"\")] struct E<T> { #[read_model(di)] version: T, a: u8, A: u8 }");
    assert_eq!(said.len(), 5, "{said:#?}");
}

#[test]
fn a_broken_read_model_is_one_all_the_same() {
    let Ok(input) = "struct E { #[read_model(id)] id: u8, version: u8 }".parse() else { return };
    let output = derive(input).to_string();
    assert!(output.contains("ReadModel for E") && output.contains("compile_error"), "{output}");
    assert_eq!(output.matches("const VERSION").count(), 1, "{output}");
}
