//! Memory is bounded by the size of a page where events are large, as the kernel counts it.

use std::process::Command;

use eventsource_tests::backend::{Backend as _, Postgres, Sql, Sqlite};

/// So many events of 1 MiB.
const EVENTS: u64 = 300;

/// The peak memory of a child that does `what`, in MiB.
async fn peak(backend: &impl Sql, what: &str) -> u64 {
    let mut child = Command::new(env!("CARGO_BIN_EXE_large_child"));
    child.args(backend.arguments()).args([what, &EVENTS.to_string()]);
    let output = tokio::task::spawn_blocking(move || child.output().unwrap()).await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{what}: {said} {}", String::from_utf8_lossy(&output.stderr));
    let (seen, kib) = said.trim().split_once(' ').unwrap();
    assert_eq!(seen.parse::<u64>().unwrap(), EVENTS, "{what}");
    kib.parse::<u64>().unwrap() / 1024
}

/// A page is 8 MiB. A program that holds all events holds 300 MiB and more.
async fn memory_is_bounded(backend: &impl Sql) {
    let (append, project, load) =
        (peak(backend, "append").await, peak(backend, "project").await, peak(backend, "load").await);
    let (fold, replay) = (peak(backend, "fold").await, peak(backend, "replay").await);
    let (events, engine) = (peak(backend, "replay-events").await, peak(backend, "engine").await);
    println!("peaks: {append} MiB appending, {project} MiB projecting, {load} MiB loading, {fold} MiB folding");
    println!("peaks of an engine: {replay} MiB replaying, {events} MiB replaying an iterator, {engine} MiB subscribed");
    assert!(append < 150, "appending takes {append} MiB");
    assert!(project < 150, "projecting takes {project} MiB");
    assert!(load < 100, "loading an aggregate takes {load} MiB");
    assert!(fold < 150, "a fold takes {fold} MiB");
    assert!(replay < 150, "a replay of the log takes {replay} MiB");
    assert!(events < 150, "a replay of an iterator takes {events} MiB");
    assert!(engine < 150, "an engine that is subscribed takes {engine} MiB");
}

#[tokio::test]
async fn memory_is_bounded_by_a_page_on_sqlite() {
    memory_is_bounded(&Sqlite::open().await).await;
}

#[tokio::test]
async fn memory_is_bounded_by_a_page_on_postgres() {
    memory_is_bounded(&Postgres::open().await).await;
}
