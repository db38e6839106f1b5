//! The options of `#[projection]`.

use syn::{LitStr, Type};

use crate::options::{Flag, Library, List, Version, options};

options! {
    /// The options of `#[projection]`.
    pub(super) struct ProjectionOptions {
        name: LitStr => "name = \"order-summary\"",
        version: Version => "version = 2",
        memory: Flag => "memory",
        snapshot: Flag => "snapshot",
        effects: Flag => "effects",
        at_most_once: Flag => "at_most_once",
        exhaustive: List<Type> => "exhaustive = Order` or `exhaustive(Order, Customer)",
        ignores: List<Type> => "ignores(OrderNoteAdded)",
        read_models: List<Type> => "read_models(OrderRow)",
        library: Library => "crate = my::reexport",
    }
}
