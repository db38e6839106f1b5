//! Engines in subscriptions.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use eventsource::engine::{EngineState, MemoryProjectionStates, Owned, ProjectionEngine, ProjectionStateStore};
use eventsource::memory::MemoryUnit;
use eventsource::prelude::*;
use eventsource::projection::LetterQuery;
use eventsource::sqlite::SqliteProjectionStates;
use eventsource::subscription::RetryPolicy;
use eventsource_tests::backend::{Backend, Memory, Postgres, Sqlite};
use uuid::Uuid;

use crate::events::{Closed, Deposited, Opened, account, deposit};

fn sums() -> ProjectionEngine<Owned<u64>> {
    ProjectionEngine::new("sum", MemoryProjectionStates::new())
        .with_state(0)
        .update::<Deposited>(|sum, event| *sum += event.cents)
}

async fn engine_with_a_state_follows_the_log<B: Backend>() {
    let backend = B::open().await;
    let store = backend.store();
    deposit(&store, 1..=10).await;
    let manager = backend.manager();
    let sum = manager.subscribe(sums(), SubscriptionConfig::from_beginning()).await.unwrap();
    manager.start().await.unwrap();
    sum.caught_up().await.unwrap();
    let live = deposit(&store, [45]).await;
    sum.wait_for(live[0].position()).await.unwrap();
    assert_eq!(*sum.read().await.state(), 100);
    manager.stop().await.unwrap();
    sum.reset().await.unwrap();
    assert_eq!(*sum.read().await.state(), 0);
    manager.start().await.unwrap();
    sum.wait_for(live[0].position()).await.unwrap();
    assert_eq!(*sum.read().await.state(), 100);
    manager.stop().await.unwrap();
}

#[tokio::test]
async fn engine_with_a_state_follows_the_log_in_memory() {
    engine_with_a_state_follows_the_log::<Memory>().await;
}

#[tokio::test]
async fn engine_with_a_state_follows_the_log_on_sqlite() {
    engine_with_a_state_follows_the_log::<Sqlite>().await;
}

#[tokio::test]
async fn engine_with_a_state_follows_the_log_on_postgres() {
    engine_with_a_state_follows_the_log::<Postgres>().await;
}

/// A part of a program that brings its projections along: it knows the manager and nothing of the program.
mod plug_in {
    use eventsource::engine::{MemoryProjectionStates, Owned, ProjectionEngine};
    use eventsource::prelude::*;
    use eventsource::subscription::SubscribeError;

    use crate::events::{Closed, Deposited, Opened};

    pub(super) type Engine = ProjectionEngine<Owned<u64>>;

    /// Subscribes the projections of this module.
    pub(super) async fn register<C: CheckpointStore>(
        manager: &SubscriptionManager<C>,
    ) -> Result<Vec<SubscriptionHandle<Engine>>, SubscribeError> {
        let engine = |name| ProjectionEngine::new(name, MemoryProjectionStates::new()).with_state(0);
        let sums = engine("sums").update::<Deposited>(|sum, event| *sum += event.cents);
        let accounts =
            engine("open-accounts").update::<Opened>(|open, _| *open += 1).update::<Closed>(|open, _| *open -= 1);
        let mut handles = Vec::new();
        for engine in [sums, accounts] {
            handles.push(manager.subscribe(engine, SubscriptionConfig::from_beginning()).await?);
        }
        Ok(handles)
    }
}

async fn engines_that_a_plug_in_subscribes_follow_the_log<B: Backend>() {
    let backend = B::open().await;
    let store = backend.store();
    let append =
        async |event: NewEvent| store.append(&account(), ExpectedVersion::Any, vec![event]).await.unwrap().position();
    let opened = || NewEvent::of(&Opened { owner: "ada".to_owned() }).unwrap();
    append(opened()).await;
    deposit(&store, [1, 10]).await;
    let manager = backend.manager();
    let handles = plug_in::register(&manager).await.unwrap();
    manager.start().await.unwrap();
    append(opened()).await;
    let late = append(NewEvent::of(&Closed {}).unwrap()).await;
    deposit(&store, [100]).await;
    append(opened()).await;
    let mut states = Vec::new();
    for handle in &handles {
        handle.caught_up().await.unwrap();
        states.push(*handle.read().await.state());
        assert!(handle.inspect().await.position.unwrap() > late);
    }
    assert_eq!(states, [111, 2]);
    let mut names: Vec<_> = manager.inspect_all().await.into_iter().map(|status| status.name).collect();
    names.sort();
    assert_eq!(names, ["open-accounts", "sums"]);
    manager.stop().await.unwrap();
}

#[tokio::test]
async fn engines_that_a_plug_in_subscribes_follow_the_log_in_memory() {
    engines_that_a_plug_in_subscribes_follow_the_log::<Memory>().await;
}

#[tokio::test]
async fn engines_that_a_plug_in_subscribes_follow_the_log_on_sqlite() {
    engines_that_a_plug_in_subscribes_follow_the_log::<Sqlite>().await;
}

#[tokio::test]
async fn engines_that_a_plug_in_subscribes_follow_the_log_on_postgres() {
    engines_that_a_plug_in_subscribes_follow_the_log::<Postgres>().await;
}

