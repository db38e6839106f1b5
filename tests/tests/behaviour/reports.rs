//! Reports as JSON, and states as sentences.

use std::time::Duration;

use eventsource::prelude::*;
use eventsource::subscription::{FailurePolicy, HealthLimits};
use eventsource::testing::faults::{Fault, Faults, FaultyEventStore, Point};
use eventsource_tests::domain::{Bumped, bump};
use eventsource_tests::wait::DEADLINE;
use serde_json::{Value, json};

/// Fails at 2.
#[derive(Clone, Default)]
struct Picky(Vec<u64>);

#[projection(name = "picky")]
impl Picky {
    #[handles(Bumped)]
    fn bumped(&mut self, event: &Bumped) -> Result<(), HandlerError> {
        if event.by == 2 {
            return Err(HandlerError::permanent("not a 2"));
        }
        self.0.push(event.by);
        Ok(())
    }
}

#[tokio::test]
async fn status_health_and_states_are_serialised() {
    let faults = Faults::new();
    let store = FaultyEventStore::new(MemoryEventStore::new(), &faults);
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let config = SubscriptionConfig::default().on_failure(FailurePolicy::Stop);
    let picky = manager.subscribe(Picky::default(), config).await.unwrap();
    manager.start().await.unwrap();
    picky.wait_for(bump(&store, [1]).await).within(DEADLINE).await.unwrap();
    picky.caught_up().within(DEADLINE).await.unwrap();
    let status = serde_json::to_value(picky.inspect().await).unwrap();
    assert_eq!(status["state"], json!({"state": "live", "reason": null}));
    assert_eq!((&status["name"], &status["position"]), (&json!("picky"), &json!(1)));
    assert_eq!(
        (&status["lag"], &status["guarantee"]),
        (&json!({"events": 0, "seconds": 0.0}), &json!("exactly_once_in_process"))
    );
    let health = serde_json::to_value(manager.health(HealthLimits::default())).unwrap();
    assert!(health["age_seconds"].is_number(), "{health}");
    let subscription = json!({"name": "picky", "live": true, "ready": true, "gates_readiness": true, "problem": null});
    let fields = json!({
        "live": true, "ready": true, "reasons": [], "subscriptions": [subscription],
        "age_seconds": health["age_seconds"],
    });
    assert_eq!(health, fields);
    let snapshot = serde_json::to_value(picky.snapshot()).unwrap();
    assert_eq!(snapshot["state"], json!({"state": "live", "reason": null}));
    assert_eq!((&snapshot["position"], &snapshot["dead_letters"]), (&json!(1), &json!(0)));
    assert_eq!((&snapshot["lag"], &snapshot["last_failure"]), (&json!({"events": 0, "seconds": 0.0}), &Value::Null));
    assert!(snapshot["age_seconds"].is_number() && snapshot["state_since"].is_string(), "{snapshot}");

    picky.wait_for(bump(&store, [2]).await).within(DEADLINE).await.unwrap_err();
    let status = picky.inspect().await;
    let (sentence, reason) = (status.state.to_string(), status.state.reason().unwrap());
    assert_eq!(sentence, format!("faulted: {reason}"));
    let value = serde_json::to_value(&status).unwrap();
    assert_eq!((&value["state"]["state"], &value["state"]["reason"]), (&json!("faulted"), &json!(reason)));
    let failure = &value["state"]["failure"];
    assert_eq!((&failure["position"], &failure["event_type"]), (&json!(2), &json!("Bumped")));
    assert_eq!(failure["errors"], json!(["not a 2"]));
    let snapshot = serde_json::to_value(picky.snapshot()).unwrap();
    let told = snapshot["last_failure"]["error"].as_str().unwrap();
    assert!(told.contains("not a 2") && snapshot["last_failure"]["at"].is_string(), "{snapshot}");

    faults.next(Point::Backlog, Fault::Fail, 1);
    let status = serde_json::to_value(picky.inspect().await).unwrap();
    assert!(status["lag"]["error"].is_string(), "{status}");
    assert!(matches!(&status["unknown_types"], Value::Array(types) if types.is_empty()), "{status}");
}

#[tokio::test]
async fn retries_and_rebuilds_are_serialised() {
    let store = MemoryEventStore::new();
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let picky = manager.subscribe(Picky::default(), SubscriptionConfig::default()).await.unwrap();
    manager.start().await.unwrap();
    bump(&store, [1, 2, 3]).await;
    picky.caught_up().within(DEADLINE).await.unwrap();
    let retried = serde_json::to_value(picky.dead_letters().retry_all().await.unwrap()).unwrap();
    assert_eq!((&retried["applied"], &retried["left"][0]["position"]), (&json!(0), &json!(2)));
    manager.stop().await.unwrap();

    let progress = eventsource::subscription::RebuildKind::SideBySide;
    assert_eq!(serde_json::to_value(progress).unwrap(), json!("side_by_side"));
}

/// Reads itself through its handle.
#[derive(Clone, Default)]
struct Narcissus {
    bumps: Vec<u64>,
    mirror: std::sync::Arc<std::sync::OnceLock<SubscriptionHandle<Narcissus>>>,
}

#[projection(name = "narcissus")]
impl Narcissus {
    #[handles(Bumped)]
    async fn bumped(&mut self, event: &Bumped) {
        match (event.by, self.mirror.get()) {
            (2, Some(mirror)) => drop(mirror.read().await),
            (3, Some(mirror)) => mirror.with(|_| ()).await,
            _ => {}
        }
        self.bumps.push(event.by);
    }
}

#[tokio::test]
async fn handler_that_reads_its_own_projection_fails_and_says_why() {
    let store = MemoryEventStore::new();
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let narcissus = Narcissus::default();
    let mirror = std::sync::Arc::clone(&narcissus.mirror);
    let config = SubscriptionConfig::default().handler_timeout(Duration::from_secs(3_600));
    let handle = manager.subscribe(narcissus, config).await.unwrap();
    assert!(mirror.set(handle.clone()).is_ok());
    manager.start().await.unwrap();
    for by in [1, 2, 3, 4] {
        let stream = StreamId::new("Counter", uuid::Uuid::from_u128(u128::from(by)));
        let event = NewEvent::of(&Bumped { by }).unwrap();
        store.append(&stream, ExpectedVersion::Any, vec![event]).await.unwrap();
    }
    handle.caught_up().within(DEADLINE).await.unwrap();
    let letters = handle.dead_letters().list().await.unwrap();
    assert_eq!(letters.len(), 2, "{letters:?}");
    for letter in &letters {
        assert!(letter.errors[0].contains("reads its own projection"), "{letter}");
    }
    assert_eq!(handle.read().await.bumps, [1, 4]);
    manager.stop().await.unwrap();
}
