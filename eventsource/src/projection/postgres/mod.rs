//! Checkpoints and the unit of work in PostgreSQL (feature `postgres`).

mod batch;
mod checkpoints;
mod letters;
mod rows;
mod statements;
mod unit;

pub use checkpoints::PostgresCheckpoints;
pub(crate) use unit::BatchConnection;
pub use unit::{LentConnection, PostgresUnit};
