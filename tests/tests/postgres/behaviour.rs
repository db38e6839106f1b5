//! Projections at work: exactly once, and what a handler may not do.

use eventsource::postgres::PostgresEventStore;
use eventsource::prelude::*;
use eventsource::projection::{Claim, CommitError};
use eventsource::sqlx::{self, Connection as _, PgConnection};
use eventsource::subscription::{SubscribeError, SubscriptionState};
use eventsource_tests::domain::{Bumped, Seen, bump, note};
use eventsource_tests::wait::eventually;

use crate::world::{World, quick};

/// What a handler does that it may not, at the bump by 7.
enum Misdeed {
    Fails,
    Sql(&'static str),
    /// And then fails by what the statement answered.
    SqlWithItsError(&'static str),
    LeavesOpen,
    Appends(PostgresEventStore),
}

/// Writes each bump, and commits a misdeed at 7.
struct Misbehaves(Misdeed, String);

#[projection(name = "misbehaves")]
impl Misbehaves {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Event<Bumped>, db: &mut PgConnection) -> Result<(), HandlerError> {
        let insert = sqlx::AssertSqlSafe(format!("INSERT INTO {}.bumps (position, by) VALUES ($1, $2)", self.1));
        let position = event.position().value() as i64;
        sqlx::query(insert).bind(position).bind(event.by as i64).execute(&mut *db).await?;
        if event.by != 7 {
            return Ok(());
        }
        match &self.0 {
            Misdeed::Fails => return Err(HandlerError::transient("not this one")),
            Misdeed::Sql(sql) => {
                let _ = sqlx::raw_sql(*sql).execute(&mut *db).await;
                let insert = format!("INSERT INTO {}.bumps (position, by) VALUES (0, 666)", self.1);
                let _ = sqlx::raw_sql(sqlx::AssertSqlSafe(insert)).execute(&mut *db).await;
            }
            Misdeed::SqlWithItsError(sql) => sqlx::raw_sql(*sql).execute(&mut *db).await.map(|_| ())?,
            Misdeed::LeavesOpen => std::mem::forget(db.begin().await?),
            Misdeed::Appends(store) => {
                let stream = StreamId::new("Note", uuid::Uuid::now_v7());
                store.append(&stream, ExpectedVersion::Any, vec![NewEvent::raw("Noted", 1, "{}")]).await?;
            }
        }
        Ok(())
    }
}

fn misbehaves(world: &World, misdeed: Misdeed) -> Misbehaves {
    Misbehaves(misdeed, world.schema.name().to_owned())
}

#[tokio::test]
async fn rows_and_checkpoint_survive_together_and_nothing_is_replayed() {
    let world = World::new().await;
    let mut expected = Vec::new();
    for round in 0..4 {
        let manager = world.manager();
        let rows = manager.subscribe(world.rows.clone(), SubscriptionConfig::default()).await.unwrap();
        bump(&world.store, [round, round + 10]).await;
        note(&world.store, 2).await;
        expected.extend([round as i64, round as i64 + 10]);
        manager.start().await.unwrap();
        rows.caught_up().await.unwrap();
        assert_eq!(rows.inspect().await.events_handled, 2);
        manager.stop().await.unwrap();
        assert_eq!(world.numbers().await, expected);
        assert_eq!(world.checkpoint("bump-rows").await, rows.inspect().await.position);
    }
    let checkpoint = world.checkpoints.load("bump-rows").await.unwrap().unwrap();
    assert_eq!((checkpoint.epoch, checkpoint.fingerprint.as_str()), (4, "bump-rows v1: Bumped, Cleared"));
}

#[tokio::test]
async fn a_failing_event_keeps_the_good_prefix_and_leaves_nothing_of_itself() {
    let world = World::new().await;
    let manager = world.manager();
    let rows = manager.subscribe(misbehaves(&world, Misdeed::Fails), quick(3)).await.unwrap();
    let position = bump(&world.store, 1..=10).await;
    manager.start().await.unwrap();
    let error = rows.wait_for(position).await.unwrap_err().to_string();
    assert!(error.contains("position 7") && error.contains("3 times: not this one"), "{error}");
    assert_eq!(world.checkpoint("misbehaves").await, Some(Position::new(6)));
    assert_eq!(world.numbers().await, [1, 2, 3, 4, 5, 6]);
}

#[tokio::test]
async fn the_error_of_a_statement_is_what_is_reported() {
    let world = World::new().await;
    let manager = world.manager();
    let misdeed = Misdeed::SqlWithItsError("SELECT 1 / 0");
    let rows = manager.subscribe(misbehaves(&world, misdeed), quick(2)).await.unwrap();
    let position = bump(&world.store, 1..=10).await;
    manager.start().await.unwrap();
    let error = rows.wait_for(position).await.unwrap_err().to_string();
    assert!(error.contains("position 7") && error.contains("division by zero"), "{error}");
    assert!(!error.contains("aborted"), "{error}");
    assert_eq!(world.numbers().await, [1, 2, 3, 4, 5, 6]);
}

#[tokio::test]
async fn a_handler_that_ends_the_transaction_faults_and_leaves_nothing() {
    for sql in ["COMMIT", "ROLLBACK", "END", "COMMIT; BEGIN", "ROLLBACK; BEGIN; SAVEPOINT eventsource_batch"] {
        let world = World::new().await;
        let manager = world.manager();
        let rows = manager.subscribe(misbehaves(&world, Misdeed::Sql(sql)), quick(5)).await.unwrap();
        let position = bump(&world.store, 1..=7).await;
        manager.start().await.unwrap();
        let error = rows.wait_for(position).await.unwrap_err();
        let status = rows.inspect().await;
        let SubscriptionState::Faulted { failure } = &status.state else { panic!("{sql}: {:?}", status.state) };
        assert_eq!(failure.attempts, 1, "{sql}: it is not retried");
        assert!(error.to_string().contains("ended the batch's transaction itself"), "{sql}: {error}");
        assert!(world.numbers().await.is_empty(), "{sql}");
        assert_eq!(world.checkpoint("misbehaves").await, Some(Position::START), "{sql}");
        bump(&world.store, [11]).await;
    }
}

#[tokio::test]
async fn a_handler_that_passes_over_a_failed_statement_is_named() {
    let world = World::new().await;
    let manager = world.manager();
    let rows = manager.subscribe(misbehaves(&world, Misdeed::Sql("SELECT 1/0")), quick(2)).await.unwrap();
    let position = bump(&world.store, 1..=10).await;
    manager.start().await.unwrap();
    let error = rows.wait_for(position).await.unwrap_err().to_string();
    assert!(error.contains("position 7") && error.contains("ignored a failed statement"), "{error}");
    assert_eq!(world.numbers().await, [1, 2, 3, 4, 5, 6]);
}

#[tokio::test]
async fn a_handler_that_commits_and_says_so_is_named() {
    let world = World::new().await;
    let manager = world.manager();
    let misdeed = Misdeed::SqlWithItsError("COMMIT");
    let rows = manager.subscribe(misbehaves(&world, misdeed), quick(2)).await.unwrap();
    let position = bump(&world.store, 1..=10).await;
    manager.start().await.unwrap();
    let error = rows.wait_for(position).await.unwrap_err().to_string();
    assert!(error.contains("position 7") && error.contains("tries to commit the transaction of its batch"), "{error}");
    assert_eq!(world.numbers().await, [1, 2, 3, 4, 5, 6]);
}

#[tokio::test]
async fn a_transaction_left_open_in_the_batch_moves_nothing() {
    let world = World::new().await;
    let manager = world.manager();
    let rows = manager.subscribe(misbehaves(&world, Misdeed::LeavesOpen), quick(5)).await.unwrap();
    let position = bump(&world.store, [7]).await;
    manager.start().await.unwrap();
    let error = rows.wait_for(position).await.unwrap_err();
    assert!(error.to_string().contains("leaving a transaction of its own open"), "{error}");
    let status = rows.inspect().await;
    let SubscriptionState::Faulted { failure } = &status.state else { panic!("{error}") };
    assert!(failure.error.is_caused_by::<CommitError>(), "{error}");
    assert_eq!((world.numbers().await, world.checkpoint("misbehaves").await), (vec![], Some(Position::START)));
}

#[tokio::test]
async fn a_handler_may_append_through_the_store() {
    let world = World::new().await;
    let manager = world.manager();
    let misdeed = Misdeed::Appends(world.store.clone());
    let rows = manager.subscribe(misbehaves(&world, misdeed), quick(2)).await.unwrap();
    let position = bump(&world.store, [7]).await;
    manager.start().await.unwrap();
    rows.wait_for(position).await.unwrap();
    assert!(world.store.head().await.unwrap() > position);
}

#[tokio::test]
async fn a_memory_projection_over_durable_checkpoints_replays_in_a_new_process() {
    let world = World::new().await;
    bump(&world.store, [1, 2, 3]).await;
    for _ in 0..2 {
        let manager = world.manager();
        let seen = manager.subscribe(Seen::default(), SubscriptionConfig::from_beginning()).await.unwrap();
        manager.start().await.unwrap();
        seen.caught_up().await.unwrap();
        assert_eq!(seen.read().await.numbers(), [1, 2, 3]);
        manager.stop().await.unwrap();
        assert!(world.checkpoints.list().await.unwrap().is_empty(), "its checkpoint lives with its state");
    }
}

#[tokio::test]
async fn fresh_start_is_refused_where_a_checkpoint_is_and_a_reset_gives_the_same_model_again() {
    let world = World::new().await;
    let position = bump(&world.store, [1, 2, 3]).await;
    let manager = world.manager();
    let rows = manager.subscribe(world.rows.clone(), SubscriptionConfig::from_beginning()).await.unwrap();
    manager.start().await.unwrap();
    rows.caught_up().await.unwrap();
    manager.stop().await.unwrap();
    let model = (world.numbers().await, world.rows.sum(world.db.pool()).await.unwrap());

    let manager = world.manager();
    let fresh = SubscriptionConfig::from_beginning().require_fresh();
    let error = manager.subscribe(world.rows.clone(), fresh).await.unwrap_err();
    assert!(matches!(error, SubscribeError::CheckpointExists { position: at, .. } if at == position), "{error}");
    let rows = manager.subscribe(world.rows.clone(), SubscriptionConfig::default()).await.unwrap();
    rows.reset().await.unwrap();
    assert_eq!((world.numbers().await, world.checkpoint("bump-rows").await), (vec![], None));
    manager.start().await.unwrap();
    rows.caught_up().await.unwrap();
    assert_eq!((world.numbers().await, world.rows.sum(world.db.pool()).await.unwrap()), model);
}

#[tokio::test]
async fn a_second_process_under_the_same_name_stands_by_and_a_takeover_fences_the_first() {
    let world = World::new().await;
    let (one, two) = (world.manager(), world.manager());
    let first = one.subscribe(world.rows.clone(), SubscriptionConfig::default()).await.unwrap();
    let second = two.subscribe(world.rows.clone(), SubscriptionConfig::default()).await.unwrap();
    one.start().await.unwrap();
    first.wait_for(bump(&world.store, [1]).await).await.unwrap();
    two.start().await.unwrap();
    eventually("the second one stands by", || async { second.inspect().await.state.name() == "standing by" }).await;
    let fingerprint = world.checkpoints.load("bump-rows").await.unwrap().unwrap().fingerprint;
    world.checkpoints.claim(&Claim::new("bump-rows", &fingerprint, Position::START)).await.unwrap();
    let position = bump(&world.store, [2]).await;
    second.wait_for(position).await.unwrap();
    eventually("the first one is fenced", || async { first.inspect().await.state.name() == "fenced" }).await;
    assert_eq!(world.numbers().await, [1, 2]);
    world.assert_rows_equal_the_log().await;
}
