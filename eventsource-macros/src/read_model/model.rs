//! The model of a read model.

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::{Generics, Ident, Type, Visibility};

/// The model of a read model.
pub(super) struct Model {
    /// The path to the runtime crate.
    pub(super) library: TokenStream,
    /// The type.
    pub(super) ident: Ident,
    /// Its generics. They have no parameters.
    pub(super) generics: Generics,
    /// The visibility of the type and of its columns.
    pub(super) visibility: Visibility,
    /// The name of its table.
    pub(super) table: String,
    /// Its fields.
    pub(super) fields: Vec<Field>,
    /// Whether one of them borrows or cannot move between threads. That is an error, so no other bound is required of
    /// their types.
    pub(super) unfit: bool,
    /// Which of them is the id.
    pub(super) id: usize,
}

/// A field, and its column.
pub(super) struct Field {
    /// Its name.
    pub(super) ident: Ident,
    /// Its type.
    pub(super) ty: Type,
    /// The name of the column.
    pub(super) column: String,
    /// Whether it is the id.
    pub(super) is_id: bool,
    /// Whether it has an index.
    pub(super) is_indexed: bool,
    /// Whether it is stored as JSON.
    pub(super) is_json: bool,
}

impl Field {
    /// The constant by which queries name its column.
    pub(super) fn constant(&self) -> String {
        self.ident.unraw().to_string().to_uppercase()
    }
}
