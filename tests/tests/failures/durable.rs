//! Durable memory: the state is stored with its checkpoint, and a new process goes on from there.

use std::sync::LazyLock;

use eventsource::projection::ProjectionSnapshot;
use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase, SqliteEventStore};
use eventsource::sqlx;
use eventsource_tests::domain::Bumped;
use serde::{Deserialize, Serialize};

use crate::world::*;

/// What was applied, and how often any of its handlers was called in this process.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Tally {
    applied: Vec<u64>,
    #[serde(skip)]
    plan: Plan,
}

#[projection(name = "tally", snapshot)]
impl Tally {
    #[handles(Bumped)]
    async fn bumped(&mut self, event: &Bumped) -> Result<(), HandlerError> {
        self.applied.push(event.by);
        self.plan.strike(event.by).await.inspect_err(|_| {
            self.applied.pop();
        })
    }
}

/// The same under another version.
#[derive(Default, Serialize, Deserialize)]
struct Newer {
    applied: Vec<u64>,
}

#[projection(name = "tally", version = 2, snapshot)]
impl Newer {
    #[handles(Bumped)]
    fn bumped(&mut self, event: &Bumped) {
        self.applied.push(event.by);
    }
}

async fn world() -> (SqliteDatabase, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (SqliteDatabase::open(folder.path().join("world.db")).await.unwrap(), folder)
}

fn manager(db: &SqliteDatabase) -> SubscriptionManager<SqliteCheckpoints> {
    SubscriptionManager::new(SqliteEventStore::new(db), MemoryEventBus::new(), SqliteCheckpoints::new(db))
}

async fn stored(db: &SqliteDatabase) -> Option<ProjectionSnapshot> {
    SqliteCheckpoints::new(db).snapshot("tally").await.unwrap()
}

/// Runs it up to the end of the log, and returns what was applied in all and how often a handler was called for that.
async fn run(db: &SqliteDatabase, config: SubscriptionConfig, position: Position) -> (Vec<u64>, u64) {
    let manager = manager(db);
    let handle = manager.subscribe(Tally::default(), config).await.unwrap();
    manager.start().await.unwrap();
    eventually("it is live", || async { handle.inspect().await.state.name() == "live" }).await;
    handle.wait_for(position).within(DEADLINE).await.unwrap();
    let status = handle.inspect().await;
    assert_eq!(status.guarantee.to_string(), "exactly once");
    manager.stop().await.unwrap();
    (handle.read().await.applied.clone(), status.events_handled)
}

#[tokio::test]
async fn a_new_process_goes_on_from_the_stored_state() {
    let (db, _folder) = world().await;
    let store = SqliteEventStore::new(&db);
    let position = bump(&store, &[1, 101, 2]).await;
    assert_eq!(run(&db, quick(1), position).await, (vec![1, 101, 2], 3));
    assert_eq!(stored(&db).await.unwrap().position, position);
    let position = bump(&store, &[102, 3]).await;
    assert_eq!(run(&db, quick(1), position).await, (vec![1, 101, 2, 102, 3], 2), "nothing is replayed");
    let checkpoint = SqliteCheckpoints::new(&db).load("tally").await.unwrap().unwrap();
    assert_eq!((checkpoint.position, stored(&db).await.unwrap().position), (position, position));
}

#[tokio::test]
async fn snapshot_is_stored_at_intervals_and_later_events_are_replayed() {
    let (db, _folder) = world().await;
    let store = SqliteEventStore::new(&db);
    bump(&store, &(1..=25).collect::<Vec<_>>()).await;
    let config = || quick(1).snapshot_every(10).batch_size(3).lease(std::time::Duration::from_millis(100));
    let (manager, handle) = {
        let manager = manager(&db);
        let handle = manager.subscribe(Tally::default(), config()).await.unwrap();
        manager.start().await.unwrap();
        handle.wait_for(Position::new(25)).within(DEADLINE).await.unwrap();
        (manager, handle)
    };
    let found = stored(&db).await.unwrap();
    assert_eq!(found.position, Position::new(24), "after 12 and 24 events: at the end of a batch");
    // Another owner takes over, as after a crash: events that were not stored are applied again, to the stored state.
    SqliteCheckpoints::new(&db)
        .claim(&eventsource::projection::Claim::new("tally", &found.fingerprint, Position::START))
        .await
        .unwrap();
    eventually("the old one is fenced", || async { handle.inspect().await.state.name() == "fenced" }).await;
    drop(manager);
    assert_eq!(run(&db, config(), Position::new(25)).await, ((1..=25).collect(), 1));
}

