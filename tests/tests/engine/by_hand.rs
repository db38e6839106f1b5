//! Events that are handed to an engine by the test.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use eventsource::engine::{
    EngineError, MemoryProjectionStates, Processed, ProjectionEngine, ProjectionHealth, ProjectionState,
    ProjectionStateStore,
};
use eventsource::prelude::*;
use serde::{Deserialize, Serialize};

use crate::events::{Closed, Deposited, Opened, account, deposits};

fn engine() -> ProjectionEngine {
    ProjectionEngine::new("account-balance", MemoryProjectionStates::new())
}

#[tokio::test]
async fn handlers_of_one_event_run_in_order_of_registration() {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let note = |name: &'static str| {
        let calls = Arc::clone(&calls);
        move || calls.lock().unwrap().push(name)
    };
    let (first, second, third) = (note("first"), note("second"), note("third"));
    let mut engine = engine()
        .on::<Deposited>(move |_| first())
        .on_async::<Deposited>(move |_| {
            let second = second.clone();
            async move {
                tokio::task::yield_now().await;
                second();
            }
        })
        .on::<Deposited>(move |event| -> Result<(), HandlerError> {
            assert_eq!(event.cents, 5);
            third();
            Ok(())
        });
    assert_eq!(engine.process_events(&deposits([5]).await).await.unwrap(), 1);
    assert_eq!(*calls.lock().unwrap(), ["first", "second", "third"]);
}

/// The first version of [`Renamed`].
#[derive(Debug, Serialize, Deserialize)]
struct RenamedV1 {
    first: String,
    last: String,
}

#[derive(Debug, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Account", name = "AccountRenamed", version = 2, from(RenamedV1))]
struct Renamed {
    name: String,
}

impl From<RenamedV1> for Renamed {
    fn from(old: RenamedV1) -> Self {
        Self { name: format!("{} {}", old.first, old.last) }
    }
}

