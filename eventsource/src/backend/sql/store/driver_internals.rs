//! The items that all SQL backends use from `sqlx-core`. Its API is not stable, so `Cargo.toml` pins its version.

/// The driver's count of open transactions on a connection, and the calls that begin and end one.
pub(crate) use sqlx_core::transaction::TransactionManager;
