//! The errors of one macro call, collected so that all of them are reported at once.

use std::fmt::Display;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// The errors of one macro call. Each is at a token of the user.
#[derive(Clone, Default)]
pub(crate) struct Errors {
    all: Option<syn::Error>,
}

impl Errors {
    /// Adds an error at `tokens`.
    pub(crate) fn push(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.add(syn::Error::new_spanned(tokens, message));
    }

    /// Adds an error at `span`.
    pub(crate) fn at(&mut self, span: Span, message: impl Display) {
        self.add(syn::Error::new(span, message));
    }

    /// Adds an error of syn.
    pub(crate) fn add(&mut self, error: syn::Error) {
        match &mut self.all {
            Some(all) => all.combine(error),
            None => self.all = Some(error),
        }
    }

    /// Adds all errors of `others`.
    pub(crate) fn append(&mut self, others: Self) {
        others.all.into_iter().for_each(|error| self.add(error));
    }

    /// Whether there is no error.
    pub(crate) const fn is_empty(&self) -> bool {
        self.all.is_none()
    }

    /// Returns the errors as `compile_error!` items.
    pub(crate) fn into_tokens(self) -> TokenStream {
        self.all.map(syn::Error::into_compile_error).unwrap_or_default()
    }

    /// Returns the texts, for tests.
    #[cfg(test)]
    pub(crate) fn texts(self) -> Vec<String> {
        self.all.into_iter().flatten().map(|error| error.to_string()).collect()
    }
}
