//! The errors of `#[projection]`, and the user's code in its output.

use proc_macro2::Span;

use super::*;

/// Returns the output, without spaces.
fn output(options: &str, item: &str) -> String {
    let (Ok(options), Ok(item)) = (options.parse(), item.parse()) else { return String::new() };
    projection(options, item).to_string().replace(char::is_whitespace, "")
}

/// Returns the texts of the errors.
fn mistakes(options: &str, item: &str) -> Vec<String> {
    let mut errors = Errors::default();
    let (Ok(options), Ok(item)) = (options.parse(), item.parse::<TokenStream>()) else { return Vec::new() };
    match Block::read(item) {
        Some(Ok(mut block)) => drop(parse::parse(options, &mut block, &mut errors)),
        Some(Err(error)) => errors.add(error),
        None => errors.at(Span::call_site(), "no impl block"),
    }
    errors.texts()
}

/// Checks that a block with `methods` has exactly one error, which starts with `starts`.
fn one(methods: &str, starts: &str) {
    let said = mistakes("", &format!("impl P {{ {methods} }}"));
    assert!(said.len() == 1 && said[0].starts_with(starts), "{methods}\n{said:#?}");
}

#[test]
fn good_blocks() {
    for (options, item) in [
        ("", "impl P { #[handles(A)] fn a(&mut self, _: &A) {} }"),
        (
            "",
            "#[doc = \"x\"] impl P { #[handles(a::A)] pub(crate) async fn a(&self, e: &Event<a::A>, c: &mut C) -> R {} }",
        ),
        (
            "memory",
            "impl P { #[handles(A)] fn a<'a>(&'a self, _: &'a A) {} const fn b() {} type T = u8; const N: u8 = { 1 }; }",
        ),
        (
            "effects, name = \"p\"",
            "impl<T: X<u8>> P<T> where T: Y { #[eventsource::handles(A)] fn a(self: &Self, _: &A) {} }",
        ),
        (
            "crate = my::lib",
            "impl P { #[my::lib::handles(A)] fn a(&mut self, _: &A) {} #[my::lib::truncate] fn t(&mut self) {} }",
        ),
        (
            "",
            "impl P { #[cfg(a)] #[handles(A)] fn a(&mut self, _: &A) {} #[cfg(b)] #[handles(A)] fn a(&mut self, _: &A) {} }",
        ),
    ] {
        assert_eq!(mistakes(options, item), Vec::<String>::new(), "{item}");
    }
}

#[test]
fn mistakes_are_one_error_each() {
    one("", "this projection handles no event");
    one("#[truncate] fn t(&mut self) {}", "this projection handles no event");
    one("#[handles(A)] fn a(&self, _: &A) {}", "every handler of this projection takes `&self`");
    one("#[handles(A)] fn a(self, _: &A) {}", "a handler borrows the projection");
    one("#[handles(A)] fn a(_: &A) {}", "a handler has a receiver");
    one("#[handles(A)] fn a(&mut self) {}", "a handler takes its event: add `event: &A` or `event: &Event<A>`");
    one("#[handles(A)] fn a(&mut self, _: A) {}", "a handler borrows its event");
    one("#[handles(A)] fn a(&mut self, _: &mut A) {}", "an event is a fact");
    one("#[handles(A)] fn a(&mut self, _: &mut Event<A>) {}", "an event is a fact");
    one("#[handles(A)] fn a(&self, _: &mut C, _: &A) {}", "the event comes first");
    one("#[handles(A)] fn a(&mut self, _: &A, _: C) {}", "a handler asks by reference");
    one("#[handles(A)] fn a(&mut self, _: &A, _: &'static M) {}", "this is lent for the call only");
    one("#[handles(A)] fn a(&self, _: &A, _: &mut C<'_>) {}", "a handler cannot ask for a type that borrows");
    one("#[handles(A)] fn a(&self, _: &A, _: &mut C, _: &mut C) {}", "`C` is lent to this method already");
    one(
        "#[handles(A)] fn a(&mut self, _: &A, _: &mut C) {}",
        "`a` asks for `&mut C`, so this projection is transactional",
    );
    one("#[handles(A)] fn a<T>(&mut self, _: &A) {}", "a handler cannot be generic");
    one("#[handles(A)] fn a(&mut self, _: &impl X) {}", "a handler cannot be generic");
    one("#[handles(A)] fn a(&mut self, _: &A) -> BoxFuture<'_, ()> {}", "a handler does not return a future");
    one("#[handles(A)] #[truncate] fn a(&mut self, _: &A) {}", "a method is a handler or the truncate hook");
    one("#[handles(A, B)] fn a(&mut self, _: &A) {}", "a method handles one event");
    one("#[handles(Self::A)] fn a(&mut self, _: &A) {}", "the type of an event is fixed here");
    one("#[handles(_)] fn a(&mut self, _: &A) {}", "a handler names its event");
    one("#[handles] fn a(&mut self, _: &A) {}", "`#[handles]` needs the event");
    one("#[handles(A)] const A: u8 = 1;", "`#[handles]` goes on a method");
    one("handlers! { A }", "`#[projection]` does not see into a macro call");
    one(
        "#[cfg_attr(a, handles(A))] fn a(&mut self, _: &A) {}",
        "`#[projection]` does not see the mark `handles` inside",
    );
    one(
        "#[handles(A)] fn a(&mut self, _: &A) {} #[truncate] fn t(&mut self, _: &M) {}",
        "a truncate hook has no event",
    );
}

