//! The model of an aggregate.

use proc_macro2::TokenStream;
use syn::{Attribute, Generics, Ident, Type};

/// An aggregate, as `#[aggregate]` has parsed it.
pub(super) struct Aggregate {
    /// The path to the runtime crate.
    pub(super) library: TokenStream,
    /// The type.
    pub(super) ty: Type,
    /// The generics of its impl block: type parameters, unless the aggregate is broken.
    pub(super) generics: Generics,
    /// The stored name of its type.
    pub(super) name: String,
    /// Its methods for events, as written.
    pub(super) appliers: Vec<Applier>,
    /// Whether it has an error. Its traits are implemented nevertheless, so that no other error follows, but they do
    /// nothing.
    pub(super) broken: bool,
}

/// A method that applies an event.
pub(super) struct Applier {
    /// The event's type, as written in `#[applies(…)]`.
    pub(super) event: Type,
    /// The type of the event's parameter.
    pub(super) parameter: Type,
    /// The method.
    pub(super) method: Ident,
    /// Its `cfg` attributes, which apply to everything that is generated from it.
    pub(super) cfgs: Vec<Attribute>,
}
