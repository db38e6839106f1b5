//! The paths that tokens contain. Text, comments and doc comments contain none.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A path, as it is written.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    pub(crate) segments: Vec<String>,
    /// The name that a `use` gives it.
    pub(crate) name: Name,
    pub(crate) line: usize,
}

/// The name that a `use` gives to what it imports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Name {
    /// `use a::b;` or `use a::c as b;`
    Own(String),
    /// `use a::*;`
    Glob,
}

/// Returns the paths of a `use`, from the tokens after this word.
pub(crate) fn of_use(tree: TokenStream) -> Vec<Named> {
    let mut found = Vec::new();
    read_tree(&mut tree.into_iter().collect::<Vec<_>>().as_slice(), &[], &mut found);
    found
}

/// Returns the paths that begin with `crate`, `super` or `self`, in code that is not only for tests.
pub(crate) fn in_code(tokens: TokenStream) -> Vec<Named> {
    let mut found = Vec::new();
    scan(&tokens.into_iter().collect::<Vec<_>>(), &mut found);
    found
}

/// Whether the tokens of an attribute are `cfg(test)`, or a `cfg` that requires `test`.
pub(crate) fn is_test_cfg(attribute: TokenStream) -> bool {
    let text = attribute.to_string().replace(' ', "");
    text == "cfg(test)" || text.starts_with("cfg(all(test,")
}

fn scan(mut tokens: &[TokenTree], found: &mut Vec<Named>) {
    while let Some((first, rest)) = tokens.split_first() {
        match (first, rest) {
            (TokenTree::Punct(hash), [TokenTree::Group(attribute), after @ ..])
                if hash.as_char() == '#' && is_test_cfg(attribute.stream()) =>
            {
                tokens = after_item(after);
            }
            (TokenTree::Ident(start), _) if is_start(&start.to_string()) && is_separator(rest) => {
                read_tree(&mut tokens, &[], found);
            }
            (TokenTree::Group(group), _) => {
                scan(&group.stream().into_iter().collect::<Vec<_>>(), found);
                tokens = rest;
            }
            _ => tokens = rest,
        }
    }
}

/// Skips an item, which ends with a semicolon or with braces.
fn after_item(tokens: &[TokenTree]) -> &[TokenTree] {
    let end = tokens.iter().position(|token| match token {
        TokenTree::Punct(punct) => matches!(punct.as_char(), ';' | ','),
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        _ => false,
    });
    end.map_or(&[], |end| &tokens[end + 1..])
}

fn is_start(word: &str) -> bool {
    ["crate", "super", "self"].contains(&word)
}

/// Whether `::` comes next.
fn is_separator(tokens: &[TokenTree]) -> bool {
    matches!(tokens, [TokenTree::Punct(a), TokenTree::Punct(b), ..] if a.as_char() == ':' && b.as_char() == ':')
}

/// Reads the path at the beginning of `tokens`, or all paths of a tree with braces.
fn read_tree(tokens: &mut &[TokenTree], prefix: &[String], found: &mut Vec<Named>) {
    let mut segments = prefix.to_vec();
    let mut line = 0;
    loop {
        match tokens.split_first() {
            Some((TokenTree::Ident(word), rest)) => {
                line = word.span().start().line;
                segments.push(word.to_string());
                *tokens = rest;
            }
            Some((TokenTree::Group(group), rest)) if group.delimiter() == Delimiter::Brace => {
                *tokens = rest;
                let inner: Vec<_> = group.stream().into_iter().collect();
                for part in inner.split(|token| matches!(token, TokenTree::Punct(comma) if comma.as_char() == ',')) {
                    read_tree(&mut { part }, &segments, found);
                }
                return;
            }
            Some((TokenTree::Punct(star), rest)) if star.as_char() == '*' => {
                let line = star.span().start().line;
                *tokens = rest;
                found.push(Named { segments, name: Name::Glob, line });
                return;
            }
            _ => break,
        }
        if !is_separator(tokens) {
            break;
        }
        *tokens = &tokens[2..];
    }
    // `use a::{self}` imports `a`.
    if segments.len() > 1 && segments.last().is_some_and(|last| last == "self") {
        segments.pop();
    }
    let Some(mut name) = segments.last().cloned() else { return };
    if let [TokenTree::Ident(word), TokenTree::Ident(alias), ..] = tokens
        && word == "as"
    {
        name = alias.to_string();
        *tokens = &tokens[2..];
    }
    found.push(Named { segments, name: Name::Own(name), line });
}
