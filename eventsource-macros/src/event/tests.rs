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
fn good_events() {
    for good in [
        "#[event(aggregate = \"Order\")] struct Placed { id: u32 }",
        "#[event(aggregate = \"Order\", name = \"order.placed\", version = 2, from(PlacedV1), crate = a::b)] struct Placed;",
        "#[event(aggregate = \"Order\")] #[event(version = 4, from(_, V2, Self), aliases(\"a\", \"b\"))] struct r#Type {}",
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
    one("#[event(aggregate = \"O\")] struct E<'a> { t: Cow<'a, str> }", "an event owns what it holds");
    one("#[event(aggregate = \"O\")] struct E<'a> { t: PhantomData<T> }", "an event is stored under one name");
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
fn older_versions_are_accounted_for() {
    one(
        "#[event(aggregate = \"O\", version = 2)] struct E {}",
        "events that are stored with version 1 could not be read",
    );
    one(
        "#[event(aggregate = \"O\", version = 9)] struct E {}",
        "events that are stored with versions 1 to 8 could not be",
    );
    one(
        "#[event(aggregate = \"O\", version = 3, from(V1))] struct E {}",
        "version 3 has 2 older ones, and `from` names 1",
    );
    one("#[event(aggregate = \"O\", from(V1))] struct E {}", "`from` names one older version, so this is version 2");
    one(
        "#[event(aggregate = \"O\", version = 2, from(V1, V2))] struct E {}",
        "`from` names 2 older versions, so this is",
    );
    one("#[event(aggregate = \"O\", version = 2, from(\"V1\"))] struct E {}", "`from` is a list of types, such as");
    one(
        "#[event(aggregate = \"O\", version = 2, from((A, B)))] struct E {}",
        "`from` names the types of older versions",
    );
}

#[test]
fn versions_before_the_first_that_is_named() {
    one("#[event(aggregate = \"O\", version = 3, from(V1, ..))] struct E {}", "`..` stands for the versions before");
    for from in ["..", ".., V4", "_, .., V4"] {
        let said = mistakes(&format!("#[event(aggregate = \"O\", version = 5, from({from}))] struct E {{}}"));
        assert_eq!(said.is_empty(), !from.starts_with('_'), "{from}: {said:?}");
    }
}

#[test]
fn aliases_are_other_names() {
    one("#[event(aggregate = \"O\", aliases(\"E\"))] struct E {}", "`E` is the name of the event itself");
    one("#[event(aggregate = \"O\", aliases(\"a\", \"a\"))] struct E {}", "`a` is named twice");
    one("#[event(aggregate = \"O\", aliases(\"a b\"))] struct E {}", "a space cannot stand in a name");
    one("#[event(aggregate = \"O\", aliases(a))] struct E {}", "`aliases` is a list of texts between quotes, such as");
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

#[test]
fn versions_are_not_counted_one_by_one() {
    let event = "#[event(aggregate = \"Order\", version = 4000000000, from(.., V))] struct A {}";
    let (mut errors, input) = (Errors::default(), syn::parse_str::<DeriveInput>(event));
    let event = input.map(|input| parse::parse(input, &mut errors)).ok();
    assert!(errors.is_empty() && event.is_some_and(|event| (event.before, event.older.len()) == (3_999_999_998, 1)));
}
