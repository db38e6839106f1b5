//! Live latency: an append every 10 ms, and the time from its return until the event is handled and committed.

use std::time::{Duration, Instant};

use eventsource::postgres::{PostgresCheckpoints, PostgresEventStore};
use eventsource::prelude::*;
use eventsource::sqlite::{SqliteCheckpoints, SqliteEventStore};
use eventsource::sqlx::ConnectOptions as _;

use crate::domain::{Fact, ORDER, Orders};
use crate::limits::live::{Log, follow};
use crate::limits::read_postgres::PAGE;
use crate::measure::{Pairs, compare_all};
use crate::places;
use crate::settings::Settings;
use crate::table::{Reach, Row, Unit};
use crate::totals::Totals;

/// So many appends a repeat, so far apart.
const APPENDS: usize = 300;
const PAUSE: Duration = Duration::from_millis(10);

fn facts(settings: &Settings) -> Vec<Fact> {
    Orders::new(if settings.tiny { 20 } else { APPENDS }).collect()
}

fn rows(store: &str, [p50, p99]: [Pairs; 2]) -> Vec<Row> {
    let name = store.to_lowercase().replace("postgresql", "postgres");
    let row = |percentile: &str, reach, pairs| Row {
        name: format!("latency-{name}-{percentile}"),
        what: format!("append returned → handled in memory, {store}, {percentile}"),
        limit: "sqlx: a task that is woken in the process, reads the page, tells its position".to_owned(),
        reach: Reach::AtMost(reach),
        unit: Unit::Time,
        count: 1,
        pairs,
    };
    vec![row("p50", 5.0, p50), row("p99", 10.0, p99)]
}

/// Median, and 99th percentile.
pub(super) fn percentiles(mut times: Vec<Duration>) -> [Duration; 2] {
    times.sort();
    [times[times.len() / 2], times[(times.len() * 99).div_ceil(100) - 1]]
}

pub(super) async fn sqlite(settings: Settings) -> Vec<Row> {
    let limit = || {
        let facts = facts(&settings);
        async move {
            let place = places::sqlite::Place::plain();
            // The options of the library's connections.
            let db = places::sqlite::Place::migrated().await.open().await;
            let options = (*db.pool().connect_options()).clone().filename(place.file()).row_buffer_size(PAGE);
            let log = Log::Sqlite(options.connect().await.unwrap());
            let reader = Log::Sqlite(options.connect().await.unwrap());
            let (times, totals) = follow(log, reader, &facts, PAUSE).await;
            assert_eq!(totals, Totals::of(&facts));
            db.close().await;
            percentiles(times)
        }
    };
    let ours = || {
        let facts = facts(&settings);
        async move {
            let place = places::sqlite::Place::empty();
            let db = place.open().await;
            let times = ours(SqliteEventStore::new(&db), SqliteCheckpoints::new(&db), &facts).await;
            db.close().await;
            times
        }
    };
    rows("SQLite", compare_all(&settings, limit, ours).await)
}

pub(super) async fn postgres(settings: Settings) -> Vec<Row> {
    let limit = || {
        let facts = facts(&settings);
        async move {
            let place = places::postgres::Place::plain().await;
            let (log, reader) = (Log::Postgres(place.connect().await), Log::Postgres(place.connect().await));
            let (times, totals) = follow(log, reader, &facts, PAUSE).await;
            assert_eq!(totals, Totals::of(&facts));
            place.drop().await;
            percentiles(times)
        }
    };
    let ours = || {
        let facts = facts(&settings);
        async move {
            let place = places::postgres::Place::migrated().await;
            let db = place.open().await;
            let times = ours(PostgresEventStore::new(&db), PostgresCheckpoints::new(&db), &facts).await;
            db.close().await;
            place.drop().await;
            times
        }
    };
    rows("PostgreSQL", compare_all(&settings, limit, ours).await)
}

async fn ours<S, C>(store: S, checkpoints: C, facts: &[Fact]) -> [Duration; 2]
where
    S: EventStore + Clone,
    C: CheckpointStore,
{
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), checkpoints);
    let totals = manager.subscribe(Totals::default(), SubscriptionConfig::default()).await.unwrap();
    manager.start().await.unwrap();
    totals.caught_up().await.unwrap();
    let mut times = Vec::new();
    let mut ticks = tokio::time::interval(PAUSE);
    for fact in facts {
        ticks.tick().await;
        let stream = StreamId::new(ORDER, fact.order);
        let expected = if fact.before == 0 { ExpectedVersion::NoStream } else { ExpectedVersion::Exact(fact.before) };
        let position = store.append(&stream, expected, vec![fact.new_event()]).await.unwrap().position();
        let appended = Instant::now();
        totals.wait_for(position).await.unwrap();
        times.push(appended.elapsed());
    }
    assert_eq!(*totals.read().await, Totals::of(facts));
    manager.stop().await.unwrap();
    percentiles(times)
}
