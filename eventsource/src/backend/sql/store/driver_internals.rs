//! The items that this crate uses from `sqlx-core`. Its API is not stable, so `Cargo.toml` pins its version.

#[cfg(feature = "sqlite")]
pub(crate) use sqlx_core::query::query_with_result;
/// The driver's count of open transactions on a connection, and the calls that begin and end one.
pub(crate) use sqlx_core::transaction::TransactionManager;
