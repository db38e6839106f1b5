//! Compares the expansions of some inputs with `expand/*.expanded`, and checks their size.
//!
//! `EXPAND=overwrite cargo test -p eventsource-macros` records them again, printed by `prettyplease`: read the difference.

use std::fs;
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};

/// Reads the options of an input (its first line, after `//`), and its tokens.
fn read(name: &str) -> (TokenStream, TokenStream) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("expand").join(name).with_extension("rs");
    let text = fs::read_to_string(path).unwrap();
    let options = text.lines().next().and_then(|line| line.strip_prefix("// ")).unwrap_or_default();
    (options.parse().unwrap(), text.parse().unwrap())
}

fn count(tokens: TokenStream) -> usize {
    let size = |token| if let TokenTree::Group(group) = token { count(group.stream()) + 1 } else { 1 };
    tokens.into_iter().map(size).sum()
}

/// Compares the expansion with the recorded one. It may have `budget` tokens more than the input.
fn compare(name: &str, expand: impl Fn(TokenStream, TokenStream) -> TokenStream, budget: usize) {
    let (options, item) = read(name);
    let output = expand(options, item.clone());
    let text = prettyplease::unparse(&syn::parse2(output.clone()).unwrap());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("expand").join(name).with_extension("expanded");
    if std::env::var("EXPAND").is_ok_and(|value| value == "overwrite") {
        fs::write(&path, &text).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    let differs = expected.lines().zip(text.lines()).find(|(expected, now)| expected != now);
    assert!(expected == text, "{name} expands to something else: {differs:?}");
    let grown = count(output).saturating_sub(count(item));
    assert!(grown <= budget, "{name} grew by {grown} tokens, and may by {budget}");
}

#[test]
fn an_event() {
    compare("event", |_, item| crate::event::derive(item), 250);
}

#[test]
fn an_event_with_versions() {
    compare("event_with_versions", |_, item| crate::event::derive(item), 510);
}

#[test]
fn an_aggregate() {
    compare("aggregate", crate::aggregate::aggregate, 530);
}

#[test]
fn a_projection_in_memory() {
    compare("projection_in_memory", crate::projection::projection, 825);
}

#[test]
fn a_projection_of_rows() {
    compare("projection_of_rows", crate::projection::projection, 1_045);
}

#[test]
fn a_projection_that_nothing_is_waited_for() {
    compare("projection_at_once", crate::projection::projection, 660);
}
