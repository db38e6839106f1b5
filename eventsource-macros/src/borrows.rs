//! Finds stored types that borrow: a row or an event is read back from the store, and has nothing to borrow from.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Data, DeriveInput, Field, GenericParam, Ident, Type};

use crate::block::scope::find_lifetime;
use crate::errors::Errors;
use crate::text::shown;

/// Reports a `field` of the struct `input` that borrows. `reason` says why it cannot.
pub(crate) fn check(field: &Field, input: &DeriveInput, reason: &str, errors: &mut Errors) {
    let Some(owned) = owned(&field.ty) else { return };
    let generics = &input.generics.params;
    let without = if has_only_lifetimes(input) {
        format!(", and `{}` without `<{}>`", input.ident, shown(generics))
    } else {
        String::new()
    };
    errors.push(&field.ty, format_args!("{reason}: write `{owned}`{without}"));
}

/// Returns the generics of `input`, if they are an error of their own. Lifetimes are not, if a field that borrows is
/// reported.
pub(crate) fn unexplained_generics(input: &DeriveInput) -> Option<TokenStream> {
    let fields = match &input.data {
        Data::Struct(data) => data.fields.iter().collect(),
        _ => Vec::new(),
    };
    let explained = has_only_lifetimes(input) && fields.into_iter().any(|field| owned(&field.ty).is_some());
    (!input.generics.params.is_empty() && !explained).then(|| input.generics.params.to_token_stream())
}

fn has_only_lifetimes(input: &DeriveInput) -> bool {
    let mut parameters = input.generics.params.iter().peekable();
    parameters.peek().is_some() && parameters.all(|parameter| matches!(parameter, GenericParam::Lifetime(_)))
}

/// Returns the owned form of `ty`, if `ty` borrows.
pub(crate) fn owned(ty: &Type) -> Option<String> {
    let mut text = shown(ty);
    if !text.contains('&') && find_lifetime(ty.to_token_stream()).is_none() {
        return None;
    }
    while let Some(at) = text.find('&') {
        let rest = text[at + 1..].trim_start();
        // Skip the lifetime and the space after it.
        let rest = rest.strip_prefix('\'').and_then(|named| named.split_once(' ')).map_or(rest, |(_, rest)| rest);
        let rest = unsized_as_owned(rest.strip_prefix("mut ").unwrap_or(rest));
        text.replace_range(at.., &rest);
    }
    while let Some(lifetime) = find_named_lifetime(&text) {
        for removed in [format!("{lifetime}, "), format!("<{lifetime}>"), lifetime] {
            text = text.replace(&removed, "");
        }
    }
    while let Some((before, after)) = text.split_once("Cow<") {
        let path = before.trim_end_matches(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
        let inner = unsized_as_owned(after);
        let Some((inner, rest)) = closed(&inner) else { break };
        text = format!("{path}{inner}{rest}");
    }
    Some(text)
}

/// Returns `text`, which begins with a type, with a `str` or a slice replaced by its owned form.
fn unsized_as_owned(text: &str) -> String {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    match text.strip_prefix("str") {
        Some(after) if !after.starts_with(is_word) => format!("String{after}"),
        _ => match text.strip_prefix('[').and_then(|slice| slice.split_once(']')) {
            Some((element, after)) if !element.contains(';') => format!("Vec<{element}>{after}"),
            _ => text.to_owned(),
        },
    }
}

/// Splits `text` at the closing angle bracket.
fn closed(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0;
    let end = text.char_indices().find_map(|(at, c)| {
        match c {
            '<' => depth += 1,
            '>' if depth == 0 => return Some(at),
            '>' => depth -= 1,
            _ => {}
        }
        None
    })?;
    Some((&text[..end], &text[end + 1..]))
}

/// Returns the first lifetime in `text` that is not `'static`.
fn find_named_lifetime(text: &str) -> Option<String> {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('\'') {
        let end = after.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(after.len());
        let name = &after[..end];
        if syn::parse_str::<Ident>(name).is_ok_and(|name| name != "static") || name == "_" {
            return Some(format!("'{name}"));
        }
        rest = after;
    }
    None
}

/// Returns `ty` without `Rc`, if it has one: a row moves between threads, and an `Rc` cannot.
pub(crate) fn without_rc(ty: &Type) -> Option<String> {
    let mut text = shown(ty);
    let mut found = false;
    while let Some(at) = find_rc(&text) {
        let inner = unsized_as_owned(&text[at + "Rc<".len()..]);
        let (inner, rest) = closed(&inner)?;
        let path = text[..at].trim_end_matches("rc::").trim_end_matches("std::").trim_end_matches("::");
        (text, found) = (format!("{path}{inner}{rest}"), true);
    }
    found.then_some(text)
}

fn find_rc(text: &str) -> Option<usize> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices("Rc<").map(|(at, _)| at).find(|at| !text[..*at].ends_with(is_word))
}

#[cfg(test)]
mod tests {
    use super::{owned, without_rc};

    #[test]
    fn borrowed_types_are_shown_as_owned_types() {
        let owned = |ty: &str| syn::parse_str(ty).ok().and_then(|ty: syn::Type| owned(&ty));
        for (borrowed, owns) in [
            ("&'static str", "String"),
            ("&str", "String"),
            ("Option<&'a str>", "Option<String>"),
            ("&mut Vec<&'static strange>", "Vec<strange>"),
            ("&'a [u8]", "Vec<u8>"),
            ("(u8, &'static [u8; 4])", "(u8, [u8; 4])"),
            ("Cow<'a, str>", "String"),
            ("Vec<std::borrow::Cow<'a, [u8]>>", "Vec<Vec<u8>>"),
            ("Cow<'a, Vec<T>>", "Vec<T>"),
            ("Name<'a>", "Name"),
            ("Name<'a, T>", "Name<T>"),
        ] {
            assert_eq!(owned(borrowed).as_deref(), Some(owns), "{borrowed}");
        }
        assert_eq!(owned("Cow<'static, str>"), None);
    }

    #[test]
    fn an_rc_is_shown_as_what_it_holds() {
        let without = |ty: &str| syn::parse_str(ty).ok().and_then(|ty: syn::Type| without_rc(&ty));
        for (shared, owns) in [
            ("Rc<str>", "String"),
            ("Vec<Rc<str>>", "Vec<String>"),
            ("std::rc::Rc<Rc<[u8]>>", "Vec<u8>"),
            ("Option<rc::Rc<Vec<u8>>>", "Option<Vec<u8>>"),
        ] {
            assert_eq!(without(shared).as_deref(), Some(owns), "{shared}");
        }
        assert_eq!(without("Arc<str>"), None);
        assert_eq!(without("Src<u8>"), None);
    }
}