#[tokio::test]
async fn older_version_of_an_event_is_converted_and_one_that_does_not_decode_is_named() {
    let store = MemoryEventStore::new();
    let old = |payload: &str| NewEvent::raw("AccountRenamed", 1, payload);
    let events = vec![old(r#"{"first":"Ada","last":"King"}"#), old(r#"{"first":"Ada"}"#)];
    let events = store.append(&account(), ExpectedVersion::Any, events).await.unwrap().events().to_vec();
    let mut engine = engine().with_state(String::new()).update::<Renamed>(|name, event| name.clone_from(&event.name));
    let error = engine.process_events(&events).await.unwrap_err();
    assert_eq!(engine.state(), "Ada King");
    let place = matches!(&error, EngineError::Handler { event_type, position, handler: 1, .. }
        if event_type == "AccountRenamed" && position.value() == 2);
    assert!(place, "{error:?}");
}

#[tokio::test]
async fn repeated_event_is_applied_once_also_after_another() {
    let mut engine = engine().with_state(0).update::<Deposited>(|sum, event| *sum += event.cents);
    let events = deposits([1, 10]).await;
    let [a, b] = &*events else { unreachable!() };
    assert_eq!(engine.handle_event(a).await.unwrap(), Processed::Applied);
    assert_eq!(engine.handle_event(b).await.unwrap(), Processed::Applied);
    assert_eq!(engine.handle_event(a).await.unwrap(), Processed::Repeated);
    assert_eq!(*engine.state(), 11);
    assert_eq!(engine.progress().unwrap().events_processed, 2);
}

#[tokio::test]
async fn own_state_is_as_before_when_a_later_handler_fails() {
    let fails = Arc::new(AtomicBool::new(true));
    let failing = Arc::clone(&fails);
    let mut engine = engine()
        .with_state(Vec::new())
        .update::<Deposited>(|amounts, event| amounts.push(event.cents))
        .update::<Deposited>(move |amounts, event| {
        amounts.push(1_000);
        match event.cents == 3 && failing.load(Ordering::Relaxed) {
            true => Err(HandlerError::transient("not now")),
            false => Ok(()),
        }
    });
    let events = deposits([1, 2, 3, 4]).await;
    let error = engine.process_events(&events).await.unwrap_err();
    let EngineError::Handler { handler, position, event_type, .. } = &error else { panic!("{error}") };
    assert_eq!((*handler, *position, &**event_type), (2, events[2].position(), "MoneyDeposited"));
    assert_eq!(*engine.state(), [1, 1_000, 2, 1_000]);

    fails.store(false, Ordering::Relaxed);
    engine.process_events(&events).await.unwrap();
    assert_eq!(*engine.state(), [1, 1_000, 2, 1_000, 3, 1_000, 4, 1_000]);
}

#[tokio::test]
async fn own_state_is_as_before_after_more_events_than_a_copy_holds() {
    let mut engine = engine().with_state(0).update::<Deposited>(|sum, event| {
        *sum += event.cents;
        assert!(event.cents != 2, "a handler that panics");
    });
    let mut amounts = vec![1; 2_500];
    amounts.push(2);
    let error = engine.process_events(&deposits(amounts).await).await.unwrap_err();
    assert!(error.to_string().contains("a handler that panics"), "{error}");
    assert_eq!(*engine.state(), 2_500);
    assert_eq!(engine.progress().unwrap().events_processed, 2_500);
}

#[tokio::test]
async fn handler_that_is_done_does_not_run_again_when_the_next_one_is_retried() {
    let (calls, attempts) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let (counted, tried) = (Arc::clone(&calls), Arc::clone(&attempts));
    let mut engine = engine()
        .on::<Deposited>(move |_| {
            let _ = counted.fetch_add(1, Ordering::Relaxed);
        })
        .on::<Deposited>(move |_| match tried.fetch_add(1, Ordering::Relaxed) {
            0 => Err(HandlerError::transient("not yet")),
            _ => Ok(()),
        });
    let events = deposits([1]).await;
    engine.handle_event(&events[0]).await.unwrap_err();
    assert_eq!(engine.handle_event(&events[0]).await.unwrap(), Processed::Applied);
    assert_eq!((calls.load(Ordering::Relaxed), attempts.load(Ordering::Relaxed)), (1, 2));
}

#[tokio::test]
async fn engine_is_healthy_again_after_a_success() {
    let states = MemoryProjectionStates::new();
    let attempts = AtomicU64::new(0);
    let mut engine = ProjectionEngine::new("account-balance", states.clone()).on::<Deposited>(move |_| match attempts
        .fetch_add(1, Ordering::Relaxed)
    {
        0 => Err(HandlerError::transient("the mail server is down")),
        _ => Ok(()),
    });
    let events = deposits([1]).await;
    engine.handle_event(&events[0]).await.unwrap_err();
    let failing = states.load("account-balance").await.unwrap().unwrap();
    assert_eq!((failing.health, failing.error_count), (ProjectionHealth::Failing, 1));
    assert_eq!((failing.last_event_id, failing.position), (None, Position::START));

    engine.handle_event(&events[0]).await.unwrap();
    let healthy = states.load("account-balance").await.unwrap().unwrap();
    assert_eq!((healthy.health, healthy.error_count), (ProjectionHealth::Healthy, 1));
    assert_eq!(healthy.last_error.as_deref(), Some("the mail server is down"));
    assert_eq!((healthy.last_event_id, healthy.position), (Some(events[0].id()), events[0].position()));
}

#[tokio::test]
async fn events_without_a_handler_and_of_unknown_types_are_passed_over() {
    let store = MemoryEventStore::new();
    let unknown = NewEvent::raw("NotKnown", 9, "{}");
    let events = vec![unknown, NewEvent::of(&Closed {}).unwrap()];
    let appended = store.append(&account(), ExpectedVersion::Any, events).await.unwrap();
    let mut engine = engine().with_state(0).update::<Deposited>(|sum, event| *sum += event.cents);
    assert_eq!(engine.process_events(appended.events()).await.unwrap(), 0);
    let progress: &ProjectionState = engine.progress().unwrap();
    assert_eq!((progress.position, progress.events_processed), (appended.position(), 0));
}

#[tokio::test]
async fn event_under_an_old_name_reaches_its_handler() {
    let store = MemoryEventStore::new();
    let old = NewEvent::raw("AccountCreated", 1, r#"{"owner":"ada"}"#);
    let appended = store.append(&account(), ExpectedVersion::Any, vec![old]).await.unwrap();
    let mut engine = engine().with_state(String::new()).update::<Opened>(|owner, event| owner.clone_from(&event.owner));
    engine.process_events(appended.events()).await.unwrap();
    assert_eq!(engine.state(), "ada");
}

#[tokio::test]
async fn engine_that_writes_outside_continues_after_its_stored_progress() {
    let states = MemoryProjectionStates::new();
    let sum = Arc::new(AtomicU64::new(0));
    let engine = || {
        let sum = Arc::clone(&sum);
        ProjectionEngine::new("sum", states.clone()).on::<Deposited>(move |event| {
            let _ = sum.fetch_add(event.cents, Ordering::Relaxed);
        })
    };
    let events = deposits([1, 10, 100]).await;
    engine().process_events(&events[..2]).await.unwrap();
    assert_eq!(engine().process_events(&events).await.unwrap(), 1);
    assert_eq!(sum.load(Ordering::Relaxed), 111);
}

/// A store of progress that fails while it is told to.
#[derive(Clone, Default)]
struct Failing(MemoryProjectionStates, Arc<AtomicBool>);

#[async_trait::async_trait]
impl ProjectionStateStore for Failing {
    async fn load(&self, id: &str) -> Result<Option<ProjectionState>, eventsource::engine::ProjectionStateError> {
        self.0.load(id).await
    }

    async fn save(&self, state: &ProjectionState) -> Result<(), eventsource::engine::ProjectionStateError> {
        if self.1.load(Ordering::Relaxed) {
            return Err(eventsource::engine::ProjectionStateError::Corrupt {
                projection_id: state.projection_id.clone(),
                what: "a failure on purpose".to_owned(),
            });
        }
        self.0.save(state).await
    }
}

#[tokio::test]
async fn progress_that_was_not_saved_is_an_error_and_does_not_repeat_the_handlers() {
    let states = Failing::default();
    states.1.store(true, Ordering::Relaxed);
    let mut engine = ProjectionEngine::new("sum", states.clone())
        .with_state(0)
        .update::<Deposited>(|sum, event| *sum += event.cents);
    let events = deposits([5]).await;
    assert!(matches!(engine.process_events(&events).await, Err(EngineError::State(_))));
    states.1.store(false, Ordering::Relaxed);
    assert_eq!(engine.process_events(&events).await.unwrap(), 0);
    assert_eq!(*engine.state(), 5);
    assert_eq!(states.0.load("sum").await.unwrap().unwrap().events_processed, 1);
}
