//! Exactly once on SQLite, and what a handler on it may not do.

use std::time::Duration;

use eventsource::prelude::*;
use eventsource::projection::{Claim, CommitError};
use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase, SqliteEventStore};
use eventsource::sqlx::{self, Connection as _, SqliteConnection};
use eventsource::subscription::{FailurePolicy, RetryPolicy, SubscribeError, SubscriptionState};
use eventsource_tests::domain::{Bumped, Seen, bump, note};
use eventsource_tests::rows::BumpRows;
use eventsource_tests::wait::{DEADLINE, eventually};

struct World {
    _folder: tempfile::TempDir,
    db: SqliteDatabase,
    store: SqliteEventStore,
    checkpoints: SqliteCheckpoints,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = SqliteDatabase::open(folder.path().join("world.db")).await.unwrap();
        BumpRows::create_tables(db.pool()).await.unwrap();
        let (store, checkpoints) = (SqliteEventStore::new(&db), SqliteCheckpoints::new(&db));
        Self { _folder: folder, db, store, checkpoints }
    }

    fn manager(&self) -> SubscriptionManager<SqliteCheckpoints> {
        SubscriptionManager::new(self.store.clone(), MemoryEventBus::new(), self.checkpoints.clone())
    }

    async fn rows(&self) -> Vec<i64> {
        BumpRows::rows(self.db.pool()).await.unwrap().into_iter().map(|(_, by)| by).collect()
    }

    async fn checkpoint(&self, name: &str) -> Option<Position> {
        self.checkpoints.load(name).await.unwrap().map(|checkpoint| checkpoint.position)
    }
}

fn quick(attempts: u32) -> SubscriptionConfig {
    let policy = RetryPolicy::new(attempts, Duration::from_millis(1), Duration::from_millis(4));
    SubscriptionConfig::default().retry(policy).on_failure(FailurePolicy::Stop)
}

/// What a handler does that it may not, at the bump by 7.
enum Misdeed {
    Fails,
    Sql(&'static str),
    LeavesOpen,
    Appends(SqliteEventStore),
}

/// Writes each bump, and commits a misdeed at 7.
struct Misbehaves(Misdeed);

#[projection(name = "misbehaves")]
impl Misbehaves {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Event<Bumped>, db: &mut SqliteConnection) -> Result<(), HandlerError> {
        let insert = |by: u64| {
            sqlx::query("INSERT INTO bumps (position, by) VALUES (?, ?)")
                .bind(event.position().value() as i64)
                .bind(by as i64)
        };
        insert(event.by).execute(&mut *db).await?;
        if event.by != 7 {
            return Ok(());
        }
        match &self.0 {
            Misdeed::Fails => return Err(HandlerError::transient("not this one")),
            Misdeed::Sql(sql) => {
                let _ = sqlx::raw_sql(*sql).execute(&mut *db).await;
                let _ = insert(666).execute(&mut *db).await;
            }
            Misdeed::LeavesOpen => std::mem::forget(db.begin().await?),
            Misdeed::Appends(store) => {
                let stream = StreamId::new("Note", uuid::Uuid::now_v7());
                store.append(&stream, ExpectedVersion::Any, vec![NewEvent::raw("Noted", 1, "{}")]).await?;
            }
        }
        Ok(())
    }
}

#[tokio::test]
async fn rows_and_checkpoint_survive_together_and_nothing_is_replayed() {
    let world = World::new().await;
    let mut expected = Vec::new();
    for round in 0..4 {
        let manager = world.manager();
        let rows = manager.subscribe(BumpRows, SubscriptionConfig::default()).await.unwrap();
        bump(&world.store, [round, round + 10]).await;
        note(&world.store, 2).await;
        expected.extend([round as i64, round as i64 + 10]);
        manager.start().await.unwrap();
        rows.caught_up().within(DEADLINE).await.unwrap();
        assert_eq!(rows.inspect().await.events_handled, 2);
        manager.stop().await.unwrap();
        assert_eq!(world.rows().await, expected);
        assert_eq!(world.checkpoint("bump-rows").await, rows.inspect().await.position);
    }
    let checkpoint = world.checkpoints.load("bump-rows").await.unwrap().unwrap();
    assert_eq!((checkpoint.epoch, checkpoint.fingerprint.as_str()), (4, "bump-rows v1: Bumped, Cleared"));
}

