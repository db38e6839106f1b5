//! How messages show the user's code.

use quote::ToTokens;
use syn::Type;
use syn::ext::IdentExt;

use crate::block::parameter::plain;

/// `tokens` as one would write them, near enough for a message.
pub(crate) fn shown(tokens: impl ToTokens) -> String {
    let mut text = tokens.to_token_stream().to_string();
    for (spaced, plain) in [
        (" :: ", "::"),
        (" : ", ": "),
        (":: ", "::"),
        (" < ", "<"),
        (" >", ">"),
        ("& ", "&"),
        (" ,", ","),
        (" ;", ";"),
        ("' ", "'"),
    ] {
        text = text.replace(spaced, plain);
    }
    text
}

/// `ty` as one that owns what it holds, where it borrows.
pub(crate) fn owned(ty: &Type) -> Option<String> {
    let mut text = shown(ty);
    if !text.contains('&') {
        return None;
    }
    while let Some(at) = text.find('&') {
        let rest = text[at + 1..].trim_start();
        // The lifetime, up to the space behind it.
        let rest = rest.strip_prefix('\'').and_then(|named| named.split_once(' ')).map_or(rest, |(_, rest)| rest);
        let rest = rest.strip_prefix("mut ").unwrap_or(rest);
        let rest = match rest.strip_prefix("str") {
            Some(after) if !after.starts_with(|c: char| c.is_alphanumeric() || c == '_') => format!("String{after}"),
            _ => match rest.strip_prefix('[').and_then(|slice| slice.split_once(']')) {
                Some((element, after)) if !element.contains(';') => format!("Vec<{element}>{after}"),
                _ => rest.to_owned(),
            },
        };
        text.replace_range(at.., &rest);
    }
    Some(text)
}

/// The path of the type `ty` inside of its module, as `::Order`, without generic arguments.
pub(crate) fn rust_type(ty: &Type) -> String {
    match plain(ty) {
        Type::Path(path) => path.path.segments.iter().map(|segment| format!("::{}", segment.ident.unraw())).collect(),
        other => format!("::{}", shown(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::owned;

    #[test]
    fn what_borrows_is_shown_as_what_owns() {
        let owned = |ty: &str| syn::parse_str(ty).ok().and_then(|ty: syn::Type| owned(&ty));
        for (borrowed, owns) in [
            ("&'static str", "String"),
            ("&str", "String"),
            ("Option<&'a str>", "Option<String>"),
            ("&mut Vec<&'static strange>", "Vec<strange>"),
            ("&'a [u8]", "Vec<u8>"),
            ("(u8, &'static [u8; 4])", "(u8, [u8; 4])"),
        ] {
            assert_eq!(owned(borrowed).as_deref(), Some(owns), "{borrowed}");
        }
        assert_eq!(owned("Cow<'static, str>"), None);
    }
}
