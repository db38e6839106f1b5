//! Checkpoints and the unit of work in a SQLite file (feature `sqlite`).

mod batch;
mod checkpoints;
mod letters;
mod rows;
mod statements;
mod unit;
mod watch;

pub use checkpoints::SqliteCheckpoints;
pub(crate) use unit::BatchConnection;
pub use unit::{LentConnection, SqliteUnit};
