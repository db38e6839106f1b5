//! Checkpoints and the unit of work.

mod batch;
mod checkpoints;
pub(crate) mod generations;
mod letters;
pub(crate) mod owners;
mod rows;
mod session;
mod statements;
mod unit;

pub(in crate::backend) use batch::BatchTransaction;
pub use checkpoints::PostgresCheckpoints;
pub use unit::{LentConnection, PostgresUnit};
