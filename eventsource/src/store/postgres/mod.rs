//! The event store in PostgreSQL 15 or newer (feature `postgres`).
//!
//! [`PostgresDatabase`] is the database, with the tables of this crate in one of its schemas. [`PostgresEventStore`] is
//! the log in it, [`PostgresCheckpoints`](crate::projection::postgres::PostgresCheckpoints) are its checkpoints, and
//! [`PostgresReadModels`](crate::read_model::postgres::PostgresReadModels) are its read models.
//!
//! # How it keeps the promise of [no gaps](crate::guarantees#no-gaps)
//!
//! Positions are drawn from a sequence, so transactions can commit in another order than the order of their positions.
//!
//! 1. A trigger on the table of events runs before a statement draws its first position. It takes a *shared* advisory
//!    lock for the transaction. The key of the lock contains the last position drawn so far.
//! 2. A reader reads the last drawn position, then the smallest key of these locks. The smaller of the two is the
//!    *horizon*.
//! 3. With a later statement, the reader reads the rows up to the horizon. Every position up to there is visible by
//!    then, or will never exist.
//!
//! Writers do not wait for each other. A transaction that appends nothing does not hold the horizon back. The trigger
//! also works for inserts with plain SQL.

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
mod once_more;
mod open;
mod options;
mod read;
mod refused;
mod row;
mod schema;
mod stall_watch;
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
