//! Appending to SQLite.

use std::sync::Arc;
use std::time::{Duration, Instant};

use eventsource::sqlite::SqliteEventStore;

use super::append::{Appends, append_all};
use crate::limits::append_sqlite as plain;
use crate::measure::compare;
use crate::places::sqlite::Place;
use crate::settings::Settings;
use crate::table::{Reach, Row};

const LIMIT: &str = "rusqlite: `BEGIN IMMEDIATE`, the stream's version, prepared inserts, `COMMIT`; synchronous FULL";

pub(super) async fn one(settings: Settings) -> Vec<Row> {
    let settings = settings.fewer();
    let row = row("append-sqlite-1", "1 event a commit, 1 client, SQLite");
    measure(row, &settings, Appends::singly(settings.events, 1)).await
}

pub(super) async fn hundred(settings: Settings) -> Vec<Row> {
    let row = row("append-sqlite-100", "100 events a commit, 1 client, SQLite");
    measure(row, &settings, Appends::by_hundreds(settings.events)).await
}

/// Next to one client of ours: the limit is what coalescing is measured by.
pub(super) async fn eight_clients(settings: Settings) -> Vec<Row> {
    let settings = settings.fewer();
    let row = row("append-sqlite-8-clients", "1 event a commit, 8 clients next to 1 client, SQLite");
    let (one, eight) = (Arc::new(Appends::singly(settings.events, 1)), Arc::new(Appends::singly(settings.events, 8)));
    let pairs = compare(&settings, || ours(Arc::clone(&one)), || ours(Arc::clone(&eight))).await;
    let limit = "ours, by 1 client".to_owned();
    vec![Row { reach: Reach::AtLeast(3.0), limit, count: one.events(), pairs, ..row }]
}

fn row(name: &str, what: &str) -> Row {
    let reach = Reach::AtLeast(0.5);
    Row { name: name.to_owned(), what: what.to_owned(), limit: LIMIT.to_owned(), reach, ..Row::default() }
}

async fn measure(row: Row, settings: &Settings, appends: Appends) -> Vec<Row> {
    let appends = Arc::new(appends);
    let limit = || limit(Arc::clone(&appends));
    let ours = || ours(Arc::clone(&appends));
    vec![Row { count: appends.events(), pairs: compare(settings, limit, ours).await, ..row }]
}

async fn limit(appends: Arc<Appends>) -> Duration {
    let alone = move || {
        let place = Place::plain();
        let mut conn = place.connect();
        let begun = Instant::now();
        for append in appends.of(0) {
            plain::append(&mut conn, append.stream, append.before, &append.facts);
        }
        let taken = begun.elapsed();
        assert_eq!(place.count(), appends.events());
        taken
    };
    tokio::task::spawn_blocking(alone).await.unwrap()
}

async fn ours(appends: Arc<Appends>) -> Duration {
    let place = Place::empty();
    let db = place.open().await;
    let taken = append_all(SqliteEventStore::new(&db), &appends).await;
    db.close().await;
    assert_eq!(place.count(), appends.events());
    taken
}
