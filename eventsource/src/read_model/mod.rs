//! Read models without SQL: rows of a struct, kept by projections through a [`Repository`], on any backend.
//!
//! A row is a struct with `#[derive(ReadModel)]`. A handler asks for `&mut Repository<Row>`; who reads the model takes a
//! [`ReadRepository`] from [`MemoryReadModels`] or from the database's own, such as `PostgresReadModels`.

mod base64;
mod column;
mod column_type;
mod cursor;
mod decimal;
mod deployment;
mod entry;
mod error;
mod field;
mod map;
mod memory;
mod model;
mod port;
#[cfg(feature = "postgres")]
pub mod postgres;
mod query;
mod reader;
mod repository;
mod select;
mod session;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod sql;
#[cfg(feature = "sqlite")]
pub mod sqlite;
mod stored;
mod value;
mod variant;

pub use column::{Column, IntoColumnValue};
pub use column_type::{ColumnType, Comparable, IdType, Json};
pub use cursor::{Cursor, CursorError};
pub use decimal::Decimal;
pub use deployment::Deployment;
pub use error::{InvalidField, InvalidValue, ReadModelError};
#[doc(hidden)]
pub use field::{Field, field, id_field, json_field};
pub use memory::MemoryReadModels;
pub use model::ReadModel;
pub use query::{After, Condition, Order, Query};
pub use reader::{ReadFuture, ReadRepository};
pub use repository::Repository;
pub use stored::Stored;
pub use value::Value;
#[doc(hidden)]
pub use variant::{text_value, unknown_variant, value_text};

pub use crate::projection::{ColumnDef, ColumnKind, Table};

#[cfg(feature = "macros")]
pub use crate::macros::{ColumnType, ReadModel};
