//! Event store, checkpoints and read models in PostgreSQL 15 or newer (feature `postgres`).
//!
//! [`PostgresDatabase`] is the database, with the tables of this crate in one of its schemas.
//!
//! | from the database | type | what it is |
//! | --- | --- | --- |
//! | [`event_store`](PostgresDatabase::event_store) | [`PostgresEventStore`] | the log in the database |
//! | [`checkpoints`](PostgresDatabase::checkpoints) | [`PostgresCheckpoints`] | checkpoints; handlers can take a `&mut PgConnection` or repositories |
//! | [`read_models`](PostgresDatabase::read_models) | [`PostgresReadModels`] | read models: creates their tables and reads them |
//! | [`snapshots`](PostgresDatabase::snapshots) | [`PostgresSnapshots`] | snapshots of aggregates |
//! | [`projection_states`](PostgresDatabase::projection_states) | [`PostgresProjectionStates`] | the progress of engines |
//!
//! The log can be in another database than the checkpoints and the read models.
//!
//! # How it keeps the promise of [no gaps](crate::guarantees#no-gaps)
//!
//! Positions are drawn from a sequence, so transactions can commit in another order than the order of their positions.
//! A committed event is *stored*. It becomes *readable* when no earlier position can still appear. The *horizon* is the
//! position up to which the log is readable, and the *head* is the last event up to the horizon.
//!
//! 1. A trigger on the table of events runs before a statement draws its first position. It takes a *shared* advisory
//!    lock for the transaction. The key of the lock contains the last position drawn so far. Shared locks do not wait
//!    for each other: the lock only shows readers that an append is open.
//! 2. A reader reads the last drawn position, then the smallest key of these locks. The smaller of the two is the
//!    horizon.
//! 3. With a later statement, the reader reads the rows up to the horizon. Every position up to there is visible by
//!    then, or will never exist.
//!
//! Writers do not wait for the lock. A transaction that appends nothing does not hold the horizon back. The log is
//! *stalled* while one open append holds the horizon back for long: see
//! [`PostgresEventStore::horizon_holders`]. The trigger also works for inserts with plain SQL into
//! `eventsource_events`, but such inserts wake no reader: subscriptions find them when they poll. Do not disable the
//! trigger, for example with `session_replication_role = replica`: then readers miss events.
//!
//! # What is in the schema
//!
//! The names of all tables, sequences, functions and views of this crate begin with `eventsource_`. Tables of read
//! models have the names that you give them. Two schemas in one database are two independent logs. The events have
//! indexes for their position, id, stream, type, type of aggregate and tenant, and none for other metadata: use a read
//! model for such questions.
//!
//! A role that appends and runs subscriptions needs these rights. A role that also creates tables of read models, or
//! rebuilds them side by side, needs `CREATE` on the schema and must own the tables.
//!
//! ```sql
//! GRANT USAGE ON SCHEMA shop TO app;
//! GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA shop TO app;
//! GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA shop TO app;
//! ```
//!
//! The advisory locks of appends have one key of 64 bits, of which the highest 16 bits are the number of the log, from
//! 1 on. Use keys below 2⁴⁸, or keys of two integers, for advisory locks of your own: they never collide.
//!
//! # Replicas, failover and backups
//!
//! - A replica (a server in recovery) does not know the open appends of the primary. So `read_log`, `head` and
//!   `backlog` fail there with [`StoreError::Failed`](crate::StoreError::Failed), whose source says that the server is
//!   a standby. Run subscriptions on the primary.
//! - A backup has the [identity](crate::store::LogId) of the original. If the whole schema is restored, the log, the
//!   checkpoints and the read models are of the same time, and subscriptions continue. If only the log went back, they
//!   [refuse to run](crate::guarantees#a-log-never-goes-back-unnoticed). Effects projections that run on a
//!   copy act on the outside world as the original does: for example they send mails.
//! - Logical replication does not copy sequences, so positions would be used twice. Use physical replication for
//!   servers that can take over.
//! - No function deletes events.
//!
//! # TLS
//!
//! Enable the feature `postgres-tls` (rustls, with the root certificates of the system), and write `sslmode=require` or
//! `sslmode=verify-full` into the URL. Without the feature, `sslmode=require` fails with
//! [`PostgresOpenError::Failed`], and the default, `prefer`, connects without TLS.

mod bound;
mod plans;
mod ports;
pub(crate) mod projection;
mod read_model;
mod snapshots;
mod states;
pub(crate) mod store;
mod table_cache;

pub use projection::{LentConnection, PostgresCheckpoints, PostgresUnit};
pub use read_model::PostgresReadModels;
pub use snapshots::PostgresSnapshots;
pub use states::PostgresProjectionStates;
pub use store::{HorizonHolder, PostgresDatabase, PostgresEventStore, PostgresOpenError, PostgresOptions};
