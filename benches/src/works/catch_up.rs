//! Catching up into memory: reading, decoding, dispatch.

use std::sync::Arc;
use std::time::{Duration, Instant};

use eventsource::postgres::{PostgresCheckpoints, PostgresDatabase, PostgresEventStore};
use eventsource::prelude::*;
use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase, SqliteEventStore};

use crate::domain::{Fact, ORDER, Orders};
use crate::limits::read_postgres::PAGE;
use crate::limits::{read_postgres, read_sqlite, whole};
use crate::measure::compare;
use crate::places;
use crate::settings::Settings;
use crate::table::{Reach, Row};
use crate::totals::Totals;

pub(super) async fn memory(settings: Settings) -> Vec<Row> {
    let facts: Vec<_> = Orders::new(settings.events).collect();
    let expected = Arc::new(Totals::of(&facts));
    let store = filled(&facts).await;
    let log: Arc<[(&str, String)]> = facts.iter().map(|fact| (fact.event_type(), fact.payload())).collect();
    let limit = || {
        let (log, expected) = (Arc::clone(&log), Arc::clone(&expected));
        async move {
            let (begun, mut totals) = (Instant::now(), Totals::default());
            for (event_type, payload) in &*log {
                totals.decode(event_type, payload);
            }
            let taken = begun.elapsed();
            assert_eq!(totals, *expected);
            taken
        }
    };
    let ours = || ours(store.clone(), MemoryCheckpoints::new(), Arc::clone(&expected));
    let row = Row {
        name: "catch-up-memory".to_owned(),
        what: "into memory, in-memory store".to_owned(),
        limit: "a loop over names and payloads: match, decode, add".to_owned(),
        reach: Reach::AtLeast(0.6),
        count: settings.events,
        ..Row::default()
    };
    vec![Row { pairs: compare(&settings, limit, ours).await, ..row }]
}

/// The in-memory store with these events.
pub(super) async fn filled(facts: &[Fact]) -> MemoryEventStore {
    let store = MemoryEventStore::new();
    for fact in facts {
        let stream = StreamId::new(ORDER, fact.order);
        store.append(&stream, ExpectedVersion::Any, vec![fact.new_event()]).await.unwrap();
    }
    store
}

pub(super) async fn sqlite(settings: Settings) -> Vec<Row> {
    let expected = Arc::new(Totals::of(&Orders::new(settings.events).collect::<Vec<_>>()));
    let place = places::sqlite::Place::filled(Orders::new(settings.events)).await;
    let db = place.open().await;
    let (store, checkpoints) = (SqliteEventStore::new(&db), SqliteCheckpoints::new(&db));
    let ours = || ours(store.clone(), checkpoints.clone(), Arc::clone(&expected));
    let sqlx = || sqlite_sqlx(db.clone(), Arc::clone(&expected), Columns::All);
    let narrow = || sqlite_sqlx(db.clone(), Arc::clone(&expected), Columns::Needed);
    let rusqlite = || sqlite_rusqlite(place.clone(), Arc::clone(&expected));
    let row = |name: &str, limit: &str, reach| Row {
        name: name.to_owned(),
        what: "into memory, SQLite".to_owned(),
        limit: limit.to_owned(),
        reach,
        count: settings.events,
        ..Row::default()
    };
    let by_sqlx = row(
        "catch-up-sqlite",
        "sqlx, its row buffer at the page's size: pages of 1,000 with the columns that we read, match, decode, add",
        Reach::AtLeast(0.85),
    );
    let by_columns =
        row("catch-up-sqlite-columns", "the same, with the three columns that this projection needs", Reach::Any);
    let by_rusqlite = row("catch-up-sqlite-rusqlite", "rusqlite, with these three columns", Reach::Any);
    let rows = vec![
        Row { pairs: compare(&settings, sqlx, ours).await, ..by_sqlx },
        Row { pairs: compare(&settings, narrow, ours).await, ..by_columns },
        Row { pairs: compare(&settings, rusqlite, ours).await, ..by_rusqlite },
    ];
    db.close().await;
    rows
}

/// Which columns of the log a loop reads.
#[derive(Debug, Clone, Copy)]
enum Columns {
    /// Those that the library reads, since a handler may ask for all that is known of an event.
    All,
    /// Those that this projection needs.
    Needed,
}

