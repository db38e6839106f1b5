//! Shows the user's code in messages.

use quote::ToTokens;
use syn::Type;
use syn::ext::IdentExt;

use crate::types::plain;

/// Formats `tokens` for a message.
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

/// Returns the path of the type `ty` inside its module, for example `::Order`, without generic arguments.
pub(crate) fn rust_type(ty: &Type) -> String {
    match plain(ty) {
        Type::Path(path) => path.path.segments.iter().map(|segment| format!("::{}", segment.ident.unraw())).collect(),
        other => format!("::{}", shown(other)),
    }
}
