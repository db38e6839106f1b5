//! The unit of work: what commits, what does not, and what a handler may not do.

use std::time::{Duration, Instant};

use eventsource::Position;
use eventsource::causes;
use eventsource::postgres::PostgresUnit;
use eventsource::projection::{
    CheckpointReset, CheckpointStore, CheckpointUpdate, Claim, CommitError, ErrorClass, Inject, UnitOfWork,
};
use eventsource::sqlx::{self, Connection as _, PgConnection};
use eventsource::{EventLog as _, HandlerError};

use crate::world::World;

const INSERT: &str = "INSERT INTO {schema}.bumps (position, by) VALUES (0, 1)";

/// A world with a checkpoint, the step that is to be taken, and few connections.
async fn world() -> (World, CheckpointUpdate) {
    let world = World::with(|options| options.connections(6).acquire_timeout(Duration::from_secs(2))).await;
    let epoch = world.checkpoints.claim(&Claim::new("rows", "v1", Position::START)).await.unwrap().epoch;
    let step = CheckpointUpdate::new("rows", epoch, Position::START, Position::new(5));
    (world, step)
}

async fn run(world: &World, unit: &mut PostgresUnit, sql: &str) -> sqlx::Result<u64> {
    let mut conn = PgConnection::inject(unit).await.unwrap();
    world.run(&mut conn, sql).await
}

/// That nothing was written, and that more units than there are connections can still work.
async fn is_untouched_and_usable(world: &World, step: &CheckpointUpdate) {
    let state = async || (world.numbers().await.len(), world.checkpoint("rows").await);
    assert_eq!(state().await, (0, Some(Position::START)));
    for _ in 0..7 {
        let mut unit = world.checkpoints.begin().await.unwrap();
        run(world, &mut unit, INSERT).await.unwrap();
        unit.rollback().await;
        world.db.pool().begin().await.unwrap().rollback().await.unwrap();
    }
    assert_eq!(state().await, (0, Some(Position::START)));
    let mut unit = world.checkpoints.begin().await.unwrap();
    run(world, &mut unit, INSERT).await.unwrap();
    unit.commit(step).await.unwrap();
    assert_eq!(state().await, (1, Some(Position::new(5))));
    let batches: i64 = sqlx::query_scalar(world.sql("SELECT count(*) FROM {schema}.eventsource_batches"))
        .fetch_one(world.db.pool())
        .await
        .unwrap();
    assert_eq!(batches, 0);
}

#[tokio::test]
async fn written_rows_commit_with_the_checkpoint() {
    let (world, step) = world().await;
    let mut unit = world.checkpoints.begin().await.unwrap();
    run(&world, &mut unit, INSERT).await.unwrap();
    assert_eq!(world.numbers().await.len(), 0, "it is invisible before the commit");
    assert!(unit.is_intact());
    unit.rollback().await;
    is_untouched_and_usable(&world, &step).await;
}

#[tokio::test]
async fn a_fenced_unit_changes_nothing() {
    let (world, step) = world().await;
    let stale = CheckpointUpdate::new("rows", step.epoch + 1, Position::START, Position::new(5));
    let elsewhere = CheckpointUpdate::new("rows", step.epoch, Position::new(1), Position::new(5));
    for other in [stale, elsewhere] {
        let mut unit = world.checkpoints.begin().await.unwrap();
        run(&world, &mut unit, INSERT).await.unwrap();
        match unit.commit(&other).await {
            Err(CommitError::Fenced { found: Some(found), .. }) => assert_eq!(found.position, Position::START),
            other => panic!("{other:?}"),
        }
    }
    is_untouched_and_usable(&world, &step).await;
}

#[tokio::test]
async fn a_reset_and_what_a_truncate_hook_wrote_commit_together() {
    let (world, step) = world().await;
    let mut unit = world.checkpoints.begin().await.unwrap();
    run(&world, &mut unit, INSERT).await.unwrap();
    unit.commit(&step).await.unwrap();
    let mut unit = world.checkpoints.begin().await.unwrap();
    run(&world, &mut unit, "TRUNCATE {schema}.bumps").await.unwrap();
    unit.clear(&CheckpointReset::new("rows")).await.unwrap();
    assert_eq!((world.numbers().await.len(), world.checkpoint("rows").await), (0, None));
}

