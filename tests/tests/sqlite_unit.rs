//! The unit of work on a SQLite file: what it lends, what it proves, what it leaves behind.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::{Duration, Instant};

use eventsource::projection::sqlite::{SqliteCheckpoints, SqliteUnit};
use eventsource::projection::{Advance, CheckpointError, CheckpointStore, CommitError, ErrorClass, Inject, UnitOfWork};
use eventsource::sqlx::{self, Connection, SqliteConnection};
use eventsource::store::sqlite::{SqliteDatabase, SqliteEventStore, SqliteOptions};
use eventsource::{
    AppendError, EventFilter, EventStore, ExpectedVersion, HandlerError, NewEvent, Position, StoreError, StreamId,
};
use tempfile::TempDir;
use uuid::Uuid;

/// A file with a table of the user's, a checkpoint, and its store.
struct World {
    _dir: TempDir,
    db: SqliteDatabase,
    checkpoints: SqliteCheckpoints,
    step: Advance,
}

async fn world_with(options: impl FnOnce(SqliteOptions) -> SqliteOptions) -> World {
    let dir = TempDir::new().unwrap();
    let options = options(SqliteOptions::new(dir.path().join("events.db")));
    let db = SqliteDatabase::open_with(options).await.unwrap();
    world_on(db, dir).await
}

async fn world_on(db: SqliteDatabase, dir: TempDir) -> World {
    sqlx::query("CREATE TABLE rows (id INTEGER PRIMARY KEY)").execute(db.pool()).await.unwrap();
    let checkpoints = SqliteCheckpoints::new(&db);
    let epoch = checkpoints.claim("rows", "v1", Position::START).await.unwrap().epoch;
    let step = Advance::new("rows", epoch, Position::START, Position::new(5));
    World { _dir: dir, db, checkpoints, step }
}

async fn world() -> World {
    world_with(|options| options).await
}

impl World {
    async fn rows(&self) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM rows").fetch_one(self.db.pool()).await.unwrap()
    }

    async fn position(&self) -> Position {
        self.checkpoints.load("rows").await.unwrap().unwrap().position
    }

    /// That nothing was written, and that more units than there are connections can still work.
    async fn is_untouched_and_usable(&self) {
        assert_eq!((self.rows().await, self.position().await), (0, Position::START));
        for _ in 0..7 {
            let mut unit = self.checkpoints.begin().await.unwrap();
            insert(&mut unit).await;
            unit.rollback().await;
            let tx = self.db.pool().begin().await.unwrap();
            tx.rollback().await.unwrap();
        }
        assert_eq!((self.rows().await, self.position().await), (0, Position::START));
        let mut unit = self.checkpoints.begin().await.unwrap();
        insert(&mut unit).await;
        unit.commit(&self.step).await.unwrap();
        assert_eq!((self.rows().await, self.position().await), (1, Position::new(5)));
        // The hooks are off: everybody else may commit.
        for _ in 0..7 {
            sqlx::query("INSERT INTO rows DEFAULT VALUES").execute(self.db.pool()).await.unwrap();
        }
        assert_eq!(self.rows().await, 8);
    }
}

async fn run(unit: &mut SqliteUnit, sql: &'static str) -> Result<(), sqlx::Error> {
    let mut conn = SqliteConnection::inject(unit).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut *conn).await.map(drop)
}

async fn insert(unit: &mut SqliteUnit) {
    run(unit, "INSERT INTO rows DEFAULT VALUES").await.unwrap();
}

#[tokio::test]
async fn what_is_written_commits_with_the_checkpoint() {
    let world = world().await;
    let mut unit = world.checkpoints.begin().await.unwrap();
    insert(&mut unit).await;
    assert_eq!(world.rows().await, 0, "nobody sees it before the commit");
    assert!(unit.is_intact());
    unit.commit(&world.step).await.unwrap();
    assert_eq!((world.rows().await, world.position().await), (1, Position::new(5)));
}