#[tokio::test]
async fn a_state_that_is_of_no_use_means_a_replay_and_never_a_wrong_state() {
    for damage in [
        "UPDATE eventsource_snapshots SET state = x'7b'",
        "DELETE FROM eventsource_snapshots",
        "UPDATE eventsource_snapshots SET position = 2",
        "UPDATE eventsource_snapshots SET fingerprint = 'another one'",
    ] {
        let (db, _folder) = world().await;
        let store = SqliteEventStore::new(&db);
        let position = bump(&store, &[1, 101, 2]).await;
        run(&db, quick(1), position).await;
        sqlx::raw_sql(damage).execute(db.pool()).await.unwrap();
        let manager = manager(&db);
        let handle = manager.subscribe(Tally::default(), quick(1)).await.unwrap();
        let position = bump(&store, &[3]).await;
        manager.start().await.unwrap();
        handle.wait_for(position).within(DEADLINE).await.unwrap();
        assert_eq!(handle.read().await.applied, [1, 101, 2, 3], "{damage}");
        let error = handle.inspect().await.last_error.unwrap();
        assert!(error.contains("cannot be used") && error.contains("replaying"), "{damage}: {error}");
        manager.stop().await.unwrap();
        assert_eq!(run(&db, quick(1), position).await.1, 0, "{damage}: it is stored again");
    }
}

#[tokio::test]
async fn changed_projection_builds_its_state_again() {
    let (db, _folder) = world().await;
    let position = bump(&SqliteEventStore::new(&db), &[1, 101, 2]).await;
    run(&db, quick(1), position).await;
    let manager = manager(&db);
    let handle = manager.subscribe(Newer::default(), quick(1)).await.unwrap();
    manager.start().await.unwrap();
    eventually("it has replayed", || async { handle.inspect().await.events_handled == 3 }).await;
    manager.stop().await.unwrap();
    assert_eq!(handle.with(|newer| newer.applied.clone()).await, [1, 101, 2]);
    assert!(stored(&db).await.unwrap().fingerprint.contains("v2"));
}

#[tokio::test]
async fn dead_letters_are_stored_with_the_state() {
    let (db, _folder) = world().await;
    let store = SqliteEventStore::new(&db);
    let plan = Plan::new([(102, Fault::Panic)]);
    let position = bump(&store, &[1, 101, 102, 2, 103]).await;
    let first = manager(&db);
    let handle = first.subscribe(Tally { plan: plan.clone(), ..Tally::default() }, quick(2)).await.unwrap();
    first.start().await.unwrap();
    handle.wait_for_passed(position).within(DEADLINE).await.unwrap();
    assert_eq!(handle.read().await.applied, [1, 101, 2]);
    first.stop().await.unwrap();
    let letters = SqliteCheckpoints::new(&db).dead_letters("tally", LetterQuery::all()).await.unwrap();
    assert_eq!((letters.len(), letters[0].position, letters[0].held), (1, Position::new(3), 1));
    plan.heal();
    let second = manager(&db);
    let handle = second.subscribe(Tally { plan, ..Tally::default() }, quick(2)).await.unwrap();
    second.start().await.unwrap();
    assert_eq!(handle.dead_letters().retry_all().await.unwrap().applied, 2);
    assert_eq!(handle.read().await.applied, [1, 101, 2, 102, 103]);
    second.stop().await.unwrap();
    assert_eq!(SqliteCheckpoints::new(&db).dead_letters("tally", LetterQuery::all()).await.unwrap(), []);
    assert_eq!(run(&db, quick(1), position).await, (vec![1, 101, 2, 102, 103], 0));
}

