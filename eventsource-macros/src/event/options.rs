//! The options of `#[event]`.

use syn::parse::{Parse, ParseStream};
use syn::{LitStr, Token, Type};

use crate::options::{Entry, Library, List, Version, options};

options! {
    /// The options of `#[event]`.
    pub(super) struct EventOptions {
        aggregate: LitStr => "aggregate = \"Order\"",
        name: LitStr => "name = \"order.placed\"",
        version: Version => "version = 2",
        from: List<OldVersion> => "from(OrderPlacedV1)",
        aliases: List<LitStr> => "aliases(\"OrderCreated\")",
        library: Library => "crate = my::reexport",
    }
}

/// An entry of `from`.
pub(super) enum OldVersion {
    /// `..`
    Rest(Token![..]),
    /// A version.
    Type(Box<Type>),
}

impl Parse for OldVersion {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        if input.peek(Token![..]) { input.parse().map(Self::Rest) } else { input.parse().map(Box::new).map(Self::Type) }
    }
}

impl Entry for OldVersion {
    const WHAT: &'static str = "types";
}
