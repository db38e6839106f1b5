//! `#[projection]`, with the marks `#[handles]` and `#[truncate]` inside of its impl block.

mod block;
mod call;
mod expand;
mod kind;
mod method;
mod model;
mod parameter;
mod parse;
mod read_models;
mod scope;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

use self::block::Block;
use crate::errors::Errors;
use crate::marker::strip;

/// The output for `#[projection(options)] item`: the item without its marks, the traits, and the mistakes.
pub(crate) fn projection(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let mut output = match Block::read(item.clone()) {
        Some(Ok(mut block)) => {
            let projection = parse::parse(options, &mut block, &mut errors);
            let mut output = block.into_token_stream();
            output.extend(projection.as_ref().map(expand::expand));
            output
        }
        Some(Err(error)) => {
            errors.add(error);
            strip(item)
        }
        None => {
            let message =
                "`#[projection]` goes on the impl block that has the handlers: `#[projection] impl MyType { … }`";
            errors.at(Span::call_site(), message);
            strip(item)
        }
    };
    output.extend(errors.into_tokens());
    output
}

#[cfg(test)]
mod tests;
