//! The peak of a process's memory while it catches up: the same, however long the log is.

use std::process::Command;

use eventsource::postgres::{PostgresCheckpoints, PostgresDatabase, PostgresEventStore, PostgresOptions};
use eventsource::prelude::*;
use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase, SqliteEventStore};

use crate::domain::Orders;
use crate::measure::Pairs;
use crate::places;
use crate::settings::Settings;
use crate::table::{Reach, Row, Unit, thousands};
use crate::totals::Totals;

/// The longer log is so many times the shorter one.
const TIMES: usize = 5;

/// So often, since each takes long and tells much the same.
const REPEATS: usize = 3;

pub(super) async fn sqlite(settings: Settings) -> Vec<Row> {
    let (short, long) = lengths(&settings);
    let (short_place, long_place) = (places::sqlite::Place::migrated().await, places::sqlite::Place::migrated().await);
    short_place.fill(Orders::new(short));
    long_place.fill(Orders::new(long));
    let address = |place: &places::sqlite::Place| vec!["sqlite".to_owned(), place.file().display().to_string()];
    vec![row("SQLite", &settings, &address(&short_place), &address(&long_place))]
}

pub(super) async fn postgres(settings: Settings) -> Vec<Row> {
    let (short, long) = lengths(&settings);
    let short_place = places::postgres::Place::filled(Orders::new(short)).await;
    let long_place = places::postgres::Place::filled(Orders::new(long)).await;
    let address = |place: &places::postgres::Place| {
        let (url, schema) = place.address();
        vec!["postgres".to_owned(), url.to_owned(), schema.to_owned()]
    };
    let row = row("PostgreSQL", &settings, &address(&short_place), &address(&long_place));
    short_place.drop().await;
    long_place.drop().await;
    vec![row]
}

fn lengths(settings: &Settings) -> (usize, usize) {
    let short = if settings.tiny { settings.events } else { settings.events * 10 };
    (short, short * TIMES)
}

fn row(store: &str, settings: &Settings, short: &[String], long: &[String]) -> Row {
    let (few, many) = lengths(settings);
    let repeats = settings.repeats.min(REPEATS);
    let values = (0..repeats).map(|_| (peak(short, few), peak(long, many))).collect();
    Row {
        name: format!("peak-{}", store.to_lowercase().replace("postgresql", "postgres")),
        what: format!("peak memory of catching up over {} events, {store}", thousands(many as f64)),
        limit: format!("the same over {} events; both are to be under 50 MB", thousands(few as f64)),
        reach: Reach::AtMost(1.1),
        unit: Unit::Bytes,
        count: 1,
        pairs: Pairs { values },
    }
}

/// The peak of a process of its own, in bytes.
fn peak(address: &[String], events: usize) -> f64 {
    let child = Command::new(std::env::current_exe().unwrap()).arg("--peak-of").args(address).output().unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
    let answer = String::from_utf8(child.stdout).unwrap();
    let numbers: Vec<usize> = answer.split_whitespace().map(|number| number.parse().unwrap()).collect();
    assert_eq!(numbers[0], events, "the child has handled them all");
    numbers[1] as f64
}

/// In a process of its own: catches up over the log at `address`, and prints how many events there were and the peak of
/// the process's memory, as the kernel counts it.
pub async fn child(address: &[String]) {
    let handled = match address {
        [store, file] if store == "sqlite" => {
            let db = SqliteDatabase::open(file).await.unwrap();
            catch_up(SqliteEventStore::new(&db), SqliteCheckpoints::new(&db)).await
        }
        [store, url, schema] if store == "postgres" => {
            let options = PostgresOptions::new(url).unwrap().schema(schema);
            let db = PostgresDatabase::open_with(options).await.unwrap();
            catch_up(PostgresEventStore::new(&db), PostgresCheckpoints::new(&db)).await
        }
        other => panic!("no address: {other:?}"),
    };
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kib: usize = line.trim().trim_end_matches(" kB").parse().unwrap();
    println!("{handled} {}", kib * 1024);
}

async fn catch_up<S: EventStore, C: CheckpointStore>(store: S, checkpoints: C) -> u64 {
    let manager = SubscriptionManager::new(store, MemoryEventBus::new(), checkpoints);
    let totals = manager.subscribe(Totals::default(), SubscriptionConfig::default()).await.unwrap();
    manager.start().await.unwrap();
    totals.caught_up().await.unwrap();
    let Totals { placed, shipped, cancelled, .. } = *totals.read().await;
    manager.stop().await.unwrap();
    placed + shipped + cancelled
}
