//! Rules for all macros.

use proc_macro2::TokenStream;

#[test]
fn no_macro_panics() {
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
