//! The names that mean something inside of the impl block only.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{GenericParam, Generics};

/// The names that mean something inside of the impl block only: its type and const parameters, and `Self`.
pub(crate) struct Scope {
    names: Vec<String>,
}

impl Scope {
    /// The names that an impl block with these generics has.
    pub(crate) fn of(generics: &Generics) -> Self {
        let parameters = generics.params.iter().filter_map(|parameter| match parameter {
            GenericParam::Type(ty) => Some(ty.ident.to_string()),
            GenericParam::Const(constant) => Some(constant.ident.to_string()),
            GenericParam::Lifetime(_) => None,
        });
        Self { names: parameters.chain(["Self".to_owned()]).collect() }
    }

    /// The first of the names in `tokens`.
    pub(crate) fn used_in(&self, tokens: impl ToTokens) -> Option<Ident> {
        find_ident(tokens.to_token_stream(), &|ident| self.names.iter().any(|name| ident == name))
    }
}

/// The first identifier in `tokens`, however deep, that is `wanted`.
pub(crate) fn find_ident(tokens: TokenStream, wanted: &dyn Fn(&Ident) -> bool) -> Option<Ident> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(ident) => wanted(&ident).then_some(ident),
        TokenTree::Group(group) => find_ident(group.stream(), wanted),
        _ => None,
    })
}

/// The first lifetime in `tokens`, however deep, other than `'static`.
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
