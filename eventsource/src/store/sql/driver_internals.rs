//! What this crate uses of `sqlx-core`, whose API has no promise of stability: its version is pinned in `Cargo.toml`.

#[cfg(feature = "sqlite")]
pub(crate) use sqlx_core::query::query_with_result;
/// How many transactions the driver counts as open on a connection, and the statements that begin and end one.
pub(crate) use sqlx_core::transaction::TransactionManager;
