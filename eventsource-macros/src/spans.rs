//! Where generated tokens stand: at the user's token, but with names resolved as ours.
//!
//! With the location of the user's token, an error in generated code is shown there. With its hygiene too, the code
//! would break as soon as that token comes out of a user's `macro_rules!`, and lints would take it for the user's.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::ToTokens;

/// The location of `span`, with names resolved as ours.
pub(crate) fn located(span: Span) -> Span {
    span.resolved_at(Span::call_site())
}

/// `tokens`, which are a path of ours, located at `span`. Their names stay resolved as they were: a path may come from
/// the user.
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

/// The locations of the first and of the last of `tokens`. An expression whose first and last tokens stand there is
/// underlined as a whole.
pub(crate) fn ends(tokens: impl ToTokens) -> (Span, Span) {
    let tokens: TokenStream = tokens.into_token_stream();
    let mut iter = tokens.into_iter().map(|token| token.span());
    let first = iter.next().unwrap_or_else(Span::call_site);
    let last = iter.last().unwrap_or(first);
    (located(first), located(last))
}
