//! The model of an event.

use proc_macro2::TokenStream;
use syn::{Generics, Ident, Type};

/// The model of an event.
pub(super) struct Event {
    /// The path to the runtime crate.
    pub(super) library: TokenStream,
    /// The type.
    pub(super) ident: Ident,
    /// Its generics. They have no parameters, unless the event is broken.
    pub(super) generics: Generics,
    /// The stored name.
    pub(super) name: String,
    /// The schema version.
    pub(super) version: u32,
    /// The names under which it was stored before.
    pub(super) aliases: Vec<String>,
    /// The number of versions, from 1 on, of which nothing is stored.
    pub(super) before: u32,
    /// The older versions after these.
    pub(super) older: Vec<Older>,
    /// The type of the aggregate that emits it.
    pub(super) aggregate: String,
    /// Whether it has an error. Its traits are implemented nevertheless, so that no other error follows, but it is not
    /// registered.
    pub(super) broken: bool,
}

/// An older version of an event.
pub(super) enum Older {
    /// It had this type.
    Type(Box<Type>),
    /// It decodes like the event.
    Same,
    /// No event of it is stored.
    Unused,
}