#[tokio::test]
async fn a_handler_that_ends_the_transaction_leaves_nothing() {
    for sql in [
        "COMMIT",
        "END",
        "ROLLBACK",
        "COMMIT; BEGIN",
        "COMMIT AND CHAIN",
        "ROLLBACK; BEGIN",
        "ROLLBACK; BEGIN; SAVEPOINT eventsource_batch",
        "ROLLBACK; BEGIN; INSERT INTO {schema}.bumps (position, by) VALUES (0, 2); COMMIT",
        "ROLLBACK TO eventsource_batch",
        "RELEASE eventsource_batch; COMMIT",
        "RELEASE eventsource_batch; INSERT INTO {schema}.bumps (position, by) VALUES (0, 2); COMMIT",
    ] {
        let (world, step) = world().await;
        let mut unit = world.checkpoints.begin().await.unwrap();
        run(&world, &mut unit, INSERT).await.unwrap();
        let _ = run(&world, &mut unit, sql).await;
        // What is written afterwards stands in no transaction of the unit's.
        for later in [INSERT, "BEGIN; INSERT INTO {schema}.bumps (position, by) VALUES (0, 3); COMMIT"] {
            let _ = run(&world, &mut unit, later).await;
        }
        let refused = unit.commit(&step).await;
        // The savepoint of the batch cannot be named: to try it is a failed statement.
        let refused_as = if sql.contains("eventsource_batch") && !sql.contains("SAVEPOINT") {
            matches!(refused, Err(CommitError::Refused(_)))
        } else {
            matches!(refused, Err(CommitError::TransactionEnded))
        };
        assert!(refused_as, "{sql}: {refused:?}");
        is_untouched_and_usable(&world, &step).await;
    }
}

#[tokio::test]
async fn a_handlers_commit_is_refused_with_a_reason() {
    let (world, step) = world().await;
    let mut unit = world.checkpoints.begin().await.unwrap();
    let error = run(&world, &mut unit, "COMMIT").await.unwrap_err();
    assert!(error.to_string().contains("tries to commit the transaction of its batch"), "{error}");
    assert!(!unit.is_outage(&error));
    drop(unit);
    is_untouched_and_usable(&world, &step).await;
}

/// What is refused at the end of the batch is the handlers' failure, and not an outage.
#[tokio::test]
async fn a_constraint_checked_at_the_commit_and_a_failure_passed_over_are_refused() {
    let (world, step) = world().await;
    let mut conn = world.schema.connect().await;
    let deferred = "CREATE TABLE {schema}.parents (id int PRIMARY KEY); CREATE TABLE {schema}.children \
                    (parent int REFERENCES {schema}.parents DEFERRABLE INITIALLY DEFERRED)";
    world.run(&mut conn, deferred).await.unwrap();
    for (sql, reason) in
        [("INSERT INTO {schema}.children VALUES (1)", "foreign key"), ("SELECT 1/0", "ignored a failed statement")]
    {
        let mut unit = world.checkpoints.begin().await.unwrap();
        run(&world, &mut unit, INSERT).await.unwrap();
        let _ = run(&world, &mut unit, sql).await;
        let refused = unit.commit(&step).await.unwrap_err();
        assert!(matches!(refused, CommitError::Refused(_)), "{sql}: {refused:?}");
        assert!(causes(&refused).to_string().contains(reason), "{refused}");
    }
    is_untouched_and_usable(&world, &step).await;
}

/// A process may be frozen after its session was made as new and before its commit: its locks must not outlast the limit.
#[tokio::test]
async fn limit_on_idle_transactions_holds_until_the_commit() {
    let (world, step) = world().await;
    let mut conn = world.schema.connect().await;
    // A deferred trigger runs at the commit.
    let trigger = "CREATE TABLE {schema}.limits (text text); \
                   CREATE FUNCTION {schema}.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                   INSERT INTO {schema}.limits VALUES (current_setting('idle_in_transaction_session_timeout')); \
                   RETURN NULL; END $$; \
                   CREATE CONSTRAINT TRIGGER note AFTER INSERT ON {schema}.bumps DEFERRABLE INITIALLY DEFERRED \
                   FOR EACH ROW EXECUTE FUNCTION {schema}.note()";
    world.run(&mut conn, trigger).await.unwrap();
    let mut unit = world.checkpoints.begin().await.unwrap();
    run(&world, &mut unit, INSERT).await.unwrap();
    unit.commit(&step).await.unwrap();
    let limits: Vec<String> =
        sqlx::query_scalar(world.sql("SELECT text FROM {schema}.limits")).fetch_all(world.db.pool()).await.unwrap();
    assert_eq!(limits, ["30s"]);
}

#[tokio::test]
async fn a_nested_transaction_is_a_savepoint() {
    let (world, step) = world().await;
    let mut unit = world.checkpoints.begin().await.unwrap();
    {
        let mut conn = PgConnection::inject(&mut unit).await.unwrap();
        for keep in [true, false] {
            let mut tx = conn.begin().await.unwrap();
            world.run(&mut tx, INSERT).await.unwrap();
            if keep {
                tx.commit().await.unwrap();
            } else {
                // What fails in it does not fail the batch.
                world.run(&mut tx, "SELECT 1/0").await.unwrap_err();
            }
        }
    }
    unit.commit(&step).await.unwrap();
    assert_eq!((world.numbers().await, world.checkpoint("rows").await), (vec![1], Some(Position::new(5))));
}

