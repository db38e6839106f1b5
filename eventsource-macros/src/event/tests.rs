//! What the derive says about each mistake.

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
fn good_events() {
    for good in [
        "#[event(aggregate = \"Order\")] struct Placed { id: u32 }",
        "#[event(aggregate = \"Order\", name = \"order.placed\", version = 7, crate = a::b)] struct Placed;",
        "#[event(aggregate = \"Order\")] #[event(version = 2)] struct r#Type {}",
    ] {
        assert_eq!(mistakes(good), Vec::<String>::new(), "{good}");
    }
}

#[test]
fn shapes_that_are_no_event() {
    one("#[event(aggregate = \"O\")] enum E { A }", "an event is one fact: write one struct for each variant");
    one("#[event(aggregate = \"O\")] union E { a: u8 }", "an event cannot be a union");
    one("#[event(aggregate = \"O\")] struct E(u8);", "an event names its fields");
    one("#[event(aggregate = \"O\")] struct E<T> { t: T }", "an event is stored under one name");
    one("#[event(aggregate = \"O\")] struct E<'a> { t: &'a str }", "an event is stored under one name");
    one("#[event(aggregate = \"O\")] struct E<const N: usize> {}", "an event is stored under one name");
}

#[test]
fn options() {
    one("struct E {}", "the aggregate that emits this event is missing");
    one("#[event] struct E {}", "the options stand in parentheses");
    one("#[event(aggregate)] struct E {}", "`aggregate` needs a value, such as `aggregate = \"Order\"`");
    one("#[event(agregate = \"O\")] struct E {}", "there is no option `agregate`, did you mean `aggregate`?");
    one("#[event(aggregate = O)] struct E {}", "`aggregate` is a text between quotes");
    one("#[event(aggregate = \"O\", aggregate = \"P\")] struct E {}", "`aggregate` is given twice");
    one("#[event(aggregate = \"O\")] #[event(aggregate = \"P\")] struct E {}", "`aggregate` is given twice");
    one("#[event(aggregate = \"\")] struct E {}", "this name is empty");
    one("#[event(aggregate = \"O\", name = \"a b\")] struct E {}", "a space cannot stand in a name");
    one("#[event(aggregate = \"O\", version = 0)] struct E {}", "`version` is a whole number from 1 on");
    one("#[event(aggregate = \"O\")] struct Größe {}", "`ö` cannot stand in a name");
}

#[test]
fn all_mistakes_at_once() {
    let said = mistakes("#[event(nmae = \"1\", version = \"x\")] enum E<T> { A(T) }");
    assert_eq!(said.len(), 6, "{said:#?}");
}

#[test]
fn a_broken_event_is_an_event_all_the_same() {
    let Ok(input) = "#[event(version = 0)] enum E { A }".parse() else { return };
    let output = derive(input).to_string();
    assert!(output.contains("DomainEvent for E") && !output.contains("submit"), "{output}");
}
