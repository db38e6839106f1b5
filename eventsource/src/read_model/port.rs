//! The port of read models: what code implements that stores their tables in another database.
//!
//! A backend implements [`ReadTables`] for the committed tables, and [`WriteTables`] for the tables in the transaction
//! of a batch. A unit of work gives repositories to handlers from its [`RepositoryScope`], which has an example. Any
//! other code reads through [`ReadRepository::new`](super::ReadRepository::new). The suite
//! `eventsource::read_model_contract!` (feature `testing`) checks the implementation, and `examples/own_backend` shows
//! one, on an embedded database.

pub use super::scope::RepositoryScope;
pub use super::select::{By, Expr, Op, Select};
pub use super::stored::Row;
pub use super::tables::{Before, ReadTables, RowChange, WriteTables};
