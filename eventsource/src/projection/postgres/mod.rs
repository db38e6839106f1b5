//! Checkpoints and the unit of work in PostgreSQL (feature `postgres`).
//!
//! A [`SubscriptionManager`](crate::SubscriptionManager) with [`PostgresCheckpoints`] runs projections whose handlers
//! ask for a `&mut PgConnection` or for repositories of read models. Use it with
//! [`PostgresEventStore`](crate::store::postgres::PostgresEventStore), or with an event store in another database.

mod batch;
mod checkpoints;
pub(crate) mod generations;
mod letters;
pub(crate) mod owners;
mod rows;
mod session;
mod statements;
mod unit;

pub use checkpoints::PostgresCheckpoints;
pub(crate) use generations::Claimed;
pub(crate) use unit::BatchConnection;
pub use unit::{LentConnection, PostgresUnit};
