//! The event store in a SQLite file, which several processes may share (feature `sqlite`).
//!
//! [`SqliteDatabase`] is the file; [`SqliteEventStore`] is the log in it, and
//! [`SqliteCheckpoints`](crate::projection::sqlite::SqliteCheckpoints) the checkpoints.

pub(crate) mod busy;
mod database;
mod error;
mod event_store;
mod group_commit;
mod insert;
mod lookup;
pub(crate) mod mend;
mod migrations;
mod open;
mod options;
mod packed;
mod read;
mod row;
pub(crate) mod statements;
pub(crate) mod verdict;

pub use database::SqliteDatabase;
pub(crate) use database::Writing;
pub use error::SqliteOpenError;
pub use event_store::SqliteEventStore;
pub use options::SqliteOptions;
