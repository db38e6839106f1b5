//! The errors of `#[aggregate]`, and the user's code in its output.

use super::*;

fn mistakes(options: &str, item: &str) -> Vec<String> {
    let mut errors = Errors::default();
    let (Ok(options), Ok(item)) = (options.parse(), item.parse::<TokenStream>()) else { return Vec::new() };
    if let Some(Ok(mut block)) = Block::read(item) {
        drop(parse::parse(options, &mut block, &mut errors));
    }
    errors.texts()
}

/// Checks that a block with `methods` has exactly one error, which starts with `starts`.
fn one(methods: &str, starts: &str) {
    let said = mistakes("", &format!("impl A {{ {methods} }}"));
    assert!(said.len() == 1 && said[0].starts_with(starts), "{methods}\n{said:#?}");
}

#[test]
fn good_blocks() {
    for (options, item) in [
        ("", "impl A { #[applies(E)] fn e(&mut self, _: &E) {} }"),
        (
            "name = \"a\"",
            "impl A { #[applies(E)] const fn e(&self, _: &E) -> () {} fn decide(&self) -> Result<E, X> { } }",
        ),
        (
            "crate = my::lib",
            "impl<T: X> A<T> where T: Y { #[my::lib::applies(m::E)] fn e<'a>(&'a mut self, _: &'a m::E) {} }",
        ),
        (
            "",
            "impl A { #[cfg(a)] #[applies(E)] fn a(&mut self, _: &E) {} #[cfg(b)] #[applies(E)] fn b(&mut self, _: &E) {} }",
        ),
    ] {
        assert_eq!(mistakes(options, item), Vec::<String>::new(), "{item}");
    }
}

#[test]
fn mistakes_are_one_error_each() {
    one("", "this aggregate applies no event");
    one("#[applies] fn e(&mut self, _: &E) {}", "`#[applies]` needs the event");
    one("#[applies(_)] fn e(&mut self, _: &E) {}", "an `applies` method names its event");
    one("#[applies(E, F)] fn e(&mut self, _: &E) {}", "a method applies one event");
    one("#[applies(E)] #[applies(F)] fn e(&mut self, _: &E) {}", "a method applies one event");
    one("#[applies(\"E\")] fn e(&mut self, _: &E) {}", "`#[applies]` takes the type of an event");
    one("#[applies(E)] fn e(self, _: &E) {}", "an `applies` method borrows the aggregate");
    one("#[applies(E)] fn e(_: &E) {}", "an `applies` method has a receiver");
    one("#[applies(E)] fn e(&mut self) {}", "an `applies` method takes its event: add `event: &E`");
    one("#[applies(E)] fn e(&mut self, _: E) {}", "an `applies` method borrows its event: take `&E`");
    one("#[applies(E)] fn e(&mut self, _: &mut E) {}", "an event is a fact");
    one("#[applies(E)] fn e(&mut self, _: &Event<E>) {}", "an aggregate applies an event before it is stored");
    one("#[applies(E)] fn e(&mut self, _: &E, _: &Metadata) {}", "an aggregate applies an event by the event alone");
    one("#[applies(E)] async fn e(&mut self, _: &E) {}", "an aggregate applies an event at once");
    one("#[applies(E)] fn e(&mut self, _: &E) -> Result<(), X> {}", "what happened cannot be refused");
    one("#[applies(E)] fn e<T>(&mut self, _: &E) {}", "an `applies` method cannot be generic");
    one("#[applies(E)] unsafe fn e(&mut self, _: &E) {}", "an `applies` method cannot be `unsafe`");
    one("#[handles(E)] fn e(&mut self, _: &E) {}", "`#[handles]` belongs into an impl block marked `#[projection]`");
    one("#[applies(E)] const E: u8 = 1;", "`#[applies]` goes on a method");
    one("applies! { E }", "`#[aggregate]` does not see into a macro call");
    one(
        "#[cfg_attr(a, applies(E))] fn e(&mut self, _: &E) {}",
        "`#[aggregate]` does not see the mark `applies` inside",
    );
}

#[test]
fn a_broken_aggregate_is_one_all_the_same() {
    let (Ok(options), Ok(item)) =
        ("nmae = \"x\"".parse(), "impl A { #[applies(E)] fn e(&mut self, _: &E) { x. } }".parse())
    else {
        return;
    };
    let text = aggregate(options, item).to_string().replace(char::is_whitespace, "");
    for part in ["AggregateforA", "Applies<E>forA", "{x.}", "compile_error!"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("#[applies"), "{text}");
}
