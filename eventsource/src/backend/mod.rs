//! The databases, and memory: all code of one of them is in one folder. What the SQL databases share is in `sql`.

pub mod memory;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "_sql")]
pub(crate) mod sql;
#[cfg(feature = "sqlite")]
pub mod sqlite;
