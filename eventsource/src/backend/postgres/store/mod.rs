//! The database and the log in it.

mod announce;
mod arguments;
mod budget;
mod connect;
mod database;
mod error;
mod event_store;
mod explain;
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
