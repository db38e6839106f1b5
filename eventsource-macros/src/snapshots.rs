//! Compares the expansions of some inputs with `expand/*.expanded`, and checks their size.
//!
//! `EXPAND=overwrite cargo test -p eventsource-macros` records them again: read the difference.

use std::fs;
use std::path::Path;

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// Reads the options of an input (its first line, after `//`), and its tokens.
fn read(name: &str) -> (TokenStream, TokenStream) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("expand").join(name).with_extension("rs");
    let text = fs::read_to_string(path).unwrap();
    let options = text.lines().next().and_then(|line| line.strip_prefix("// ")).unwrap_or_default();
    (options.parse().unwrap(), text.parse().unwrap())
}

/// Writes `tokens`, with a line for each statement, item and field.
fn write(tokens: TokenStream, indent: usize, text: &mut String) {
    let new_line = |text: &mut String, indent: usize| {
        text.truncate(text.trim_end().len());
        text.push('\n');
        text.push_str(&"    ".repeat(indent));
    };
    let mut tight = false;
    for token in tokens {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                text.push_str(" {");
                new_line(text, indent + 1);
                write(group.stream(), indent + 1, text);
                new_line(text, indent);
                text.push('}');
                new_line(text, indent);
                continue;
            }
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    _ => ("", ""),
                };
                text.push_str(open);
                write(group.stream(), indent, text);
                text.truncate(text.trim_end().len());
                text.push_str(close);
                if close == "]" && text.contains('#') {
                    text.push(' ');
                }
            }
            TokenTree::Punct(punct) => {
                let (c, joint) = (punct.as_char(), punct.spacing() == Spacing::Joint);
                let arrow = c == '>' && text.ends_with(['=', '-']);
                if "=+|".contains(c) && !text.ends_with([' ', '\n', '|']) {
                    text.push(' ');
                }
                text.push(c);
                tight = "&:.<#!'*-".contains(c);
                if c == ';' {
                    new_line(text, indent);
                } else if arrow || (",=".contains(c) && !joint) {
                    text.push(' ');
                }
                continue;
            }
            word => {
                if text.ends_with(|last: char| last.is_alphanumeric() || "_\")]}".contains(last)) && !tight {
                    text.push(' ');
                }
                text.push_str(&word.to_string());
            }
        }
        tight = false;
    }
}

fn count(tokens: TokenStream) -> usize {
    let size = |token| if let TokenTree::Group(group) = token { count(group.stream()) + 1 } else { 1 };
    tokens.into_iter().map(size).sum()
}

/// Compares the expansion with the recorded one. It may have `budget` tokens more than the input.
fn compare(name: &str, expand: impl Fn(TokenStream, TokenStream) -> TokenStream, budget: usize) {
    let (options, item) = read(name);
    let output = expand(options, item.clone());
    let mut text = String::new();
    write(output.clone(), 0, &mut text);
    let text: String = text.lines().map(|line| line.trim_end().to_owned() + "\n").collect();
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
    compare("projection_in_memory", crate::projection::projection, 815);
}

#[test]
fn a_projection_of_rows() {
    compare("projection_of_rows", crate::projection::projection, 1_045);
}

#[test]
fn a_projection_that_nothing_is_waited_for() {
    compare("projection_at_once", crate::projection::projection, 650);
}
