//! The names that an impl block declares.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{GenericParam, Generics};

/// The names that an impl block declares: its type and const parameters, and `Self`.
pub(crate) struct Scope {
    names: Vec<String>,
}

impl Scope {
    /// Returns the names of an impl block with these generics.
    pub(crate) fn of(generics: &Generics) -> Self {
        let parameters = generics.params.iter().filter_map(|parameter| match parameter {
            GenericParam::Type(ty) => Some(ty.ident.to_string()),
            GenericParam::Const(constant) => Some(constant.ident.to_string()),
            GenericParam::Lifetime(_) => None,
        });
        Self { names: parameters.chain(["Self".to_owned()]).collect() }
    }

    /// Returns the first of the names that `tokens` uses.
    pub(crate) fn used_in(&self, tokens: impl ToTokens) -> Option<Ident> {
        find_ident(tokens.to_token_stream(), &|ident| self.names.iter().any(|name| ident == name))
    }
}

/// Returns the first `wanted` identifier in `tokens`, at any depth.
pub(crate) fn find_ident(tokens: TokenStream, wanted: &dyn Fn(&Ident) -> bool) -> Option<Ident> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(ident) => wanted(&ident).then_some(ident),
        TokenTree::Group(group) => find_ident(group.stream(), wanted),
        _ => None,
    })
}

/// Returns the first lifetime in `tokens` other than `'static`, at any depth.
pub(crate) fn find_lifetime(tokens: TokenStream) -> Option<Ident> {
    let mut after_quote = false;
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Punct(punct) => {
            after_quote = punct.as_char() == '\'';
            None
        }
        TokenTree::Ident(ident) => (std::mem::take(&mut after_quote) && ident != "static").then_some(ident),
        TokenTree::Group(group) => find_lifetime(group.stream()),
        TokenTree::Literal(_) => None,
    })
}