/// A start reads only the dismissed letters that it can meet: those behind a letter, and those that a replay passes.
#[tokio::test]
async fn dismissed_event_stays_dismissed_after_a_replay_and_a_restart() {
    let (db, _folder) = world().await;
    let position = bump(&SqliteEventStore::new(&db), &[101, 102, 103, 104]).await;
    let mut expected = vec![101, 102, 104];
    for (fails, damage) in [(Some(103), None), (Some(102), Some("DELETE FROM eventsource_snapshots")), (None, None)] {
        if let Some(damage) = damage {
            sqlx::raw_sql(damage).execute(db.pool()).await.unwrap();
        }
        let plan = Plan::new(fails.map(|by| (by, Fault::Permanent)));
        let manager = manager(&db);
        let handle = manager.subscribe(Tally { plan: plan.clone(), ..Tally::default() }, quick(1)).await.unwrap();
        manager.start().await.unwrap();
        handle.wait_for_passed(position).within(DEADLINE).await.unwrap();
        match fails {
            Some(103) => {
                handle.dead_letters().dismiss(Position::new(3), "known").await.unwrap();
                assert_eq!(handle.read().await.applied, expected);
            }
            Some(_) => assert_eq!(handle.read().await.applied, [101], "a letter parks the stream"),
            None => assert_eq!(handle.dead_letters().retry_all().await.unwrap().applied, 2),
        }
        manager.stop().await.unwrap();
    }
    assert_eq!(run(&db, quick(1), position).await.0, expected);
    // And once more, from the start of the log.
    sqlx::raw_sql("DELETE FROM eventsource_snapshots").execute(db.pool()).await.unwrap();
    expected.sort_unstable();
    assert_eq!(run(&db, quick(1), position).await.0, expected);
}

/// A batch of letters of which one leaves the state in pieces: what stands before it in the batch is not lost with the state.
#[tokio::test]
async fn letters_before_one_that_is_cut_off_are_applied_once() {
    let (db, _folder) = world().await;
    let store = SqliteEventStore::new(&db);
    let plan = Plan::new([101, 201, 301, 401].map(|by| (by, Fault::Permanent)));
    let position = bump(&store, &[1, 101, 201, 301, 401, 102]).await;
    let first = manager(&db);
    let handle = first.subscribe(Tally { plan: plan.clone(), ..Tally::default() }, quick(1)).await.unwrap();
    first.start().await.unwrap();
    handle.wait_for_passed(position).within(DEADLINE).await.unwrap();
    plan.heal();
    // The state that is restored afterwards has no plan.
    plan.fail(301, Fault::Panic);
    let retried = handle.dead_letters().retry_all().await.unwrap();
    assert_eq!((plan.calls(301), retried.applied, retried.left), (2, 5, vec![]));
    assert_eq!(handle.read().await.applied, [1, 101, 102, 201, 301, 401]);
    first.stop().await.unwrap();
    assert_eq!(run(&db, quick(1), position).await, (vec![1, 101, 102, 201, 301, 401], 0), "and so it is stored");
}

/// A panic leaves something half done, which must not be stored: the events before it are, after the replay.
#[tokio::test]
async fn a_state_in_pieces_is_not_stored() {
    let (db, _folder) = world().await;
    let plan = Plan::new([(102, Fault::Panic)]);
    let position = bump(&SqliteEventStore::new(&db), &[1, 101, 102, 2]).await;
    let manager = manager(&db);
    let config = quick(1).batch_size(10).snapshot_every(1);
    let handle = manager.subscribe(Tally { plan, ..Tally::default() }, config).await.unwrap();
    manager.start().await.unwrap();
    handle.wait_for(position).within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
    let stored: Tally = serde_json::from_slice(&stored(&db).await.unwrap().state).unwrap();
    assert_eq!((&*handle.read().await.applied, &*stored.applied), (&[1, 101, 2][..], &[1, 101, 2][..]));
}

/// Fails as [`PLAN`] says, also with a restored state.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Planned {
    applied: Vec<u64>,
}

static PLAN: LazyLock<Plan> = LazyLock::new(Plan::default);

#[projection(name = "planned", snapshot)]
impl Planned {
    #[handles(Bumped)]
    async fn bumped(&mut self, event: &Bumped) -> Result<(), HandlerError> {
        PLAN.strike(event.by).await?;
        self.applied.push(event.by);
        Ok(())
    }
}

