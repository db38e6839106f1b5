//! A handler that ends the batch's transaction, or leaves one of its own open.

use eventsource::Position;
use eventsource::projection::{CheckpointStore, CommitError, Inject, UnitOfWork};
use eventsource::sqlite::{SqliteDatabase, SqliteOptions};
use eventsource::sqlx::{self, Connection, SqliteConnection};
use tempfile::TempDir;

use crate::world::{insert, run, world, world_on};

#[tokio::test]
async fn a_handler_that_ends_the_transaction_leaves_nothing() {
    for sql in [
        "COMMIT",
        "END",
        "ROLLBACK",
        "COMMIT; BEGIN",
        "ROLLBACK; BEGIN",
        "ROLLBACK; BEGIN IMMEDIATE; SAVEPOINT mine",
        "COMMIT; BEGIN; INSERT INTO rows DEFAULT VALUES; COMMIT",
        "INSERT INTO rows VALUES (99); INSERT OR ROLLBACK INTO rows VALUES (99)",
    ] {
        let world = world().await;
        let mut unit = world.checkpoints.begin().await.unwrap();
        insert(&mut unit).await;
        let _ = run(&mut unit, sql).await;
        assert!(!unit.is_intact(), "{sql}: told without asking the database");
        // What is written afterwards stands in no transaction; and parts of the handler's SQL after an error did not run.
        for later in ["INSERT INTO rows DEFAULT VALUES", "BEGIN; INSERT INTO rows DEFAULT VALUES; COMMIT"] {
            let _ = run(&mut unit, later).await;
        }
        assert_eq!(world.rows().await, 0, "{sql}");
        let refused = unit.commit(&world.step).await;
        assert!(matches!(refused, Err(CommitError::TransactionEnded)), "{sql}: {refused:?}");
        world.is_untouched_and_usable().await;
    }
}

/// Its name is the batch's own.
#[tokio::test]
async fn no_handler_releases_the_batchs_savepoint_or_rolls_back_to_it() {
    for sql in ["RELEASE eventsource", "RELEASE eventsource_batch", "ROLLBACK TO eventsource_batch"] {
        let world = world().await;
        let mut unit = world.checkpoints.begin().await.unwrap();
        insert(&mut unit).await;
        run(&mut unit, sql).await.unwrap_err();
        unit.commit(&world.step).await.unwrap();
        assert_eq!(world.rows().await, 1, "{sql}");
    }
}

#[tokio::test]
async fn a_nested_transaction_is_a_savepoint() {
    let world = world().await;
    let mut unit = world.checkpoints.begin().await.unwrap();
    {
        let mut conn = SqliteConnection::inject(&mut unit).await.unwrap();
        for keep in [true, false] {
            let mut tx = conn.begin().await.unwrap();
            sqlx::query("INSERT INTO rows DEFAULT VALUES").execute(&mut *tx).await.unwrap();
            if keep {
                tx.commit().await.unwrap();
            }
        }
    }
    assert!(unit.is_intact());
    unit.commit(&world.step).await.unwrap();
    assert_eq!((world.rows().await, world.position().await), (1, Position::new(5)));
}

#[tokio::test]
async fn a_nested_transaction_left_open_is_found_out() {
    let world = world().await;
    let mut unit = world.checkpoints.begin().await.unwrap();
    {
        let mut conn = SqliteConnection::inject(&mut unit).await.unwrap();
        let mut tx = conn.begin().await.unwrap();
        sqlx::query("INSERT INTO rows DEFAULT VALUES").execute(&mut *tx).await.unwrap();
        std::mem::forget(tx);
    }
    let refused = unit.commit(&world.step).await;
    assert!(matches!(refused, Err(CommitError::TransactionEnded)), "{refused:?}");
    world.is_untouched_and_usable().await;
}

#[tokio::test]
async fn a_database_in_memory_survives_a_handler_that_ends_the_transaction() {
    for sql in ["COMMIT", "ROLLBACK", "COMMIT; BEGIN", "SAVEPOINT mine; ROLLBACK"] {
        let db = SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await.unwrap();
        let world = world_on(db, TempDir::new().unwrap()).await;
        let mut unit = world.checkpoints.begin().await.unwrap();
        insert(&mut unit).await;
        let _ = run(&mut unit, sql).await;
        let refused = unit.commit(&world.step).await;
        assert!(matches!(refused, Err(CommitError::TransactionEnded)), "{sql}: {refused:?}");
        world.is_untouched_and_usable().await;
    }
}
