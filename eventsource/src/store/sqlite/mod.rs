//! The event store in a SQLite file, which several processes can share (feature `sqlite`).
//!
//! [`SqliteDatabase`] is the file. [`SqliteEventStore`] is the log in it,
//! [`SqliteCheckpoints`](crate::projection::sqlite::SqliteCheckpoints) are its checkpoints, and
//! [`SqliteReadModels`](crate::read_model::sqlite::SqliteReadModels) are its read models.
//!
//! An append wakes the subscriptions of its own process. The subscriptions of another process find it at their next
//! [poll](crate::SubscriptionConfig::poll_interval), or when a [`Notifier`](crate::Notifier) wakes them. Every stored
//! event is readable at once, because one transaction writes at a time.

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
