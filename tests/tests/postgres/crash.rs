//! Connections that are terminated, processes that are killed and frozen, a server that crashes: nothing is lost, and
//! nothing doubled.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use eventsource::AppendError;
use eventsource::prelude::*;
use eventsource::projection::Claim;
use eventsource::sqlx::{self, Connection as _, PgConnection};
use eventsource::subscription::{RetryPolicy, SubscriptionState};
use eventsource::testing::Random;
use eventsource_tests::child::Child;
use eventsource_tests::domain::{Bumped, bump};
use eventsource_tests::postgres::{Schema, Server};
use eventsource_tests::soak::Rounds;
use eventsource_tests::wait::eventually;
use tokio::time::sleep;
use uuid::Uuid;

use crate::world::World;

fn start(world: &World, what: &[&str]) -> Child {
    let arguments = [world.schema.url(), world.schema.name()].into_iter().chain(what.iter().copied());
    Child::start(env!("CARGO_BIN_EXE_pg_child"), arguments)
}

async fn position(world: &World) -> Position {
    world.checkpoint("bump-rows").await.unwrap_or_default()
}

/// Appends until `events` more than have been applied are there.
async fn fill(world: &World, random: &mut Random, events: i64) {
    let sql = "SELECT (SELECT count(*) FROM {schema}.eventsource_events) - (SELECT count(*) FROM {schema}.bumps)";
    while sqlx::query_scalar::<_, i64>(world.sql(sql)).fetch_one(world.db.pool()).await.unwrap() < events {
        let numbers: Vec<_> = (0..300).map(|_| random.below(1_000)).collect();
        bump(&world.store, numbers).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again_the_rows_equal_a_fold_of_the_log() {
    let mut random = Random::from_environment();
    let world = World::new().await;
    let (mut kills, mut during) = (Rounds::at_least(30), 0);
    while kills.another() {
        fill(&world, &mut random, 900).await;
        let (before, head) = (position(&world).await, world.store.head().await.unwrap());
        let mut child = start(&world, &["project"]);
        if random.below(6) > 0 {
            eventually("the child commits for the first time", || async { position(&world).await > before }).await;
        }
        sleep(random.delay(Duration::from_millis(60))).await;
        child.kill();
        // The server notices a little later, and ends the transaction that was open.
        let fingerprint = "bump-rows v1: Bumped, Cleared";
        world.checkpoints.claim(&Claim::new("bump-rows", fingerprint, Position::START)).await.unwrap();
        let after = position(&world).await;
        during += u32::from(before < after && after < head);
        let rows = world.rows.rows(world.db.pool()).await.unwrap();
        let last = rows.last().map_or(0, |(position, _)| *position);
        assert_eq!(last as u64, after.value(), "after each kill the rows are where the checkpoint is");
    }
    let kills = kills.done();
    println!("{kills} kills, {during} of them between the child's first and last commit");
    assert!(during * 3 >= kills * 2, "only {during} of {kills} kills fell between the child's first and last commit");
    start(&world, &["project", "once"]).finish();
    world.assert_rows_equal_the_log().await;
}

/// Appends one event again and again, until it is told to stop; says how often it was answered by an error.
fn appending(world: &World, stop: &Arc<AtomicBool>) -> tokio::task::JoinHandle<(u64, u64)> {
    let (store, stop) = (world.store.clone(), Arc::clone(stop));
    tokio::spawn(async move {
        let (mut stored, mut failed) = (0, 0);
        while !stop.load(Ordering::SeqCst) {
            // A retry of the same event is refused as a duplicate where the lost answer was a success.
            let event = NewEvent::of(&Bumped { by: stored }).unwrap();
            let stream = StreamId::new("Counter", Uuid::now_v7());
            loop {
                match store.append(&stream, ExpectedVersion::NoStream, vec![event.clone()]).await {
                    Ok(_) => break,
                    Err(AppendError::Conflict { actual: 1, .. } | AppendError::DuplicateEvent { .. }) => break,
                    Err(AppendError::Store(_)) => {
                        failed += 1;
                        sleep(Duration::from_millis(5)).await;
                    }
                    Err(error) => panic!("{error}"),
                }
            }
            stored += 1;
        }
        (stored, failed)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn terminated_connections_are_waited_out_and_the_rows_equal_a_fold_of_the_log() {
    let mut random = Random::from_environment();
    let schema = Schema::migrated().await;
    let name = format!("terminated-{}", Uuid::now_v7().simple());
    let connect: sqlx::postgres::PgConnectOptions = schema.url().parse().unwrap();
    let connect = connect.application_name(&name);
    let schema_name = schema.name().to_owned();
    let world = World::on(schema, |_| {
        eventsource::postgres::PostgresOptions::from_connect_options(connect).schema(schema_name)
    })
    .await;
    let mut killer = PgConnection::connect(world.schema.url()).await.unwrap();
    let manager = world.manager();
    // Whatever counted against a handler would fault the subscription.
    let config = SubscriptionConfig::default().batch_size(3).retry(RetryPolicy::never());
    let rows = manager.subscribe(world.rows.clone(), config).await.unwrap();
    fill(&world, &mut random, 900).await;
    manager.start().await.unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let appender = appending(&world, &stop);

    let (mut rounds, mut during, mut terminated) = (Rounds::at_least(30), 0, 0);
    while rounds.another() {
        let before = rows.inspect().await.position;
        sleep(random.delay(Duration::from_millis(60))).await;
        let sql = "SELECT c.position < max(e.position) FROM {schema}.eventsource_events e, {schema}.eventsource_checkpoints c \
                   GROUP BY c.position";
        // Before the first claim there is no checkpoint.
        let working: Option<bool> = sqlx::query_scalar(world.sql(sql)).fetch_optional(&mut killer).await.unwrap();
        during += u32::from(working.unwrap_or_default());
        let sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = $1";
        let ended: i64 = sqlx::query_scalar(sql).bind(&name).fetch_one(&mut killer).await.unwrap();
        terminated += ended;
        eventually("the subscription goes on", || async { rows.inspect().await.position > before }).await;
        let status = rows.inspect().await;
        assert!(status.state.is_running(), "{:?}", status.state);
    }
    stop.store(true, Ordering::SeqCst);
    let (stored, failed) = appender.await.unwrap();
    let rounds = rounds.done();
    println!(
        "{rounds} times {terminated} connections in all terminated, {during} times between the first and the last commit; \
              {stored} appends meanwhile, {failed} answered by an error"
    );
    assert!(during * 3 >= rounds * 2, "only {during} of {rounds} fell while there was work");
    assert!(failed * 10 <= u64::from(rounds), "who lost a connection is answered on another one: {failed} errors");
    // The appender was faster than batches of three events, for as long as the soak lasts.
    rows.caught_up().within(Duration::from_secs(600)).await.unwrap();
    world.assert_rows_equal_the_log().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_crashes_under_load_is_waited_out() {
    let mut random = Random::from_environment();
    // A server of its own, which others do not need.
    let mut server = Server::start();
    let schema = Schema::unmade_on(&server.url());
    schema.options().migrate().await.unwrap();
    let world = World::on(schema, |options| options.acquire_timeout(Duration::from_secs(1))).await;
    let manager = world.manager();
    let config = SubscriptionConfig::default().batch_size(5).retry(RetryPolicy::never());
    let rows = manager.subscribe(world.rows.clone(), config).await.unwrap();
    fill(&world, &mut random, 1_500).await;
    manager.start().await.unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let appenders = [appending(&world, &stop), appending(&world, &stop)];
    let mut waited = 0;
    for _ in 0..4 {
        sleep(random.delay(Duration::from_millis(200))).await;
        let before = rows.inspect().await.position;
        server.stop();
        eventually("the outage shows", || async {
            matches!(rows.inspect().await.state, SubscriptionState::Waiting { .. })
        })
        .await;
        waited += 1;
        server.resume();
        eventually("the subscription goes on", || async { rows.inspect().await.position > before }).await;
    }
    stop.store(true, Ordering::SeqCst);
    let (mut stored, mut failed) = (0, 0);
    for appender in appenders {
        let (ok, no) = appender.await.unwrap();
        (stored, failed) = (stored + ok, failed + no);
    }
    println!("{waited} crashes under load; {stored} appends, {failed} answered by an error");
    rows.caught_up().within(Duration::from_secs(60)).await.unwrap();
    world.assert_rows_equal_the_log().await;
    let status = rows.inspect().await;
    assert!(matches!(status.state, SubscriptionState::Live), "{:?}", status.state);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_appender_does_not_hold_the_log_for_ever() {
    let world = World::new().await;
    let mut frozen = start(&world, &["append"]);
    assert_eq!(frozen.line(), "open");
    frozen.stop();
    let since = Instant::now();
    let position = bump(&world.store, [1]).await;
    assert_eq!(world.store.head().await.unwrap(), Position::START, "the frozen append holds it back");
    eventually("the log goes on", || async { world.store.head().await.unwrap() == position }).await;
    println!("an appender that was stopped held the log back for {:?}", since.elapsed());
    frozen.signal("-CONT");
    frozen.tell("commit");
    assert_eq!(frozen.line(), "refused");
    frozen.finish();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_runner_is_fenced_when_it_wakes_and_stands_by() {
    let mut random = Random::from_environment();
    let world = World::new().await;
    fill(&world, &mut random, 1_500).await;
    let mut frozen = start(&world, &["project"]);
    assert_eq!(frozen.line(), "started");
    eventually("it commits", || async { position(&world).await > Position::START }).await;
    frozen.stop();
    let before = position(&world).await;
    assert!(before < world.store.head().await.unwrap(), "it was stopped during its work");
    let since = Instant::now();
    let manager = world.manager();
    let rows = manager.subscribe(world.rows.clone(), SubscriptionConfig::default()).await.unwrap();
    manager.start().await.unwrap();
    eventually("another one goes on", || async { position(&world).await > before }).await;
    println!("another runner went on {:?} after the first was stopped", since.elapsed());
    rows.caught_up().await.unwrap();
    frozen.signal("-CONT");
    assert_eq!(frozen.line(), "fenced");
    rows.wait_for(bump(&world.store, [7]).await).await.unwrap();
    world.assert_rows_equal_the_log().await;
    manager.stop().await.unwrap();
    let next = bump(&world.store, [8]).await;
    eventually("the fenced one takes over again", || async { position(&world).await == next }).await;
    world.assert_rows_equal_the_log().await;
}

/// Of two processes that project under one name, at the same time, one works in the end, and nothing is applied twice.
#[tokio::test(flavor = "multi_thread")]
async fn two_processes_under_one_name_apply_each_event_once() {
    let mut random = Random::from_environment();
    let world = World::new().await;
    for _ in 0..4 {
        fill(&world, &mut random, 600).await;
        let mut both = [start(&world, &["project"]), start(&world, &["project"])];
        let at = world.store.head().await.unwrap();
        eventually("one of them applies all of it", || async { position(&world).await == at }).await;
        for process in &mut both {
            assert!(process.is_running(), "the one works, the other stands by");
        }
        // Whichever of them is left goes on, or takes over.
        both[random.below(2) as usize].kill();
        let next = bump(&world.store, [7]).await;
        eventually("it goes on", || async { position(&world).await == next }).await;
        world.assert_rows_equal_the_log().await;
    }
}
