//! What `#[aggregate]` knows of an aggregate.

use proc_macro2::TokenStream;
use syn::{Attribute, Generics, Ident, Type};

/// What `#[aggregate]` knows of an aggregate.
pub(super) struct Aggregate {
    /// The path to the runtime crate.
    pub(super) library: TokenStream,
    /// The type.
    pub(super) ty: Type,
    /// The generics of its impl block: type parameters, unless the aggregate is broken.
    pub(super) generics: Generics,
    /// The type under which its streams are stored.
    pub(super) name: String,
    /// Its methods for events, as written.
    pub(super) appliers: Vec<Applier>,
    /// Whether something is wrong with it: its traits are implemented all the same, so that the mistake is the only
    /// error, but they do nothing.
    pub(super) broken: bool,
}

/// A method that applies an event.
pub(super) struct Applier {
    /// The event's type, as it stands in `#[applies(…)]`.
    pub(super) event: Type,
    /// The type of the event's parameter.
    pub(super) parameter: Type,
    /// The method.
    pub(super) method: Ident,
    /// Its `cfg` attributes: they go to all that is generated from it.
    pub(super) cfgs: Vec<Attribute>,
}
