//! The works: each compares the library with a limit, and looks at what both have done.

mod aggregates;
mod append;
mod append_postgres;
mod append_sqlite;
mod catch_up;
mod dispatch;
mod growth;
mod latency;
mod letters;
mod many;
pub mod peak;
mod rows;
mod rows_postgres;
mod rows_sqlite;

use std::future::Future;
use std::pin::Pin;

use crate::settings::Settings;
use crate::table::Row;

type Rows = Pin<Box<dyn Future<Output = Vec<Row>> + Send>>;

/// A work: its name, and what measures it.
pub struct Work {
    /// By which name it is asked for. Its rows' names begin with it.
    pub name: &'static str,
    /// Measures it.
    pub run: fn(Settings) -> Rows,
}

macro_rules! works {
    ($($name:literal => $run:path,)*) => {
        &[$(Work { name: $name, run: |settings| Box::pin($run(settings)) },)*]
    };
}

/// All of them, in the order of the table.
pub const ALL: &[Work] = works![
    "append-postgres-1" => append_postgres::one_client,
    "append-postgres-8-clients" => append_postgres::eight_clients,
    "append-postgres-100" => append_postgres::hundred,
    "append-sqlite-1" => append_sqlite::one,
    "append-sqlite-8-clients" => append_sqlite::eight_clients,
    "append-sqlite-100" => append_sqlite::hundred,
    "catch-up-memory" => catch_up::memory,
    "catch-up-sqlite" => catch_up::sqlite,
    "catch-up-postgres" => catch_up::postgres,
    "rows-postgres-repository" => rows_postgres::repository,
    "rows-postgres-connection" => rows_postgres::connection,
    "rows-sqlite-repository" => rows_sqlite::repository,
    "rows-sqlite-connection" => rows_sqlite::connection,
    "letters-postgres" => rows_postgres::letters,
    "letters-sqlite" => rows_sqlite::letters,
    "many-postgres" => many::postgres,
    "many-sqlite" => many::sqlite,
    "latency-postgres" => latency::postgres,
    "latency-sqlite" => latency::sqlite,
    "dispatch" => dispatch::run,
    "peak-sqlite" => peak::sqlite,
    "peak-postgres" => peak::postgres,
    "snapshot-sqlite" => aggregates::snapshots_sqlite,
    "snapshot-postgres" => aggregates::snapshots_postgres,
    "execute-sqlite" => aggregates::execute_sqlite,
    "execute-postgres" => aggregates::execute_postgres,
    "growth-events" => growth::events,
    "growth-projections" => growth::projections,
];
