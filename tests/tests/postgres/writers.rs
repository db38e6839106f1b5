//! Writers whose transactions commit in another order than that of their positions, while a reader reads: nothing is
//! skipped (no gaps), and a naive reader skips much.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use eventsource::postgres::PostgresEventStore;
use eventsource::prelude::*;
use eventsource::sqlx::{self, Connection as _, PgConnection};
use eventsource::testing::Random;
use eventsource_tests::wait::eventually;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::steps::{append, append_in, order, placed, read, store_is_free};
use crate::world::World;

/// A writer: plain appends, appends in transactions that linger, savepoints rolled back, and rollbacks.
async fn write(store: PostgresEventStore, mut conn: PgConnection, seed: u64, until: Instant) -> u64 {
    let (mut random, mut committed) = (Random::new(seed), 0);
    while Instant::now() < until {
        let events = 1 + random.below(3) as usize;
        match random.below(10) {
            0..4 => {
                store.append(&order(), ExpectedVersion::Any, placed(events)).await.unwrap();
                committed += events as u64;
            }
            how => {
                let mut tx = conn.begin().await.unwrap();
                sleep(random.delay(Duration::from_millis(3))).await;
                if how >= 8 {
                    let mut inner = tx.begin().await.unwrap();
                    store.append_in(&mut inner, &order(), ExpectedVersion::Any, placed(events)).await.unwrap();
                    sleep(random.delay(Duration::from_millis(5))).await;
                    inner.rollback().await.unwrap();
                    sleep(random.delay(Duration::from_millis(5))).await;
                }
                store.append_in(&mut tx, &order(), ExpectedVersion::Any, placed(events)).await.unwrap();
                sleep(random.delay(Duration::from_millis(15))).await;
                if how % 4 == 0 {
                    tx.rollback().await.unwrap();
                } else {
                    tx.commit().await.unwrap();
                    committed += events as u64;
                }
            }
        }
    }
    committed
}

/// Reads the log page by page until `done`: what was seen, in order, and in how many pages.
fn reader(world: &World, done: &Arc<AtomicBool>) -> JoinHandle<(Vec<Position>, u32)> {
    let (store, done) = (world.store.clone(), Arc::clone(done));
    tokio::spawn(async move {
        let (mut after, mut seen, mut pages) = (Position::START, Vec::new(), 0);
        loop {
            let last = done.load(Ordering::SeqCst);
            let (events, horizon) = read(&store, after).await;
            assert!(events.iter().all(|position| *position > after), "behind the horizon {after}: {events:?}");
            seen.extend(events);
            assert!(horizon >= after && seen.last().is_none_or(|last| *last <= horizon));
            after = horizon;
            pages += 1;
            if last {
                return (seen, pages);
            }
        }
    })
}

/// Reads whatever is there after the last position, until `done`: how many it saw.
async fn naive_reader(world: &World, done: &Arc<AtomicBool>) -> JoinHandle<usize> {
    let (mut conn, done) = (world.schema.connect().await, Arc::clone(done));
    let sql = world.sql("SELECT position FROM {schema}.eventsource_events WHERE position > $1 ORDER BY position").0;
    tokio::spawn(async move {
        let (mut after, mut seen) = (0_i64, 0);
        loop {
            let last = done.load(Ordering::SeqCst);
            let query = sqlx::query_scalar(sqlx::AssertSqlSafe(sql.clone())).bind(after);
            let events: Vec<i64> = query.fetch_all(&mut conn).await.unwrap();
            seen += events.len();
            after = events.last().copied().unwrap_or(after);
            if last {
                return seen;
            }
        }
    })
}

