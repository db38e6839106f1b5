//! Checkpoints and the unit of work.

mod batch;
mod checkpoints;
mod claim;
pub(crate) mod generations;
mod letters;
mod operations;
pub(crate) mod owners;
mod sightings;
mod statements;
mod unit;
mod watch;

pub(in crate::backend) use batch::BatchTransaction;
pub use checkpoints::SqliteCheckpoints;
pub use unit::{LentConnection, SqliteUnit};
