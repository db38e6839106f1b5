//! Event store, checkpoints and read models in a SQLite file, which several processes can share (feature `sqlite`).
//!
//! [`SqliteDatabase`] is the file.
//!
//! | from the database | type | what it is |
//! | --- | --- | --- |
//! | [`event_store`](SqliteDatabase::event_store) | [`SqliteEventStore`] | the log in the file |
//! | [`checkpoints`](SqliteDatabase::checkpoints) | [`SqliteCheckpoints`] | checkpoints; handlers can take a `&mut SqliteConnection` or repositories |
//! | [`read_models`](SqliteDatabase::read_models) | [`SqliteReadModels`] | read models: creates their tables and reads them |
//! | [`snapshots`](SqliteDatabase::snapshots) | [`SqliteSnapshots`] | snapshots of aggregates |
//! | [`projection_states`](SqliteDatabase::projection_states) | [`SqliteProjectionStates`] | the progress of engines |

mod bound;
mod ports;
pub(crate) mod projection;
mod read_model;
mod records;
mod snapshots;
mod states;
pub(crate) mod store;

pub use projection::{LentConnection, SqliteCheckpoints, SqliteUnit};
pub use read_model::SqliteReadModels;
pub use snapshots::SqliteSnapshots;
pub use states::SqliteProjectionStates;
pub use store::{SqliteDatabase, SqliteEventStore, SqliteOpenError, SqliteOptions};