#[tokio::test]
async fn letters_beyond_those_in_memory_are_looked_up_with_what_is_not_stored_yet() {
    const PATIENCE: std::time::Duration = std::time::Duration::from_secs(180);
    let (db, _folder) = world().await;
    let store = SqliteEventStore::new(&db);
    let numbers: Vec<_> = (1..=1_100).map(|stream| stream * 100).collect();
    let plan = &*PLAN;
    numbers.iter().for_each(|by| plan.fail(*by, Fault::Permanent));
    let config = || {
        let config = quick(1).failure_limit(eventsource::subscription::FailureLimit::none()).batch_size(50);
        config.lease(std::time::Duration::from_millis(300)).snapshot_every(10_000)
    };
    let subscribed = async |manager: &SubscriptionManager<SqliteCheckpoints>| {
        let handle = manager.subscribe(Planned::default(), config()).await.unwrap();
        manager.start().await.unwrap();
        handle
    };
    let count = async |handle: &SubscriptionHandle<Planned>| handle.inspect().await.dead_letters.unwrap();
    let first = manager(&db);
    let handle = subscribed(&first).await;
    let position = bump(&store, &numbers).await;
    handle.wait_for_passed(position).within(PATIENCE).await.unwrap();
    let position = bump(&store, &[101, 30_001, 7]).await;
    handle.wait_for_passed(position).within(PATIENCE).await.unwrap();
    assert_eq!((handle.read().await.applied.clone(), count(&handle).await), (vec![7], 1_100));
    let held = Position::new(position.value() - 1);
    assert!(handle.wait_for(held).within(PATIENCE).await.is_err(), "30,001 waits behind a letter");

    // Another owner takes over, as after a crash: what was not stored is applied, and held, once more.
    let found = SqliteCheckpoints::new(&db).snapshot("planned").await.unwrap().unwrap();
    assert!(found.position < position);
    let stolen = eventsource::projection::Claim::new("planned", &found.fingerprint, Position::START);
    SqliteCheckpoints::new(&db).claim(&stolen).await.unwrap();
    eventually("the old one is fenced", || async { handle.inspect().await.state.name() == "fenced" }).await;
    drop(first);
    let second = manager(&db);
    let handle = subscribed(&second).await;
    let position = bump(&store, &[102, 60_001, 8]).await;
    handle.wait_for_passed(position).within(PATIENCE).await.unwrap();
    assert_eq!((handle.read().await.applied.clone(), count(&handle).await), (vec![7, 8], 1_100));
    let letters = handle.dead_letters();
    let retried = letters.retry(Position::new(1)).await.unwrap();
    assert_eq!((retried.left.len(), retried.left[0].held), (1, 2), "it is not healed yet");
    assert_eq!(handle.inspect().await.events_held.unwrap(), 4);
    assert_eq!(letters.get(Position::new(1)).await.unwrap().held, 2);
    letters.dismiss(Position::new(1_100), "known").await.unwrap();
    let position = bump(&store, &[103, 60_002]).await;
    handle.wait_for_passed(position).within(PATIENCE).await.unwrap();
    // A handler panics, so the state is restored and the log is replayed after it. An event that was applied fails this time:
    // the next one of its stream waits, although the letter is not stored before the end of the replay.
    let fillers: Vec<_> = (10..70).collect();
    let position = bump(&store, &[&[500_001], &fillers[..], &[500_002]].concat()).await;
    handle.wait_for(position).within(PATIENCE).await.unwrap();
    plan.fail(500_001, Fault::Permanent);
    plan.fail(600_000, Fault::Panic);
    let position = bump(&store, &[600_000]).await;
    handle.wait_for_passed(position).within(PATIENCE).await.unwrap();
    assert_eq!(handle.read().await.applied, [&[7, 8], &fillers[..]].concat());
    plan.heal();
    let retried = letters.retry_all().await.unwrap();
    assert_eq!((retried.applied, retried.left.len()), (1_099 + 6 + 3, 0));
    assert_eq!((count(&handle).await, handle.inspect().await.events_held.unwrap()), (0, 0));
    let applied = handle.read().await.applied.clone();
    assert_eq!(applied[62..66], [100, 101, 102, 103]);
    assert_eq!(applied[applied.len() - 3..], [500_001, 500_002, 600_000]);
    assert_eq!(applied.len(), 1_099 + 6 + 3 + 62);
    second.stop().await.unwrap();
    let third = manager(&db);
    let handle = subscribed(&third).await;
    handle.wait_for(position).within(DEADLINE).await.unwrap();
    assert_eq!((handle.read().await.applied.clone(), handle.inspect().await.events_handled), (applied, 0));
}
