//! The database and the log in it.

pub(crate) mod busy;
mod checks;
mod correlation_index;
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
mod queries;
mod read;
mod retry;
mod row;
mod script;
pub(crate) mod statements;
pub(crate) mod verdict;

pub use database::SqliteDatabase;
pub(crate) use database::Writing;
pub use error::SqliteOpenError;
pub use event_store::SqliteEventStore;
pub use options::SqliteOptions;
