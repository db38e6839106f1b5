//! The spans of generated tokens: located at the user's token, but with names resolved at the call site.
//!
//! With the location of the user's token, an error in generated code is shown there. With its hygiene too, the code
//! would break if the token comes from a user's `macro_rules!`, and lints would treat it as the user's code.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::ToTokens;

/// Returns the location of `span`, with names resolved at the call site.
pub(crate) fn located(span: Span) -> Span {
    span.resolved_at(Span::call_site())
}

/// Moves a generated path to the location of `span`. The resolution of its names does not change, because a part of the
/// path may come from the user.
pub(crate) fn moved(tokens: &TokenStream, span: Span) -> TokenStream {
    let relocated = |mut token: TokenTree| {
        if let TokenTree::Group(group) = &token {
            token = Group::new(group.delimiter(), moved(&group.stream(), span)).into();
        }
        token.set_span(span.resolved_at(token.span()));
        token
    };
    tokens.clone().into_iter().map(relocated).collect()
}

/// Returns the locations of the first and the last token. The compiler underlines the whole of an expression whose
/// first and last tokens are there.
pub(crate) fn ends(tokens: impl ToTokens) -> (Span, Span) {
    let tokens: TokenStream = tokens.into_token_stream();
    let mut iter = tokens.into_iter().map(|token| token.span());
    let first = iter.next().unwrap_or_else(Span::call_site);
    let last = iter.last().unwrap_or(first);
    (located(first), located(last))
}
