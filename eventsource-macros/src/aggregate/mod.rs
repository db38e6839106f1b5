//! `#[aggregate]`, and the mark `#[applies]` inside its impl block.

mod expand;
mod model;
mod parse;

use proc_macro2::TokenStream;

use crate::block::Block;
use crate::block::marker::Outer;
use crate::errors::Errors;

/// Expands `#[aggregate(options)] item` to the item without its marks, the traits, and the errors.
pub(crate) fn aggregate(options: TokenStream, item: TokenStream) -> TokenStream {
    Block::expand(item, Outer::Aggregate, |block: &mut Block, errors: &mut Errors| {
        parse::parse(options, block, errors).as_ref().map(expand::expand)
    })
}

#[cfg(test)]
mod tests;