#[tokio::test]
async fn a_failing_event_keeps_the_good_prefix_and_leaves_nothing_of_itself() {
    let world = World::new().await;
    let manager = world.manager();
    let rows = manager.subscribe(Misbehaves(Misdeed::Fails), quick(3)).await.unwrap();
    let other = manager.subscribe(BumpRows, SubscriptionConfig::default().name("other")).await.unwrap();
    let position = bump(&world.store, 1..=10).await;
    manager.start().await.unwrap();
    let error = rows.wait_for(position).within(DEADLINE).await.unwrap_err().to_string();
    assert!(error.contains("position 7") && error.contains("3 times: not this one"), "{error}");
    assert_eq!(world.checkpoint("misbehaves").await, Some(Position::new(6)));
    other.wait_for(position).within(DEADLINE).await.unwrap();
    let mut all = world.rows().await;
    all.sort_unstable();
    let mut expected: Vec<_> = (1..=10).chain(1..=6).collect();
    expected.sort_unstable();
    assert_eq!(all, expected);
}

#[tokio::test]
async fn a_handler_that_ends_the_transaction_is_a_permanent_failure_and_leaves_nothing() {
    for sql in ["COMMIT", "ROLLBACK", "END", "COMMIT; BEGIN", "ROLLBACK; BEGIN IMMEDIATE; SAVEPOINT eventsource_batch"]
    {
        let world = World::new().await;
        let manager = world.manager();
        let rows = manager.subscribe(Misbehaves(Misdeed::Sql(sql)), quick(5)).await.unwrap();
        let position = bump(&world.store, 1..=10).await;
        manager.start().await.unwrap();
        let error = rows.wait_for(position).within(DEADLINE).await.unwrap_err();
        let status = rows.inspect().await;
        let SubscriptionState::Faulted { failure } = &status.state else { panic!("{sql}: {:?}", status.state) };
        assert_eq!((failure.position, failure.attempts), (Position::new(7), 1), "{sql}: it is named, and not retried");
        assert!(failure.error.is_caused_by::<CommitError>(), "{sql}: {error}");
        assert!(error.to_string().contains("ended the batch's transaction itself"), "{sql}: {error}");
        assert_eq!(world.rows().await, [1, 2, 3, 4, 5, 6], "{sql}");
        assert_eq!(world.checkpoint("misbehaves").await, Some(Position::new(6)), "{sql}");
        bump(&world.store, [11]).await;
    }
}

#[tokio::test]
async fn a_transaction_left_open_in_the_batch_moves_nothing() {
    let world = World::new().await;
    let manager = world.manager();
    let rows = manager.subscribe(Misbehaves(Misdeed::LeavesOpen), quick(5)).await.unwrap();
    let position = bump(&world.store, [7]).await;
    manager.start().await.unwrap();
    let error = rows.wait_for(position).within(DEADLINE).await.unwrap_err().to_string();
    assert!(error.contains("leaving a transaction of its own open"), "{error}");
    assert_eq!((world.rows().await, world.checkpoint("misbehaves").await), (vec![], Some(Position::START)));
}

#[tokio::test]
async fn an_append_from_inside_a_handler_on_the_same_file_is_a_prompt_error() {
    let world = World::new().await;
    let manager = world.manager();
    let rows = manager.subscribe(Misbehaves(Misdeed::Appends(world.store.clone())), quick(2)).await.unwrap();
    let position = bump(&world.store, [7]).await;
    manager.start().await.unwrap();
    let error = rows.wait_for(position).within(Duration::from_secs(10)).await.unwrap_err();
    let status = rows.inspect().await;
    let SubscriptionState::Faulted { failure } = &status.state else { panic!("{error}") };
    assert!(
        failure.error.causes().any(|cause| cause.to_string().contains("inside the transaction of its batch")),
        "{error}"
    );
    assert!(!error.to_string().contains("has locked it for"), "{error}");
    assert_eq!(world.store.head().await.unwrap(), position, "nothing was appended");
}

#[tokio::test]
async fn lock_of_another_connection_is_waited_out_and_fails_no_event() {
    let world = World::new().await;
    let manager = world.manager();
    let rows = manager.subscribe(BumpRows, quick(1)).await.unwrap();
    manager.start().await.unwrap();
    rows.caught_up().within(DEADLINE).await.unwrap();
    let position = bump(&world.store, [1, 2]).await;
    rows.wait_for(position).within(DEADLINE).await.unwrap();

    // As another process would, on a connection of its own.
    let file = world._folder.path().join("world.db");
    let mut other = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let append = tokio::spawn({
        let store = world.store.clone();
        async move { bump(&store, [3]).await }
    });
    assert!(
        tokio::time::timeout(Duration::from_millis(300), rows.wait_for(Position::new(3)).into_future()).await.is_err()
    );
    sqlx::raw_sql("COMMIT").execute(&mut other).await.unwrap();
    rows.wait_for(append.await.unwrap()).within(DEADLINE).await.unwrap();
    assert_eq!(world.rows().await, [1, 2, 3]);
    assert_eq!(rows.inspect().await.last_error, None);
}

