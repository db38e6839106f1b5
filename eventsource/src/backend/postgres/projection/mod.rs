//! Checkpoints and the unit of work.

mod batch;
mod checkpoints;
mod claim;
pub(crate) mod generations;
mod letters;
mod operations;
pub(crate) mod owners;
mod session;
mod statements;
mod unit;

pub(in crate::backend) use batch::BatchTransaction;
pub use checkpoints::PostgresCheckpoints;
pub use unit::{LentConnection, PostgresUnit};
