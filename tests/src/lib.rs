//! What the tests share: a small domain, projections, engines, backends, child processes, two versions of a service, rounds of long tests, and waiting with a
//! deadline.

pub mod backend;
pub mod chains;
pub mod child;
pub mod deployment;
pub mod domain;
pub mod driver_log;
pub mod engines;
mod guardian;
pub mod ledgers;
pub mod orphan;
pub mod postgres;
pub mod postgres_rows;
pub mod redis;
pub mod rows;
pub mod soak;
pub mod sums;
pub mod wait;

/// Returns the text of an error and of its causes: the text of an error does not repeat its cause.
pub fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// The version of the newest migration, in SQLite and in PostgreSQL.
pub const SCHEMA_VERSION: i64 = 10;
