//! How the rate grows: with the length of the log, and with the number of projections.

use eventsource::postgres::{PostgresCheckpoints, PostgresEventStore};
use eventsource::prelude::*;
use eventsource::sqlite::{SqliteCheckpoints, SqliteEventStore};

use super::catch_up;
use super::many::together;
use crate::domain::Orders;
use crate::places;
use crate::settings::Settings;
use crate::table::{Row, Unit, thousands};

/// A tenth, all, and ten times the events.
pub(super) async fn events(settings: Settings) -> Vec<Row> {
    let mut rows = Vec::new();
    for events in [settings.events / 10, settings.events, settings.events * 10] {
        let settings = Settings { events, ..settings.clone() };
        for mut measured in [catch_up::sqlite(settings.clone()).await, catch_up::postgres(settings.clone()).await] {
            // Next to sqlx alone.
            let row = measured.swap_remove(0);
            let name = row.name.replace("catch-up", "growth");
            let what = format!("{}, {} events", row.what, thousands(events as f64));
            rows.push(Row { name, what, ..row });
        }
    }
    rows
}

/// Four and sixteen projections next to one.
pub(super) async fn projections(settings: Settings) -> Vec<Row> {
    let sqlite = places::sqlite::Place::filled(Orders::new(settings.events)).await;
    let sqlite_db = sqlite.open().await;
    let postgres = places::postgres::Place::filled(Orders::new(settings.events)).await;
    let postgres_db = postgres.open().await;
    let mut rows = Vec::new();
    for projections in [4, 16] {
        let (store, checkpoints) = (SqliteEventStore::new(&sqlite_db), SqliteCheckpoints::new(&sqlite_db));
        rows.push(shared_by_one(&settings, "SQLite", projections, store, checkpoints).await);
        let (store, checkpoints) = (PostgresEventStore::new(&postgres_db), PostgresCheckpoints::new(&postgres_db));
        rows.push(shared_by_one(&settings, "PostgreSQL", projections, store, checkpoints).await);
    }
    sqlite_db.close().await;
    catch_up::close(postgres_db, postgres).await;
    rows
}

async fn shared_by_one<S, C>(settings: &Settings, name: &str, projections: usize, store: S, checkpoints: C) -> Row
where
    S: EventStore + Clone,
    C: CheckpointStore + Clone,
{
    Row {
        name: format!("growth-{}-projections", name.to_lowercase().replace("postgresql", "postgres")),
        what: format!("{projections} projections catch up into memory, {name}, an event"),
        limit: "one projection".to_owned(),
        unit: Unit::Time,
        count: settings.events,
        pairs: together(settings, &store, &checkpoints, projections).await,
        ..Row::default()
    }
}