#[tokio::test]
async fn engine_with_a_state_is_as_before_an_event_that_panics() {
    let backend = Memory::open().await;
    let panics = Arc::new(AtomicU64::new(1));
    let left = Arc::clone(&panics);
    let engine = ProjectionEngine::new("sum", MemoryProjectionStates::new()).with_state(0).update::<Deposited>(
        move |sum, event| {
            *sum += event.cents;
            if event.cents == 4 && left.load(Ordering::Relaxed) > 0 {
                left.fetch_sub(1, Ordering::Relaxed);
                panic!("a panic on purpose");
            }
        },
    );
    deposit(&backend.store(), 1..=10).await;
    let manager = backend.manager();
    let sum = manager.subscribe(engine, SubscriptionConfig::from_beginning()).await.unwrap();
    manager.start().await.unwrap();
    sum.caught_up().await.unwrap();
    assert_eq!(*sum.read().await.state(), 6);
    sum.dead_letters().retry_all().await.unwrap();
    assert_eq!(*sum.read().await.state(), 55);
    assert_eq!(sum.read().await.progress().unwrap().events_processed, 10);
}

/// Events of other streams move the engine past the event of a dead letter: a retry applies it all the same.
async fn retried_event_is_applied_although_later_ones_were<S: EngineState + Clone>(
    engine: impl Fn(Arc<AtomicU64>, Arc<AtomicU64>) -> ProjectionEngine<S>,
) where
    ProjectionEngine<S>: EventSubscriber<MemoryUnit>,
{
    let backend = Memory::open().await;
    let (refuses, sum) = (Arc::new(AtomicU64::new(4)), Arc::new(AtomicU64::new(0)));
    for cents in 1..=10 {
        let account = StreamId::new("Account", Uuid::from_u128(cents.into()));
        let deposit = NewEvent::of(&Deposited { cents }).unwrap();
        backend.store().append(&account, ExpectedVersion::NoStream, vec![deposit]).await.unwrap();
    }
    let manager = backend.manager();
    let engine = engine(Arc::clone(&refuses), Arc::clone(&sum));
    let handle = manager.subscribe(engine, SubscriptionConfig::from_beginning()).await.unwrap();
    manager.start().await.unwrap();
    handle.caught_up().await.unwrap();
    assert_eq!(sum.load(Ordering::Relaxed), 51);
    // It still refuses the event: the letter stays.
    handle.dead_letters().retry_all().await.unwrap();
    assert_eq!(handle.dead_letters().page(LetterQuery::all()).await.unwrap().len(), 1);
    refuses.store(0, Ordering::Relaxed);
    handle.dead_letters().retry_all().await.unwrap();
    assert_eq!(sum.load(Ordering::Relaxed), 55);
    assert!(handle.dead_letters().page(LetterQuery::all()).await.unwrap().is_empty());
    manager.stop().await.unwrap();
}

#[tokio::test]
async fn retried_event_is_applied_to_a_state_although_later_ones_were() {
    retried_event_is_applied_although_later_ones_were(|refuses, sum| {
        ProjectionEngine::new("sum", MemoryProjectionStates::new()).with_state(0_u64).update::<Deposited>(
            move |state, event| {
                if event.cents == refuses.load(Ordering::Relaxed) {
                    return Err(HandlerError::permanent("refused on purpose"));
                }
                *state += event.cents;
                sum.store(*state, Ordering::Relaxed);
                Ok(())
            },
        )
    })
    .await;
}

#[tokio::test]
async fn retried_event_is_applied_outside_although_later_ones_were() {
    retried_event_is_applied_although_later_ones_were(|refuses, sum| {
        ProjectionEngine::new("sum", MemoryProjectionStates::new()).on::<Deposited>(move |event| {
            if event.cents == refuses.load(Ordering::Relaxed) {
                return Err(HandlerError::permanent("refused on purpose"));
            }
            sum.fetch_add(event.cents, Ordering::Relaxed);
            Ok(())
        })
    })
    .await;
}

#[tokio::test]
async fn engine_that_writes_outside_goes_on_where_it_was_and_saves_its_progress_before_the_checkpoint() {
    let backend = Sqlite::open().await;
    let (states, store) = (SqliteProjectionStates::new(&backend.db), backend.store());
    let (sum, attempts) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let engine = || {
        let (sum, attempts) = (Arc::clone(&sum), Arc::clone(&attempts));
        ProjectionEngine::new("sum", states.clone()).on::<Deposited>(move |event| {
            if event.cents == 3 && attempts.fetch_add(1, Ordering::Relaxed) == 0 {
                return Err(HandlerError::transient("not yet"));
            }
            sum.fetch_add(event.cents, Ordering::Relaxed);
            Ok(())
        })
    };
    let mut last = deposit(&store, 1..=5).await.pop().unwrap();
    for total in [15, 21] {
        let manager = backend.manager();
        let retry = RetryPolicy::new(3, Duration::from_millis(1), Duration::from_millis(5));
        let config = SubscriptionConfig::from_checkpoint().retry(retry);
        let subscription = manager.subscribe(engine(), config).await.unwrap();
        manager.start().await.unwrap();
        subscription.wait_for(last.position()).await.unwrap();
        assert_eq!(sum.load(Ordering::Relaxed), total);
        manager.stop().await.unwrap();
        let stored = states.load("sum").await.unwrap().unwrap();
        assert_eq!((stored.position, stored.last_event_id), (last.position(), Some(last.id())));
        assert!(stored.health.is_healthy());
        assert_eq!(stored.error_count, 1);
        last = deposit(&store, [6]).await.pop().unwrap();
    }
}
