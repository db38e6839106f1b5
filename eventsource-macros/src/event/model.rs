//! What the derive knows of an event.

use proc_macro2::TokenStream;
use syn::{Generics, Ident, Type};

/// What the derive knows of an event.
pub(super) struct Event {
    /// The path to the runtime crate.
    pub(super) library: TokenStream,
    /// The type.
    pub(super) ident: Ident,
    /// Its generics: without parameters, unless the event is broken.
    pub(super) generics: Generics,
    /// The stored name.
    pub(super) name: String,
    /// The schema version.
    pub(super) version: u32,
    /// The names under which it was stored before.
    pub(super) aliases: Vec<String>,
    /// How many versions, from 1 on, nothing is stored of.
    pub(super) before: u32,
    /// What is known of the older versions after these.
    pub(super) older: Vec<Older>,
    /// The type of the aggregate that emits it.
    pub(super) aggregate: String,
    /// Whether something is wrong with it: its traits are implemented all the same, so that the mistake is the only
    /// error, but it is not registered.
    pub(super) broken: bool,
}

/// What is known of an older version of an event.
pub(super) enum Older {
    /// It had this type.
    Type(Box<Type>),
    /// It decodes as the event does.
    Same,
    /// No event of it is stored.
    Unused,
}
