//! Checkpoints and the unit of work in PostgreSQL (feature `postgres`).

mod batch;
mod checkpoints;
pub(crate) mod generations;
mod letters;
mod rows;
mod statements;
mod unit;

pub use checkpoints::PostgresCheckpoints;
pub(crate) use generations::Claimed;
pub(crate) use unit::BatchConnection;
pub use unit::{LentConnection, PostgresUnit};
