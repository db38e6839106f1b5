//! Of two processes with the same subscription the owner hangs (SIGSTOP): the standby takes over, and the old owner,
//! when it wakes (SIGCONT), is fenced and has changed nothing. It stands by again, and takes over when its successor dies.

use std::time::{Duration, Instant};

use eventsource::AppendError;
use eventsource::prelude::*;
use eventsource::sqlite::{SqliteDatabase, SqliteEventStore, SqliteOptions};
use eventsource_tests::child::Child;
use eventsource_tests::domain::Bumped;

use crate::world::*;

/// Stops `child` during its work, and returns where the log ends; it is given more work where it was done before it was
/// stopped. On SQLite, between two batches: one that is stopped with the write lock of the file keeps every writer out,
/// the standby as well (see below).
async fn freeze<B: Sql>(world: &mut World<B>, child: &Child) -> Position {
    loop {
        world.sleep(20).await;
        child.stop();
        let (locked, head) = (world.backend.is_locked().await, world.head().await);
        let done = !locked && world.position().await == head;
        if !locked && !done {
            return head;
        }
        child.signal("-CONT");
        if done {
            world.append(50, None).await;
        }
    }
}

async fn an_owner_that_hangs_is_taken_over_and_fenced<B: Sql>() {
    let mut world = World::<B>::new().await;
    let [mut owner, mut standby] = world.pair(&["project", "1500"]).await;
    // Each of them is fenced once: a process that is fenced twice within a minute faults.
    for _ in 0..2 {
        let began = world.position().await;
        world.append(50, None).await;
        eventually("the owner commits", || async { world.position().await > began }).await;
        let head = freeze(&mut world, &owner).await;
        let (stopped, epoch) = (Instant::now(), world.epoch().await);
        let (position, _) = world.log.assert_adds_up(&world.backend).await;
        assert!(position < head, "it was stopped during its work");
        eventually("the standby takes over", || world.is_owner(&standby)).await;
        eventually("it goes on", || async { world.position().await > position }).await;
        println!("the standby went on {:?} after the owner was stopped", stopped.elapsed());
        if world.random.chance(0.5) {
            eventually("it finishes", || async { world.position().await == head }).await;
        }
        owner.signal("-CONT");
        while owner.line() != "fenced" {}
        while owner.line() != "standby" {}
        eventually("all is applied", || async { world.position().await == head }).await;
        world.log.assert_adds_up(&world.backend).await;
        assert_eq!(world.epoch().await, epoch + 1, "no other process has claimed it");
        std::mem::swap(&mut owner, &mut standby);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_that_hangs_on_sqlite_is_taken_over_and_fenced() {
    an_owner_that_hangs_is_taken_over_and_fenced::<Sqlite>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_that_hangs_on_postgres_is_taken_over_and_fenced() {
    an_owner_that_hangs_is_taken_over_and_fenced::<Postgres>().await;
}

/// Stops `child` where it holds no lock that keeps its successor out (see [`freeze`]).
async fn stop_without_lock<B: Sql>(world: &mut World<B>, child: &Child) {
    child.stop();
    while world.backend.is_locked().await {
        child.signal("-CONT");
        world.sleep(20).await;
        child.stop();
    }
}

/// Freezes `owner` until `standby` works, and lets it go on, which finds itself fenced.
async fn fence<B: Sql>(world: &mut World<B>, owner: &mut Child, standby: &Child) {
    world.append(20, None).await;
    freeze(world, owner).await;
    eventually("the standby takes over", || world.is_owner(standby)).await;
    owner.signal("-CONT");
    while owner.line() != "fenced" {}
}

async fn fenced_owner_takes_over_again_when_its_successor_is_killed<B: Sql>() {
    let mut world = World::<B>::new().await;
    let [mut owner, mut standby] = world.pair(&["project", "1000"]).await;
    fence(&mut world, &mut owner, &standby).await;
    standby.kill();
    world.append(5, None).await;
    let head = world.head().await;
    eventually("the fenced one works again", || world.is_owner(&owner)).await;
    eventually("all is applied", || async { world.position().await == head }).await;
    world.log.assert_adds_up(&world.backend).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fenced_owner_on_sqlite_takes_over_again_when_its_successor_is_killed() {
    fenced_owner_takes_over_again_when_its_successor_is_killed::<Sqlite>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fenced_owner_on_postgres_takes_over_again_when_its_successor_is_killed() {
    fenced_owner_takes_over_again_when_its_successor_is_killed::<Postgres>().await;
}

async fn owner_that_is_fenced_twice_within_a_minute_faults_and_is_not_live<B: Sql>() {
    let mut world = World::<B>::new().await;
    let [mut owner, mut standby] = world.pair(&["project", "1000"]).await;
    fence(&mut world, &mut owner, &standby).await;
    while owner.line() != "standby" {}
    stop_without_lock(&mut world, &standby).await;
    eventually("the first one works again", || world.is_owner(&owner)).await;
    standby.signal("-CONT");
    while standby.line() != "fenced" {}
    while standby.line() != "standby" {}
    stop_without_lock(&mut world, &owner).await;
    eventually("the second one works again", || world.is_owner(&standby)).await;
    owner.signal("-CONT");
    let mut said = owner.line();
    while !said.starts_with("faulted") {
        assert_ne!(said, "standby");
        said = owner.line();
    }
    assert_eq!(said, "faulted, live: false");
    world.append(5, None).await;
    let head = world.head().await;
    eventually("all is applied", || async { world.position().await == head }).await;
    world.log.assert_adds_up(&world.backend).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn owner_on_sqlite_that_is_fenced_twice_within_a_minute_faults_and_is_not_live() {
    owner_that_is_fenced_twice_within_a_minute_faults_and_is_not_live::<Sqlite>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn owner_on_postgres_that_is_fenced_twice_within_a_minute_faults_and_is_not_live() {
    owner_that_is_fenced_twice_within_a_minute_faults_and_is_not_live::<Postgres>().await;
}

/// A frozen process keeps its lock for as long as it lives: appends are refused after their
/// write timeout, the standby says what it waits for, and when the process wakes or dies all goes on.
async fn a_lock_of_sqlites_is_waited_for(then: &str) {
    let mut world = World::<Sqlite>::new().await;
    let [mut owner, mut standby] = world.pair(&["project", "1500", "20"]).await;
    world.append(3, None).await;
    loop {
        world.sleep(30).await;
        owner.stop();
        if world.backend.is_locked().await {
            break;
        }
        owner.signal("-CONT");
    }
    let position = world.position().await;
    let waits = standby.line();
    assert!(waits.starts_with("waiting: ") && waits.contains("locked"), "{waits}");
    let stream = StreamId::new("Counter", uuid::Uuid::now_v7());
    let impatient = SqliteOptions::new(world.backend.file()).write_timeout(Duration::from_millis(300));
    let store = SqliteEventStore::new(&SqliteDatabase::open_with(impatient).await.unwrap());
    let event = vec![NewEvent::of(&Bumped { by: 99 }).unwrap()];
    let refused = store.append(&stream, ExpectedVersion::Any, event).await;
    assert!(matches!(refused, Err(AppendError::Store(_))), "{refused:?}");
    assert_eq!(world.position().await, position);
    owner.signal(then);
    world.append(3, None).await;
    let head = world.head().await;
    eventually("all goes on", || async { world.position().await == head }).await;
    world.log.assert_adds_up(&world.backend).await;
    assert_eq!(owner.is_running(), then == "-CONT");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_that_hangs_with_the_lock_of_sqlite_is_waited_for_until_it_wakes() {
    a_lock_of_sqlites_is_waited_for("-CONT").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_that_hangs_with_the_lock_of_sqlite_is_waited_for_until_it_dies() {
    a_lock_of_sqlites_is_waited_for("-KILL").await;
}
