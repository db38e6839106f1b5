//! `#[derive(ColumnType)]`: an enum as a column of texts.

mod expand;
mod parse;
mod style;

use proc_macro2::TokenStream;
use syn::{DeriveInput, Generics, Ident};

use crate::errors::Errors;

/// The model of an enum.
struct Enumeration {
    /// The path to the runtime crate.
    library: TokenStream,
    /// The type.
    ident: Ident,
    /// Its generics. They have no parameters.
    generics: Generics,
    /// Its variants, each with its stored name.
    variants: Vec<(Ident, String)>,
}

/// Expands the derive.
pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let mut output = match syn::parse2::<DeriveInput>(input) {
        Ok(input) => parse::parse(input, &mut errors).as_ref().map(expand::expand).unwrap_or_default(),
        Err(error) => {
            errors.add(error);
            TokenStream::new()
        }
    };
    output.extend(errors.into_tokens());
    output
}

#[cfg(test)]
mod tests;
