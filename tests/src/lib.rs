//! What the tests share: a small domain, projections, engines, backends, child processes, command lines, two versions of a service, rounds of long tests, and waiting with a
//! deadline.

pub mod at_step;
pub mod backend;
pub mod chains;
pub mod child;
pub mod content;
pub mod deployment;
pub mod domain;
pub mod driver_log;
pub mod engines;
pub mod fill;
mod guardian;
pub mod ledgers;
pub mod only_reads;
pub mod orphan;
pub mod postgres;
pub mod postgres_rows;
pub mod ran;
pub mod redis;
pub mod rows;
pub mod soak;
pub mod sums;
pub mod wait;

/// The version of the newest migration, in SQLite and in PostgreSQL.
pub const SCHEMA_VERSION: i64 = 13;