#[test]
fn kinds() {
    let kind = |options, methods| {
        let text = output(options, &format!("impl P {{ {methods} }}"));
        ["Transactional", "Memory", "Effects", "EffectsAtMostOnce"]
            .into_iter()
            .find(|kind| text.contains(&format!("ProjectionKind::{kind},")))
    };
    let lends = "#[handles(A)] fn a(&self, _: &A, _: &mut C) {}";
    let truncates = "#[handles(A)] fn a(&self, _: &A) {} #[truncate] fn t(&self, _: &mut C) {}";
    let changes = "#[handles(A)] fn a(&mut self, _: &A, _: &M) {} #[handles(B)] fn b(&self, _: &B) {}";
    let silent = "#[handles(A)] fn a(&self, _: &A, _: &M) {}";
    assert_eq!(kind("", lends), Some("Transactional"));
    assert_eq!(kind("", truncates), Some("Transactional"));
    assert_eq!(kind("", changes), Some("Memory"));
    assert_eq!(kind("memory", silent), Some("Memory"));
    assert_eq!(kind("effects", silent), Some("Effects"));
    assert_eq!(kind("effects", changes), Some("Effects"));
    assert_eq!(kind("effects, at_most_once", changes), Some("EffectsAtMostOnce"));
}

#[test]
fn the_users_code_is_kept_without_its_marks() {
    let body = "fn a(&mut self, _: &A) { let x = self.; }";
    let flat = body.replace(' ', "");
    for (options, item) in [
        ("", format!("impl P {{ #[handles(A)] {body} }}")),
        ("nonsense", format!("impl P {{ #[handles(A)] #[truncate] {body} }}")),
        ("", format!("impl X for P {{ #[handles(A)] {body} }}")),
        ("", format!("impl P {{ #[cfg_attr(x, handles(A))] {body} }}")),
        ("", format!("mod m {{ impl P {{ #[handles(A)] {body} }} }}")),
    ] {
        let text = output(options, &item);
        assert!(text.contains(&flat), "{text}");
        let text = text.split("::core::compile_error!").next().unwrap_or_default();
        assert!(!text.contains("#[handles") && !text.contains("#[truncate"), "{text}");
    }
}

#[test]
fn a_broken_projection_is_one_all_the_same() {
    let text = output("", "impl P { #[handles] fn a(&self) {} }");
    assert!(text.contains("SubscriberforP") && text.contains("EventSubscriber<__U>forP"), "{text}");
    assert!(text.contains("compile_error!"), "{text}");
}

/// Compile time grows with what is generated for each handler.
#[test]
fn a_handler_costs_few_tokens() {
    fn count(tokens: TokenStream) -> usize {
        let size = |token| if let proc_macro2::TokenTree::Group(group) = token { count(group.stream()) + 1 } else { 1 };
        tokens.into_iter().map(size).sum()
    }
    let size =
        |methods: &str| projection(TokenStream::new(), format!("impl P {{ {methods} }}").parse().unwrap_or_default());
    let (a, b) = (
        "#[handles(A)] async fn a(&self, _: &A, _: &mut C) {}",
        "#[handles(B)] async fn b(&self, _: &B, _: &mut C) {}",
    );
    let written = count(b.parse().unwrap_or_default());
    let grown = count(size(&format!("{a} {b}"))) - count(size(a)) - written;
    assert!(grown <= 160, "{grown}");
}
