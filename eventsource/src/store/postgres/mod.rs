//! The event store in PostgreSQL, 15 or newer (feature `postgres`).
//!
//! [`PostgresDatabase`] is the database with this crate's tables in one of its schemas; [`PostgresEventStore`] is the
//! log in it, and [`PostgresCheckpoints`](crate::projection::postgres::PostgresCheckpoints) the checkpoints.
//!
//! # How nothing is skipped ([no gaps](crate::guarantees#no-gaps))
//!
//! Positions are drawn from a sequence, so transactions may commit in another order than that of their positions. A
//! trigger on the events' table takes, before a statement draws its first position, a *shared* advisory lock of the
//! transaction, whose key carries the last position drawn until then. A reader asks first for the last position drawn,
//! then for the smallest of these keys; up to the lesser of the two every position is visible by then, or will never
//! be. Writers do not wait for each other, and a transaction that appends nothing holds nothing up. The trigger works
//! for whoever inserts, by this crate or by plain SQL.

mod announce;
mod arguments;
mod budget;
mod database;
mod error;
mod event_store;
pub(crate) mod failure;
mod group_commit;
mod holders;
mod horizon;
mod horizon_cache;
mod insert;
mod listen;
mod lookup;
mod loss_tracker;
mod migrations;
mod open;
mod options;
mod read;
mod refused;
mod row;
mod schema;
mod statements;
pub(crate) mod time;
pub(crate) mod verdict;

pub use database::PostgresDatabase;
pub(crate) use database::StatementConnection;
pub use error::PostgresOpenError;
pub use event_store::PostgresEventStore;
pub use holders::HorizonHolder;
pub use options::PostgresOptions;
pub(crate) use statements::WRITE_ONLY_IN_A_UNIT;