async fn sqlite_sqlx(db: SqliteDatabase, expected: Arc<Totals>, columns: Columns) -> Duration {
    use eventsource::sqlx::ConnectOptions as _;
    // The library's own options otherwise.
    let options = (*db.pool().connect_options()).clone().row_buffer_size(PAGE);
    let mut conn = options.connect().await.unwrap();
    let (begun, mut totals, mut position) = (Instant::now(), Totals::default(), 0);
    loop {
        let last = match columns {
            Columns::All => whole::sqlite(&mut conn, position, &mut totals).await,
            Columns::Needed => read_sqlite::sqlx_page(&mut conn, position, &mut totals).await,
        };
        let Some(last) = last else { break };
        position = last;
    }
    let taken = begun.elapsed();
    assert_eq!(totals, *expected);
    taken
}

async fn sqlite_rusqlite(place: places::sqlite::Place, expected: Arc<Totals>) -> Duration {
    let read = move || {
        let conn = place.connect();
        let (begun, mut totals, mut position) = (Instant::now(), Totals::default(), 0);
        while let Some(last) = read_sqlite::page(&conn, position, &mut totals) {
            position = last;
        }
        let taken = begun.elapsed();
        assert_eq!(totals, *expected);
        taken
    };
    tokio::task::spawn_blocking(read).await.unwrap()
}

pub(super) async fn postgres(settings: Settings) -> Vec<Row> {
    let expected = Arc::new(Totals::of(&Orders::new(settings.events).collect::<Vec<_>>()));
    let place = places::postgres::Place::filled(Orders::new(settings.events)).await;
    let db = place.open().await;
    let (store, checkpoints) = (PostgresEventStore::new(&db), PostgresCheckpoints::new(&db));
    let ours = || ours(store.clone(), checkpoints.clone(), Arc::clone(&expected));
    let limit = || postgres_sqlx(place.clone(), Arc::clone(&expected), Columns::All);
    let narrow = || postgres_sqlx(place.clone(), Arc::clone(&expected), Columns::Needed);
    let row = |name: &str, limit: &str, reach| Row {
        name: name.to_owned(),
        what: "into memory, PostgreSQL".to_owned(),
        limit: limit.to_owned(),
        reach,
        count: settings.events,
        ..Row::default()
    };
    let all = row(
        "catch-up-postgres",
        "sqlx: pages of 1,000 with the columns that we read, match, decode, add",
        Reach::AtLeast(0.8),
    );
    let needed =
        row("catch-up-postgres-columns", "the same, with the three columns that this projection needs", Reach::Any);
    let rows = vec![
        Row { pairs: compare(&settings, limit, ours).await, ..all },
        Row { pairs: compare(&settings, narrow, ours).await, ..needed },
    ];
    close(db, place).await;
    rows
}

pub(super) async fn close(db: PostgresDatabase, place: places::postgres::Place) {
    db.close().await;
    place.drop().await;
}

async fn postgres_sqlx(place: places::postgres::Place, expected: Arc<Totals>, columns: Columns) -> Duration {
    let mut conn = place.connect().await;
    let (begun, mut totals, mut position) = (Instant::now(), Totals::default(), 0);
    loop {
        let last = match columns {
            Columns::All => whole::postgres(&mut conn, position, &mut totals).await,
            Columns::Needed => read_postgres::page(&mut conn, position, &mut totals).await,
        };
        let Some(last) = last else { break };
        position = last;
    }
    let taken = begun.elapsed();
    assert_eq!(totals, *expected);
    taken
}

/// From the start of the manager until the projection has caught up.
async fn ours<S, C>(store: S, checkpoints: C, expected: Arc<Totals>) -> Duration
where
    S: EventStore,
    C: CheckpointStore,
{
    let manager = SubscriptionManager::new(store, MemoryEventBus::new(), checkpoints);
    let totals = manager.subscribe(Totals::default(), SubscriptionConfig::default()).await.unwrap();
    let begun = Instant::now();
    manager.start().await.unwrap();
    totals.caught_up().await.unwrap();
    let taken = begun.elapsed();
    assert_eq!(*totals.read().await, *expected);
    manager.stop().await.unwrap();
    taken
}