#[tokio::test]
async fn a_nested_transaction_left_open_is_found_out() {
    let (world, step) = world().await;
    let mut unit = world.checkpoints.begin().await.unwrap();
    {
        let mut conn = PgConnection::inject(&mut unit).await.unwrap();
        let mut tx = conn.begin().await.unwrap();
        world.run(&mut tx, INSERT).await.unwrap();
        std::mem::forget(tx);
    }
    let refused = unit.commit(&step).await;
    assert!(matches!(refused, Err(CommitError::TransactionEnded)), "{refused:?}");
    is_untouched_and_usable(&world, &step).await;
}

#[tokio::test]
async fn the_connection_is_lent_once_and_by_a_transaction() {
    let (world, step) = world().await;
    let mut unit = world.checkpoints.begin().await.unwrap();
    let lent = PgConnection::inject(&mut unit).await.unwrap();
    let error = PgConnection::inject(&mut unit).await.err().unwrap();
    assert_eq!(error.class(), ErrorClass::Permanent);
    assert!(error.to_string().contains("in use already"), "{error}");
    let kept = unit.commit(&step).await;
    assert!(matches!(kept, Err(CommitError::Failed(_))), "{kept:?}");
    drop(lent);
    let error = PgConnection::inject(&mut world.checkpoints.detached()).await.err().unwrap();
    assert!(error.to_string().contains("only a transactional projection"), "{error}");
    is_untouched_and_usable(&world, &step).await;
}

#[tokio::test]
async fn a_dropped_unit_leaves_nothing() {
    let (world, step) = world().await;
    let mut unit = world.checkpoints.begin().await.unwrap();
    run(&world, &mut unit, INSERT).await.unwrap();
    drop(unit);

    // A task that is cancelled inside a handler, with a nested transaction open and a statement under way.
    let checkpoints = world.checkpoints.clone();
    let insert = world.sql(INSERT);
    let (started, running) = tokio::sync::oneshot::channel();
    let task = tokio::spawn(async move {
        let mut unit = checkpoints.begin().await.unwrap();
        let mut conn = PgConnection::inject(&mut unit).await.unwrap();
        let mut tx = conn.begin().await.unwrap();
        sqlx::raw_sql(insert).execute(&mut *tx).await.unwrap();
        started.send(()).unwrap();
        loop {
            sqlx::query("SELECT pg_sleep(0.001)").execute(&mut *tx).await.unwrap();
        }
    });
    running.await.unwrap();
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    is_untouched_and_usable(&world, &step).await;
}

/// A commit that is cancelled has happened or not; the row and the checkpoint agree, and the pool stays clean.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_commit_is_whole_or_absent() {
    let (world, step) = world().await;
    let (mut position, mut rows) = (Position::START, 0);
    for (next, micros) in (1..).zip((0..40).map(|n| n * n * 20)) {
        let mut unit = world.checkpoints.begin().await.unwrap();
        run(&world, &mut unit, INSERT).await.unwrap();
        let to = CheckpointUpdate::new("rows", step.epoch, position, Position::new(next));
        // Finer than a timer, which counts milliseconds.
        let cancel_at = Instant::now() + Duration::from_micros(micros);
        let cancelled = async {
            while Instant::now() < cancel_at {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            _ = unit.commit(&to) => {}
            () = cancelled => {}
        }
        // The next owner of the row waits until the one before is done with.
        let found = world.checkpoints.load("rows").await.unwrap().unwrap();
        let again = CheckpointUpdate::new("rows", step.epoch, found.position, found.position);
        if world.checkpoints.detached().commit(&again).await.is_err() {
            // It was committed in between.
        }
        let now = world.checkpoint("rows").await.unwrap();
        rows += usize::from(now != position);
        assert_eq!(world.numbers().await.len(), rows);
        position = now;
    }
    println!("{rows} of 40 cancelled commits had happened");
    assert!(0 < rows && rows < 40, "{rows}");
}

#[tokio::test]
async fn outages_are_told_from_mistakes() {
    let (world, _) = world().await;
    let (mut conn, unit) = (world.schema.connect().await, world.checkpoints.detached());
    for (code, outage) in [
        ("57P01", true),
        ("57P02", true),
        ("57P03", true),
        ("53300", true),
        ("40001", true),
        ("40P01", true),
        ("08006", true),
        ("23505", false),
        ("25P02", false),
        ("25P03", false),
        ("57014", true),
        ("55P03", true),
        ("26000", true),
        ("42P01", false),
    ] {
        let raise = format!("DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{code}'; END $$");
        let error = sqlx::raw_sql(sqlx::AssertSqlSafe(raise)).execute(&mut conn).await.unwrap_err();
        assert_eq!(unit.is_outage(&error), outage, "{code}");
        assert_eq!(unit.is_outage(HandlerError::from(error).source()), outage, "{code}");
    }
    assert!(unit.is_outage(&sqlx::Error::PoolTimedOut));
    world.db.close().await;
    assert!(unit.is_outage(&world.checkpoints.load("rows").await.unwrap_err()));
    assert!(unit.is_outage(&world.store.head().await.unwrap_err()));
}
