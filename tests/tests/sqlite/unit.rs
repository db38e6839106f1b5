//! The unit of work: what it commits, what it lends, what it tells apart.

use std::time::Duration;

use eventsource::projection::{
    CheckpointReset, CheckpointStore, CheckpointUpdate, CommitError, ErrorClass, Inject, UnitOfWork,
};
use eventsource::sqlite::SqliteEventStore;
use eventsource::sqlx::{self, SqliteConnection};
use eventsource::{HandlerError, Position};

use crate::scope::append;
use crate::world::{insert, run, world, world_with};

#[tokio::test]
async fn written_rows_commit_with_the_checkpoint() {
    let world = world().await;
    let mut unit = world.checkpoints.begin().await.unwrap();
    insert(&mut unit).await;
    assert_eq!(world.rows().await, 0, "it is invisible before the commit");
    assert!(unit.is_intact());
    unit.commit(&world.step).await.unwrap();
    assert_eq!((world.rows().await, world.position().await), (1, Position::new(5)));
}

#[tokio::test]
async fn a_fenced_unit_changes_nothing() {
    let world = world().await;
    let stale = CheckpointUpdate::new("rows", world.step.epoch + 1, Position::START, Position::new(5));
    let elsewhere = CheckpointUpdate::new("rows", world.step.epoch, Position::new(1), Position::new(5));
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
    unit.clear(&CheckpointReset::new("rows")).await.unwrap();
    assert_eq!((world.rows().await, world.checkpoints.load("rows").await.unwrap()), (0, None));
}

#[tokio::test]
async fn the_connection_is_lent_once() {
    let world = world().await;
    let mut unit = world.checkpoints.begin().await.unwrap();
    let lent = SqliteConnection::inject(&mut unit).await.unwrap();
    let error = SqliteConnection::inject(&mut unit).await.err().unwrap();
    assert_eq!(error.class(), ErrorClass::Permanent);
    assert!(error.to_string().contains("in use already"), "{error}");
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
    assert!(error.to_string().contains("only a transactional projection"), "{error}");
    unit.rollback().await;
}

#[tokio::test]
async fn outages_are_told_from_mistakes() {
    let world = world_with(|options| options.write_timeout(Duration::from_millis(100))).await;
    let unit = world.checkpoints.detached();
    let (busy, missing) = {
        let held = world.checkpoints.begin().await.unwrap();
        let mut conn = world.db.pool().acquire().await.unwrap();
        let busy = sqlx::query("INSERT INTO rows DEFAULT VALUES").execute(&mut *conn).await.unwrap_err();
        let missing = sqlx::query("INSERT INTO nowhere DEFAULT VALUES").execute(&mut *conn).await.unwrap_err();
        let waited = world.checkpoints.begin().await.unwrap_err();
        assert!(unit.is_outage(&waited), "{waited:?}");
        let append = append(&SqliteEventStore::new(&world.db)).await.unwrap_err();
        assert!(unit.is_outage(&append), "{append:?}");
        assert!(!held.is_outage(&append), "inside the batch, what waits for the batch waits for itself: {append:?}");
        (busy, missing)
    };
    assert!(unit.is_outage(&busy), "{busy:?}");
    assert!(!unit.is_outage(&missing), "{missing:?}");
    let handlers: HandlerError = busy.into();
    assert!(unit.is_outage(handlers.source()));
    assert!(unit.is_outage(&sqlx::Error::PoolTimedOut));
    world.db.close().await;
    assert!(unit.is_outage(&world.checkpoints.load("rows").await.unwrap_err()));
}
