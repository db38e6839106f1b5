//! `#[derive(DomainEvent)]`.

mod docs;
mod expand;
mod model;
mod options;
mod parse;
mod versions;

use proc_macro2::TokenStream;
use syn::{Data, DeriveInput};

use crate::errors::Errors;

/// Expands the derive.
pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let mut output = match syn::parse2::<DeriveInput>(input) {
        Ok(input) => {
            let is_union = matches!(input.data, Data::Union(_));
            let event = parse::parse(input, &mut errors);
            // serde does not support unions.
            if is_union { TokenStream::new() } else { expand::expand(&event) }
        }
        Err(error) => error.into_compile_error(),
    };
    output.extend(errors.into_tokens());
    output
}

#[cfg(test)]
mod tests;