#[tokio::test]
async fn a_handler_that_ends_the_transaction_leaves_nothing() {
    for sql in [
        "COMMIT",
        "END",
        "ROLLBACK",
        "COMMIT; BEGIN",
        "ROLLBACK; BEGIN",
        "ROLLBACK; BEGIN IMMEDIATE; SAVEPOINT eventsource_batch",
        "COMMIT; BEGIN; INSERT INTO rows DEFAULT VALUES; COMMIT",
        "RELEASE eventsource_batch; COMMIT",
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

#[tokio::test]
async fn a_released_savepoint_is_found_out() {
    let world = world().await;
    let mut unit = world.checkpoints.begin().await.unwrap();
    insert(&mut unit).await;
    run(&mut unit, "RELEASE eventsource_batch").await.unwrap();
    let refused = unit.commit(&world.step).await;
    assert!(matches!(refused, Err(CommitError::TransactionEnded)), "{refused:?}");
    world.is_untouched_and_usable().await;
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

#[tokio::test]
async fn a_fenced_unit_changes_nothing() {
    let world = world().await;
    let stale = Advance::new("rows", world.step.epoch + 1, Position::START, Position::new(5));
    let elsewhere = Advance::new("rows", world.step.epoch, Position::new(1), Position::new(5));
    for step in [stale, elsewhere] {
        let mut unit = world.checkpoints.begin().await.unwrap();
        insert(&mut unit).await;
        match unit.commit(&step).await {
            Err(CommitError::Fenced { found: Some(found), .. }) => assert_eq!(found.position, Position::START),
            other => panic!("{other:?}"),
        }
    }
    world.is_untouched_and_usable().await;
}

#[tokio::test]
async fn a_reset_and_what_a_truncate_hook_wrote_commit_together() {
    let world = world().await;
    let mut unit = world.checkpoints.begin().await.unwrap();
    insert(&mut unit).await;
    unit.commit(&world.step).await.unwrap();
    let mut unit = world.checkpoints.begin().await.unwrap();
    run(&mut unit, "DELETE FROM rows").await.unwrap();
    unit.clear("rows").await.unwrap();
    assert_eq!((world.rows().await, world.checkpoints.load("rows").await.unwrap()), (0, None));
}

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
        let step = Advance::new("rows", world.step.epoch, position, Position::new(next));
        let _ = tokio::time::timeout(Duration::from_micros(micros), unit.commit(&step)).await;
        // The next unit waits until the one before is done with.
        world.checkpoints.begin().await.unwrap().rollback().await;
        let now = world.position().await;
        rows += i64::from(now != position);
        assert_eq!(world.rows().await, rows);
        position = now;
    }
}

#[tokio::test]
async fn the_connection_is_lent_once() {
    let world = world().await;
    let mut unit = world.checkpoints.begin().await.unwrap();
    let lent = SqliteConnection::inject(&mut unit).await.unwrap();
    let error = SqliteConnection::inject(&mut unit).await.err().unwrap();
    assert_eq!(error.class(), ErrorClass::Permanent);
    assert!(error.to_string().contains("lent already"), "{error}");
    // Kept beyond the batch it is given back when its keeper goes.
    let kept = unit.commit(&world.step).await;
    assert!(matches!(kept, Err(CommitError::Failed(_))), "{kept:?}");
    drop(lent);
    world.is_untouched_and_usable().await;
}

#[tokio::test]
async fn a_detached_unit_lends_nothing() {
    let world = world().await;
    let mut unit = world.checkpoints.detached();
    let error = SqliteConnection::inject(&mut unit).await.err().unwrap();
    assert_eq!(error.class(), ErrorClass::Permanent);
    assert!(error.to_string().contains("only a transactional subscriber"), "{error}");
    unit.rollback().await;
}

async fn append(store: &SqliteEventStore) -> Result<(), AppendError> {
    let stream = StreamId::new("Order", Uuid::now_v7());
    store.append(&stream, ExpectedVersion::Any, vec![NewEvent::raw("OrderPlaced", 1, "{}")]).await.map(drop)
}

#[tokio::test]
async fn an_append_inside_a_unit_is_refused_at_once() {
    let world = world().await;
    let path = world._dir.path().join("./events.db");
    let second = SqliteDatabase::open(path).await.unwrap();
    let elsewhere = TempDir::new().unwrap();
    let other = SqliteDatabase::open(elsewhere.path().join("events.db")).await.unwrap();
    let unit = world.checkpoints.begin().await.unwrap();
    let started = Instant::now();
    unit.held_lock()
        .unwrap()
        .scope(async {
            for db in [&world.db, &second] {
                let refused = append(&SqliteEventStore::new(db)).await.unwrap_err();
                let AppendError::Store(error @ StoreError::InsideUnitOfWork { .. }) = refused else {
                    panic!("{refused:?}")
                };
                assert!(error.to_string().contains("this handler runs inside the transaction of its batch"), "{error}");
                assert!(!SqliteUnit::is_outage(&error), "waiting would not help");
                let refused = SqliteCheckpoints::new(db).claim("rows", "v1", Position::START).await.unwrap_err();
                assert!(matches!(refused, CheckpointError::Failed { .. }), "{refused:?}");
                // Reading is allowed: other connections do it.
                SqliteEventStore::new(db).read_log(Position::START, &EventFilter::all(), 1).await.unwrap();
            }
            append(&SqliteEventStore::new(&other)).await.unwrap();
        })
        .await;
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    unit.rollback().await;
    append(&SqliteEventStore::new(&world.db)).await.unwrap();
    // A detached unit holds nothing.
    let unit = world.checkpoints.detached();
    assert!(unit.held_lock().is_none());
}

#[tokio::test]
async fn a_read_that_needs_the_units_connection_is_refused_at_once() {
    let world = world_with(|options| options.connections(1)).await;
    let store = SqliteEventStore::new(&world.db);
    let unit = world.checkpoints.begin().await.unwrap();
    let refused = unit.held_lock().unwrap().scope(store.head()).await;
    assert!(matches!(refused, Err(StoreError::InsideUnitOfWork { .. })), "{refused:?}");
    assert!(unit.held_lock().unwrap().scope(world.checkpoints.load("rows")).await.is_err());
    unit.rollback().await;
    assert_eq!(store.head().await.unwrap(), Position::START);
}

/// A task of its own does not carry the mark; its append ends as busy.
#[tokio::test]
async fn an_append_of_a_spawned_task_does_not_hang() {
    let world = world_with(|options| options.write_timeout(Duration::from_millis(200))).await;
    let store = SqliteEventStore::new(&world.db);
    let unit = world.checkpoints.begin().await.unwrap();
    let task = unit.held_lock().unwrap().scope(async { tokio::spawn(async move { append(&store).await }) }).await;
    let refused = task.await.unwrap();
    assert!(matches!(refused, Err(AppendError::Store(StoreError::Busy { .. }))), "{refused:?}");
    unit.rollback().await;
}

#[tokio::test]
async fn outages_are_told_from_mistakes() {
    let world = world_with(|options| options.write_timeout(Duration::from_millis(100))).await;
    let (busy, missing) = {
        let _held = world.checkpoints.begin().await.unwrap();
        let mut conn = world.db.pool().acquire().await.unwrap();
        let busy = sqlx::query("INSERT INTO rows DEFAULT VALUES").execute(&mut *conn).await.unwrap_err();
        let missing = sqlx::query("INSERT INTO nowhere DEFAULT VALUES").execute(&mut *conn).await.unwrap_err();
        let waited = world.checkpoints.begin().await.unwrap_err();
        assert!(SqliteUnit::is_outage(&waited), "{waited:?}");
        let append = append(&SqliteEventStore::new(&world.db)).await.unwrap_err();
        assert!(SqliteUnit::is_outage(&append), "{append:?}");
        (busy, missing)
    };
    assert!(SqliteUnit::is_outage(&busy), "{busy:?}");
    assert!(!SqliteUnit::is_outage(&missing), "{missing:?}");
    let handlers: HandlerError = busy.into();
    assert!(SqliteUnit::is_outage(handlers.source()));
    assert!(SqliteUnit::is_outage(&sqlx::Error::PoolTimedOut));
    world.db.close().await;
    assert!(SqliteUnit::is_outage(&world.checkpoints.load("rows").await.unwrap_err()));
}
