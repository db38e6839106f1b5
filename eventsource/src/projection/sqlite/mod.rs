//! Checkpoints and the unit of work in a SQLite file (feature `sqlite`).
//!
//! A [`SubscriptionManager`](crate::SubscriptionManager) with [`SqliteCheckpoints`] runs projections whose handlers ask
//! for a `&mut SqliteConnection` or for repositories of read models.

mod batch;
mod checkpoints;
pub(crate) mod generations;
mod letters;
pub(crate) mod owners;
mod rows;
mod sightings;
mod statements;
mod unit;
mod watch;

pub use checkpoints::SqliteCheckpoints;
pub(crate) use generations::Claimed;
pub(crate) use unit::BatchConnection;
pub use unit::{LentConnection, SqliteUnit};
