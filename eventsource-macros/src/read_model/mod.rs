//! `#[derive(ReadModel)]`.

mod expand;
mod identifier;
mod model;
mod parse;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use crate::errors::Errors;

/// Expands the derive.
pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let mut output = match syn::parse2::<DeriveInput>(input) {
        Ok(input) => parse::parse(input, &mut errors).map(|model| expand::expand(&model)).unwrap_or_default(),
        Err(error) => error.into_compile_error(),
    };
    output.extend(errors.into_tokens());
    output
}

#[cfg(test)]
mod tests;
