//! `#[derive(DomainEvent)]`.

mod docs;
mod expand;
mod model;
mod parse;
mod versions;

use proc_macro2::TokenStream;
use syn::{Data, DeriveInput};

use crate::errors::Errors;

/// The derive's output for `input`.
pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let mut output = match syn::parse2::<DeriveInput>(input) {
        Ok(input) => {
            let is_union = matches!(input.data, Data::Union(_));
            let event = parse::parse(input, &mut errors);
            // Serde knows no unions, so it could not be an event in any case.
            if is_union { TokenStream::new() } else { expand::expand(&event) }
        }
        Err(error) => error.into_compile_error(),
    };
    output.extend(errors.into_tokens());
    output
}

#[cfg(test)]
mod tests;