/// So many writers for so long, and a reader who misses nothing of them. How many a naive one missed.
async fn count_what_a_naive_reader_misses(world: &World, writers: u64, time: Duration) -> usize {
    let done = Arc::new(AtomicBool::new(false));
    let (reader, naive) = (reader(world, &done), naive_reader(world, &done).await);
    let (mut random, until) = (Random::from_environment(), Instant::now() + time);
    let mut all = Vec::new();
    for _ in 0..writers {
        let conn = world.schema.connect().await;
        all.push(tokio::spawn(write(world.store.clone(), conn, random.number(), until)));
    }
    let mut committed = 0;
    for writer in all {
        committed += writer.await.unwrap();
    }
    done.store(true, Ordering::SeqCst);
    let ((seen, pages), naive) = (reader.await.unwrap(), naive.await.unwrap());
    let stored: Vec<i64> =
        sqlx::query_scalar(world.sql("SELECT position FROM {schema}.eventsource_events ORDER BY position"))
            .fetch_all(world.db.pool())
            .await
            .unwrap();
    let missed = stored.len() - naive;
    println!(
        "{committed} events by {writers} writers in {time:?}, read in {pages} pages: {} missed; the naive reader missed \
         {missed}",
        stored.len() - seen.len(),
    );
    assert_eq!(stored.len() as u64, committed);
    assert!(seen.is_sorted_by(|a, b| a < b), "in order, and nothing twice");
    assert!(seen.iter().map(|position| position.value() as i64).eq(stored.iter().copied()));
    assert!(store_is_free(world).await);
    missed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_writers_with_delays_and_rollbacks_lose_nothing_that_a_naive_reader_loses() {
    let world = World::with(|options| options.connections(60)).await;
    let missed = count_what_a_naive_reader_misses(&world, 20, Duration::from_secs(6)).await;
    assert!(missed > 0, "a run in which a naive reader misses nothing proves nothing");
}

/// The order of the questions is what makes the horizon true: first what was drawn, then who appends. Between the second
/// and what follows a reader is stopped here, while one appends and another one commits.
#[tokio::test]
async fn a_reader_that_is_stopped_between_its_questions_misses_nothing() {
    let world = World::new().await;
    let mut conn = world.schema.connect().await;
    let view = "SELECT pg_get_viewdef('{schema}.eventsource_appending'::regclass)";
    let view: String = sqlx::query_scalar(world.sql(view)).fetch_one(&mut conn).await.unwrap();
    let waits = format!(
        "CREATE OR REPLACE VIEW {{schema}}.eventsource_appending AS WITH seen AS MATERIALIZED ({}), gate AS MATERIALIZED \
         (SELECT pg_advisory_xact_lock_shared(count(*)::int * 0, {{gate}}) FROM seen) \
         SELECT seen.* FROM gate LEFT JOIN seen ON true",
        view.trim_end_matches(';')
    );
    let gate: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut conn).await.unwrap();
    world.run(&mut conn, &waits.replace("{gate}", &gate.to_string())).await.unwrap();
    world.run(&mut conn, &format!("SELECT pg_advisory_lock(0, {gate})")).await.unwrap();
    let reader = tokio::spawn({
        let store = world.store.clone();
        async move { read(&store, Position::START).await }
    });
    let stopped = format!("SELECT EXISTS (SELECT FROM pg_locks WHERE objid = {gate} AND objsubid = 2 AND NOT granted)");
    eventually("the reader is stopped", || async {
        let asked = sqlx::query_scalar(sqlx::AssertSqlSafe(stopped.clone()));
        asked.fetch_one(world.db.pool()).await.unwrap()
    })
    .await;
    let mut other = world.schema.connect().await;
    let mut tx = other.begin().await.unwrap();
    let open = append_in(&world.store, &mut tx).await;
    let later = append(&world.store).await;
    assert!(open < later);
    world.run(&mut conn, &format!("SELECT pg_advisory_unlock(0, {gate})")).await.unwrap();
    assert_eq!(reader.await.unwrap(), (vec![], Position::START));
    tx.commit().await.unwrap();
    assert_eq!(read(&world.store, Position::START).await, (vec![open, later], later));
}
