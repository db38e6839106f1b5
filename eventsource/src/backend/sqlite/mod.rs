//! Event store, checkpoints and read models in a SQLite file, which several processes can share (feature `sqlite`).
//!
//! [`SqliteDatabase`] is the file.
//!
//! | type | what it is |
//! | --- | --- |
//! | [`SqliteEventStore`] | the log in the file |
//! | [`SqliteCheckpoints`] | checkpoints; handlers can take a `&mut SqliteConnection` or repositories |
//! | [`SqliteReadModels`] | read models: creates their tables and reads them |
//! | [`SqliteSnapshots`] | snapshots of aggregates |
//! | [`SqliteProjectionStates`] | the progress of engines |

pub(crate) mod projection;
mod read_model;
mod snapshots;
mod states;
pub(crate) mod store;

pub use projection::{LentConnection, SqliteCheckpoints, SqliteUnit};
pub use read_model::SqliteReadModels;
pub use snapshots::SqliteSnapshots;
pub use states::SqliteProjectionStates;
pub use store::{SqliteDatabase, SqliteEventStore, SqliteOpenError, SqliteOptions};
