//! `#[projection]`, and the marks `#[handles]` and `#[truncate]` inside its impl block.

mod bounds;
mod call;
mod checks;
mod describe;
mod docs;
mod exhaustive;
mod expand;
mod injected;
mod kind;
mod method;
mod model;
mod naming;
mod options;
mod parse;
mod read_models;
mod routing;

use proc_macro2::TokenStream;

use crate::block::Block;
use crate::block::marker::Outer;
use crate::errors::Errors;

/// Expands `#[projection(options)] item` to the item without its marks, the traits, and the errors.
pub(crate) fn projection(options: TokenStream, item: TokenStream) -> TokenStream {
    Block::expand(item, Outer::Projection, |block: &mut Block, errors: &mut Errors| {
        parse::parse(options, block, errors).as_ref().map(expand::expand)
    })
}

#[cfg(test)]
mod tests;
