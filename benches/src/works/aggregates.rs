//! The write side: an aggregate with many events, loaded with and without a snapshot; commands of writers that contend.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use eventsource::aggregate::{SnapshotPolicy, SnapshotStore};
use eventsource::postgres::{PostgresEventStore, PostgresSnapshots};
use eventsource::prelude::*;
use eventsource::sqlite::{SqliteEventStore, SqliteSnapshots};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::latency::percentiles;
use crate::measure::{Pairs, compare, compare_all};
use crate::places;
use crate::settings::Settings;
use crate::table::{Reach, Row, Unit};

/// An amount was paid into an account.
#[derive(Debug, Clone, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "BenchAccount")]
struct PaidIn {
    amount: u64,
    reference: String,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Account {
    balance: u64,
    last_references: Vec<String>,
}

#[eventsource::aggregate(name = "BenchAccount")]
impl Account {
    #[applies(PaidIn)]
    fn paid_in(&mut self, event: &PaidIn) {
        self.balance += event.amount;
        self.last_references.truncate(9);
        self.last_references.insert(0, event.reference.clone());
    }
}

type Accounts = AggregateRepository<Account>;

/// How many events the aggregate has, and how many of them come after its snapshot.
const EVENTS: usize = 10_000;
const AFTER: usize = 50;

/// How many writers contend, and how many commands each has.
const WRITERS: usize = 16;
const COMMANDS: usize = 20;

fn paid_in(n: usize) -> PaidIn {
    PaidIn { amount: n as u64, reference: format!("invoice {n}") }
}

async fn pay(accounts: &Accounts, id: Uuid, payments: std::ops::Range<usize>) {
    let mut account = accounts.load_or_create(id).await.unwrap();
    account.record(payments.map(paid_in).collect::<Vec<_>>());
    accounts.save(&mut account).await.unwrap();
}

async fn timed_load(accounts: Accounts, id: Uuid, events: usize) -> Duration {
    let begun = Instant::now();
    let account = accounts.load(id).await.unwrap();
    let took = begun.elapsed();
    assert_eq!((account.version(), account.balance), (events as u64, (events * (events - 1) / 2) as u64));
    took
}

/// Loads with a snapshot, compared with loads without one.
async fn load<S, N>(settings: &Settings, name: &str, store: S, snapshots: N) -> Row
where
    S: EventStore + Clone,
    N: SnapshotStore,
{
    let (events, id) = (if settings.tiny { 200 } else { EVENTS }, Uuid::now_v7());
    let plain = Accounts::new(store.clone(), MemoryEventBus::new());
    let with_snapshot = plain.clone().with_snapshots(snapshots, SnapshotPolicy::by_hand());
    pay(&plain, id, 0..events - AFTER).await;
    assert!(with_snapshot.save_snapshot(&plain.load(id).await.unwrap()).await.unwrap());
    pay(&plain, id, events - AFTER..events).await;
    let pairs =
        compare(settings, || timed_load(plain.clone(), id, events), || timed_load(with_snapshot.clone(), id, events));
    Row {
        name: format!("snapshot-{}", name.to_lowercase().replace("postgresql", "postgres")),
        what: format!("an aggregate of {events} events is loaded by a snapshot and {AFTER} events, {name}"),
        limit: "ours, without the snapshot".to_owned(),
        reach: Reach::AtMost(0.1),
        unit: Unit::Time,
        count: 1,
        pairs: pairs.await,
    }
}

/// How long each command of each writer took; all of them end.
async fn contend(accounts: Accounts, writers: usize, commands: usize, one_each: bool) -> [Duration; 2] {
    let shared = Uuid::now_v7();
    let writers = (0..writers).map(|_| {
        let (accounts, id) = (accounts.clone(), if one_each { Uuid::now_v7() } else { shared });
        tokio::spawn(async move {
            let mut times = Vec::with_capacity(commands);
            for n in 0..commands {
                let begun = Instant::now();
                accounts.execute(id, |_| Ok::<_, Infallible>(paid_in(n))).command_id(Uuid::now_v7()).await.unwrap();
                times.push(begun.elapsed());
            }
            times
        })
    });
    let (mut times, mut count) = (Vec::new(), 0);
    for writer in writers.collect::<Vec<_>>() {
        times.extend(writer.await.unwrap());
        count += 1;
    }
    if !one_each {
        assert_eq!(accounts.load(shared).await.unwrap().version(), (count * commands) as u64, "every command ends");
    }
    percentiles(times)
}

async fn execute<S: EventStore + Clone>(settings: &Settings, name: &str, store: S) -> Vec<Row> {
    let commands = if settings.tiny { 3 } else { COMMANDS };
    let accounts = Accounts::new(store, MemoryEventBus::new());
    let apart = || contend(accounts.clone(), WRITERS, commands, true);
    let together = || contend(accounts.clone(), WRITERS, commands, false);
    let [p50, p99] = compare_all(settings, apart, together).await;
    let row = |percentile: &str, pairs: Pairs| Row {
        name: format!("execute-{}-{percentile}", name.to_lowercase().replace("postgresql", "postgres")),
        what: format!("a command, {WRITERS} writers of one aggregate, {name}, {percentile}"),
        limit: "ours, with an aggregate for each writer".to_owned(),
        unit: Unit::Time,
        count: 1,
        pairs,
        ..Row::default()
    };
    vec![row("p50", p50), row("p99", p99)]
}

pub(super) async fn snapshots_sqlite(settings: Settings) -> Vec<Row> {
    let place = places::sqlite::Place::migrated().await;
    let db = place.open().await;
    let row = load(&settings, "SQLite", SqliteEventStore::new(&db), SqliteSnapshots::new(&db)).await;
    db.close().await;
    vec![row]
}

pub(super) async fn snapshots_postgres(settings: Settings) -> Vec<Row> {
    let place = places::postgres::Place::migrated().await;
    let db = place.open().await;
    let row = load(&settings, "PostgreSQL", PostgresEventStore::new(&db), PostgresSnapshots::new(&db)).await;
    db.close().await;
    place.drop().await;
    vec![row]
}

pub(super) async fn execute_sqlite(settings: Settings) -> Vec<Row> {
    let place = places::sqlite::Place::migrated().await;
    let db = place.open().await;
    let rows = execute(&settings, "SQLite", SqliteEventStore::new(&db)).await;
    db.close().await;
    rows
}

pub(super) async fn execute_postgres(settings: Settings) -> Vec<Row> {
    let place = places::postgres::Place::migrated().await;
    let db = place.open().await;
    let rows = execute(&settings, "PostgreSQL", PostgresEventStore::new(&db)).await;
    db.close().await;
    place.drop().await;
    rows
}
