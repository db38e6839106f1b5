//! Every message of the macros, and every one of the runtime crate that a compiler shows, is seen in some case.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The files in `folder`, however deep, with this ending.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let here = files.into_iter().filter(|path| path.to_string_lossy().ends_with(ending));
    here.chain(folders.iter().flat_map(|folder| self::files(folder, ending))).collect()
}

/// The literals in `tokens` that read like a sentence, without those in tests and in documentation.
fn sentences(tokens: TokenStream, found: &mut Vec<String>) {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        at += 1;
        match token {
            TokenTree::Punct(hash) if hash.as_char() == '#' => {
                if matches!(tokens.get(at), Some(TokenTree::Punct(bang)) if bang.as_char() == '!') {
                    at += 1;
                }
                let Some(TokenTree::Group(group)) = tokens.get(at) else { continue };
                let text = group.to_string();
                if text.replace(' ', "") == "[cfg(test)]" {
                    // The item below it, up to its braces or its semicolon.
                    let is_end = |token: &TokenTree| match token {
                        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
                        TokenTree::Punct(punct) => punct.as_char() == ';',
                        _ => false,
                    };
                    let length = tokens[at..].iter().position(is_end).unwrap_or_default();
                    at += length + 1;
                } else if text.replace(' ', "").starts_with("[diagnostic::on_unimplemented") {
                    sentences(group.stream(), found);
                    at += 1;
                } else {
                    at += 1;
                }
            }
            TokenTree::Group(group) => sentences(group.stream(), found),
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                // The documentation of a column is not said to anybody who is wrong.
                if text.starts_with('"') && text.matches(' ').count() >= 4 && !text.starts_with("\"The column") {
                    found.push(text[1..text.len() - 1].to_owned());
                }
            }
            _ => {}
        }
    }
}

/// What the traits in `tokens` say where a type does not implement them.
fn diagnostics(tokens: TokenStream, found: &mut Vec<String>) {
    let groups = tokens.into_iter().filter_map(|token| match token {
        TokenTree::Group(group) => Some(group),
        _ => None,
    });
    for group in groups {
        let is_one = group.delimiter() == Delimiter::Bracket
            && group.to_string().replace(' ', "").starts_with("[diagnostic::on_unimplemented");
        if is_one { sentences(group.stream(), found) } else { diagnostics(group.stream(), found) }
    }
}

/// The pieces of a literal between its placeholders, as the compiler prints them.
fn pieces(literal: &str) -> Vec<String> {
    let mut text = String::new();
    let mut chars = literal.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                // A line that goes on.
                Some('\n') => while chars.next_if(|c| c.is_whitespace()).is_some() {},
                Some('n') => text.push('\n'),
                Some(other) => text.push(other),
                None => {}
            },
            '{' if chars.peek() == Some(&'{') => text.push(chars.next().unwrap_or_default()),
            '}' if chars.peek() == Some(&'}') => text.push(chars.next().unwrap_or_default()),
            '{' => {
                while chars.next().is_some_and(|c| c != '}') {}
                text.push('\0');
            }
            c => text.push(c),
        }
    }
    text.split(['\0', '\n']).map(str::trim).filter(|piece| piece.len() > 3).map(str::to_owned).collect()
}

#[test]
fn every_message_is_seen_in_some_case() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let said: Vec<_> = files(&here.join("fail"), ".stderr")
        .into_iter()
        .map(|path| fs::read_to_string(path).expect("a text"))
        .collect();
    let macros = files(&here.join("../../eventsource-macros/src"), ".rs");
    let runtime = files(&here.join("../../eventsource/src"), ".rs");
    let mut messages = Vec::new();
    for path in macros.into_iter().chain(runtime).filter(|path| !path.ends_with("tests.rs")) {
        // Elsewhere in the runtime crate, only traits speak through the compiler.
        let is_checked = path.starts_with(here.join("../../eventsource-macros"))
            || path.components().any(|part| part.as_os_str() == "__private");
        // What documentation and tests say is no message.
        if ["docs.rs", "lib.rs", "anonymous.rs", "snapshots.rs"].iter().any(|name| path.ends_with(name)) {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a source file");
        let mut found = Vec::new();
        let read = if is_checked { sentences } else { diagnostics };
        read(text.parse().expect("Rust"), &mut found);
        messages.extend(found.into_iter().map(|message| (path.clone(), message)));
    }
    assert!(messages.len() > 80, "{}", messages.len());
    let unseen: Vec<_> = messages
        .iter()
        .filter(|(_, message)| {
            let pieces = pieces(message);
            !said.iter().any(|text| text.lines().any(|line| pieces.iter().all(|piece| line.contains(piece.as_str()))))
        })
        .map(|(path, message)| format!("{}: {message}", path.display()))
        .collect();
    assert!(
        unseen.is_empty(),
        "{} of {} messages are in no case:\n{}",
        unseen.len(),
        messages.len(),
        unseen.join("\n")
    );
}