#[tokio::test]
async fn a_memory_projection_over_durable_checkpoints_replays_in_a_new_process() {
    let world = World::new().await;
    bump(&world.store, [1, 2, 3]).await;
    for _ in 0..2 {
        let manager = world.manager();
        let seen = manager.subscribe(Seen::default(), SubscriptionConfig::from_beginning()).await.unwrap();
        manager.start().await.unwrap();
        seen.caught_up().within(DEADLINE).await.unwrap();
        assert_eq!(seen.read().await.numbers(), [1, 2, 3]);
        assert_eq!(seen.inspect().await.guarantee.to_string(), "exactly once in this process");
        manager.stop().await.unwrap();
        assert!(world.checkpoints.list().await.unwrap().is_empty(), "its checkpoint lives with its state");
    }
}

#[tokio::test]
async fn fresh_start_is_refused_where_a_checkpoint_is_and_a_reset_gives_the_same_model_again() {
    let world = World::new().await;
    let position = bump(&world.store, [1, 2, 3]).await;
    let manager = world.manager();
    let rows = manager.subscribe(BumpRows, SubscriptionConfig::from_beginning()).await.unwrap();
    manager.start().await.unwrap();
    rows.caught_up().within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
    let model = (world.rows().await, BumpRows::sum(world.db.pool()).await.unwrap());

    let manager = world.manager();
    let fresh = SubscriptionConfig::from_beginning().require_fresh();
    let error = manager.subscribe(BumpRows, fresh).await.unwrap_err();
    assert!(matches!(error, SubscribeError::CheckpointExists { position: at, .. } if at == position), "{error}");
    let rows = manager.subscribe(BumpRows, SubscriptionConfig::default()).await.unwrap();
    assert_eq!(rows.inspect().await.position, Some(position));
    rows.reset().await.unwrap();
    assert_eq!((world.rows().await, world.checkpoint("bump-rows").await), (vec![], None));
    manager.start().await.unwrap();
    rows.caught_up().within(DEADLINE).await.unwrap();
    assert_eq!((world.rows().await, BumpRows::sum(world.db.pool()).await.unwrap()), model);
}

#[tokio::test]
async fn a_second_process_under_the_same_name_stands_by_and_a_takeover_fences_the_first() {
    let world = World::new().await;
    let (one, two) = (world.manager(), world.manager());
    let first = one.subscribe(BumpRows, SubscriptionConfig::default()).await.unwrap();
    let second = two.subscribe(BumpRows, SubscriptionConfig::default()).await.unwrap();
    one.start().await.unwrap();
    first.wait_for(bump(&world.store, [1]).await).within(DEADLINE).await.unwrap();
    two.start().await.unwrap();
    eventually("the second one stands by", || async { second.inspect().await.state.name() == "standing by" }).await;
    let fingerprint = "bump-rows v1: Bumped, Cleared";
    world.checkpoints.claim(&Claim::new("bump-rows", fingerprint, Position::START)).await.unwrap();
    let position = bump(&world.store, [2]).await;
    second.wait_for(position).within(DEADLINE).await.unwrap();
    eventually("the first one is fenced", || async { first.inspect().await.state.name() == "fenced" }).await;
    assert_eq!(world.rows().await, [1, 2]);
}

#[tokio::test]
async fn manager_on_a_database_uses_its_log_and_its_checkpoints() {
    let folder = tempfile::tempdir().unwrap();
    let db = SqliteDatabase::open(folder.path().join("on.db")).await.unwrap();
    let manager = SubscriptionManager::on(&db);
    let seen = manager.subscribe(Seen::default(), SubscriptionConfig::default().name("memory")).await.unwrap();
    BumpRows::create_tables(db.pool()).await.unwrap();
    let rows = manager.subscribe(BumpRows, SubscriptionConfig::default()).await.unwrap();
    manager.start().await.unwrap();
    let position = bump(&db.event_store(), [1, 2]).await;
    seen.wait_for(position).within(DEADLINE).await.unwrap();
    rows.wait_for(position).within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
    assert_eq!(db.checkpoints().load("bump-rows").await.unwrap().unwrap().position, position);

    // Each part can be another one.
    let other = MemoryEventStore::new();
    bump(&other, [7]).await;
    let (checkpoints, bus) = (MemoryCheckpoints::new(), MemoryEventBus::new());
    let builder = SubscriptionManager::builder(&db).store(other.clone()).notifier(bus).checkpoints(checkpoints);
    let manager = builder.registry(Registry::of([])).build();
    let seen = manager.subscribe(Seen::default(), SubscriptionConfig::default()).await.unwrap();
    manager.start().await.unwrap();
    seen.caught_up().within(DEADLINE).await.unwrap();
    assert_eq!(seen.read().await.numbers(), [7]);
    manager.stop().await.unwrap();
}
