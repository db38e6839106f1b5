//! How failing events are retried, outside a transaction and by the class of their errors.

use std::sync::Arc;
use std::sync::Mutex;

use eventsource::projection::ErrorClass;
use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase, SqliteEventStore};
use eventsource::sqlx::{self, SqliteConnection};
use eventsource_tests::domain::Bumped;

use crate::world::*;

/// An effect: what it sends cannot be taken back.
struct Sends(Plan, Arc<Mutex<Vec<u64>>>);

#[projection(effects, name = "sends")]
impl Sends {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Bumped) -> Result<(), HandlerError> {
        self.0.strike(event.by).await?;
        self.1.lock().unwrap().push(event.by);
        Ok(())
    }
}

#[tokio::test]
async fn effects_have_dead_letters_as_well_and_repeat_nothing() {
    let (store, checkpoints) = (MemoryEventStore::new(), MemoryCheckpoints::new());
    let (plan, sent) = (Plan::new([(102, Fault::Permanent)]), Arc::default());
    for round in 0..2 {
        let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), checkpoints.clone());
        let handle = manager.subscribe(Sends(plan.clone(), Arc::clone(&sent)), quick(2)).await.unwrap();
        let position = bump(&store, &[1 + round, 101 + round, 102 + round, 2 + round]).await;
        manager.start().await.unwrap();
        handle.wait_for(position).within(DEADLINE).await.unwrap();
        if round == 1 {
            plan.heal();
            assert_eq!(handle.dead_letters().retry_all().await.unwrap().applied, 3);
        }
        manager.stop().await.unwrap();
    }
    assert_eq!(*sent.lock().unwrap(), [1, 101, 2, 2, 3, 102, 102, 103]);
    assert_eq!(checkpoints.dead_letters("sends", LetterQuery::all()).await.unwrap(), []);
}

/// Runs the statement that it holds.
struct Runs(&'static str);

#[projection(name = "runs")]
impl Runs {
    #[handles(Bumped)]
    async fn bumped(&self, _: &Bumped, db: &mut SqliteConnection) -> sqlx::Result<()> {
        sqlx::query(self.0).execute(db).await?;
        Ok(())
    }
}

#[tokio::test]
async fn the_database_says_which_of_its_errors_are_permanent() {
    let cases = [
        ("INSERT INTO no_such_table VALUES (1)", ErrorClass::Permanent, 1),
        ("this is no SQL", ErrorClass::Permanent, 1),
        ("INSERT INTO once VALUES (1)", ErrorClass::Transient, 3),
    ];
    for (sql, class, attempts) in cases {
        let folder = tempfile::tempdir().unwrap();
        let db = SqliteDatabase::open(folder.path().join("world.db")).await.unwrap();
        sqlx::raw_sql("CREATE TABLE once (id INTEGER PRIMARY KEY); INSERT INTO once VALUES (1)")
            .execute(db.pool())
            .await
            .unwrap();
        let store = SqliteEventStore::new(&db);
        let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), SqliteCheckpoints::new(&db));
        let handle = manager.subscribe(Runs(sql), quick(3)).await.unwrap();
        let position = bump(&store, &[1]).await;
        manager.start().await.unwrap();
        handle.wait_for_passed(position).within(DEADLINE).await.unwrap();
        let letter = handle.dead_letters().list().await.unwrap().remove(0);
        assert_eq!((letter.class, letter.attempts), (class, attempts), "{sql}: {letter}");
    }
}

#[tokio::test]
async fn a_payload_that_does_not_decode_is_a_letter_that_names_it() {
    let (store, plan) = (MemoryEventStore::new(), Plan::default());
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let handle = manager.subscribe(Applies(plan), quick(5)).await.unwrap();
    let bad = vec![NewEvent::raw("Bumped", 1, r#"{"by":"many"}"#)];
    store.append(&stream(100), ExpectedVersion::Any, bad).await.unwrap();
    let position = bump(&store, &[1]).await;
    manager.start().await.unwrap();
    handle.wait_for(position).within(DEADLINE).await.unwrap();
    let letter = handle.dead_letters().list().await.unwrap().remove(0);
    assert_eq!((letter.attempts, letter.class), (1, ErrorClass::Permanent));
    assert!(letter.errors[0].contains("does not decode"), "{letter}");
}
