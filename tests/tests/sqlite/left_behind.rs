//! Units that are dropped, cancelled or torn down by a panic.

use std::time::Duration;

use eventsource::Position;
use eventsource::projection::{CheckpointStore, CheckpointUpdate, Inject, UnitOfWork};
use eventsource::sqlx::{self, Connection, SqliteConnection};

use crate::world::{insert, run, world};

#[tokio::test]
async fn a_dropped_unit_leaves_nothing() {
    let world = world().await;
    let mut unit = world.checkpoints.begin().await.unwrap();
    insert(&mut unit).await;
    drop(unit);

    // A task that is cancelled inside a handler, with a nested transaction open and a statement under way.
    let checkpoints = world.checkpoints.clone();
    let (started, running) = tokio::sync::oneshot::channel();
    let task = tokio::spawn(async move {
        let mut unit = checkpoints.begin().await.unwrap();
        insert(&mut unit).await;
        let mut conn = SqliteConnection::inject(&mut unit).await.unwrap();
        let mut tx = conn.begin().await.unwrap();
        started.send(()).unwrap();
        loop {
            sqlx::query("INSERT INTO rows DEFAULT VALUES").execute(&mut *tx).await.unwrap();
        }
    });
    running.await.unwrap();
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());

    // A handler that panics, and one that ended the transaction before.
    for sql in ["INSERT INTO rows DEFAULT VALUES", "COMMIT"] {
        let checkpoints = world.checkpoints.clone();
        let task = tokio::spawn(async move {
            let mut unit = checkpoints.begin().await.unwrap();
            let _ = run(&mut unit, sql).await;
            let _lent = SqliteConnection::inject(&mut unit).await.unwrap();
            panic!("on purpose");
        });
        assert!(task.await.unwrap_err().is_panic());
    }
    world.is_untouched_and_usable().await;
}

/// A commit that is cancelled has happened or not; the row and the checkpoint agree, and the pool stays clean.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_commit_is_whole_or_absent() {
    let world = world().await;
    let (mut position, mut rows) = (Position::START, 0);
    for (next, micros) in (1..).zip((0..60).map(|n| n * 40)) {
        let mut unit = world.checkpoints.begin().await.unwrap();
        insert(&mut unit).await;
        let step = CheckpointUpdate::new("rows", world.step.epoch, position, Position::new(next));
        let _ = tokio::time::timeout(Duration::from_micros(micros), unit.commit(&step)).await;
        // The next unit waits until the one before is done with.
        world.checkpoints.begin().await.unwrap().rollback().await;
        let now = world.position().await;
        rows += i64::from(now != position);
        assert_eq!(world.rows().await, rows);
        position = now;
    }
}
