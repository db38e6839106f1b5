//! Events that have changed: every stored version, under every name, is read as the newest everywhere.

use std::sync::Arc;

use eventsource::event::now;
use eventsource::prelude::*;
use eventsource::testing;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Version 1: whole euros.
#[derive(Deserialize)]
struct PaidV1 {
    euros: u64,
}

/// Version 2: cents. There is no version 3: it was never in use.
#[derive(Deserialize)]
struct PaidV2 {
    cents: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, DomainEvent)]
#[event(
    aggregate = "Invoice",
    name = "invoice.paid",
    version = 5,
    from(PaidV1, PaidV2, _, Self),
    aliases("Paid", "Payed")
)]
struct Paid {
    cents: u64,
    #[serde(default)]
    method: String,
}

impl From<PaidV1> for PaidV2 {
    fn from(old: PaidV1) -> Self {
        Self { cents: old.euros * 100 }
    }
}

impl From<PaidV2> for Paid {
    fn from(old: PaidV2) -> Self {
        Self { cents: old.cents, method: "cash".to_owned() }
    }
}

/// What was stored over the years, and the cents of each.
fn stored() -> Vec<(NewEvent, u64, &'static str)> {
    vec![
        (NewEvent::raw("Payed", 1, r#"{"euros":3}"#), 300, "cash"),
        (NewEvent::raw("Paid", 2, r#"{"cents":250}"#), 250, "cash"),
        (NewEvent::raw("invoice.paid", 4, r#"{"cents":40}"#), 40, ""),
        (NewEvent::of(&Paid { cents: 5, method: "card".to_owned() }).unwrap(), 5, "card"),
    ]
}

fn recorded(event: NewEvent) -> Arc<RecordedEvent> {
    Arc::new(event.record(StreamId::new("Invoice", Uuid::nil()), 1, Position::new(1), now()))
}

#[derive(Debug, Default, Clone)]
struct Takings(Vec<(u64, String)>);

#[projection]
impl Takings {
    #[handles(Paid)]
    fn paid(&mut self, event: &Event<Paid>) {
        self.0.push((event.cents, event.method.clone()));
    }
}

#[derive(Default)]
struct Invoice {
    cents: u64,
}

#[aggregate]
impl Invoice {
    #[applies(Paid)]
    fn paid(&mut self, event: &Paid) {
        self.cents += event.cents;
    }
}

/// The same by hand, as a tuple of events.
#[derive(Default)]
struct ByHand {
    cents: u64,
}

impl Aggregate for ByHand {
    const TYPE: &'static str = "Invoice";
    type Events = (Paid,);
}

impl Applies<Paid> for ByHand {
    fn apply(&mut self, event: &Paid) {
        self.cents += event.cents;
    }
}

#[test]
fn the_typed_view_and_the_registry_read_every_version() {
    let registry = Registry::of([Paid::DESCRIPTOR]);
    for (event, cents, method) in stored() {
        let recorded = recorded(event);
        let expected = Paid { cents, method: method.to_owned() };
        assert_eq!(*Event::<Paid>::decode(&recorded).unwrap(), expected);
        assert_eq!(registry.decode(&recorded).unwrap().downcast_ref::<Paid>(), Some(&expected));
    }
    assert_eq!(registry.find("Payed", 2).map(|event| event.version()), Some(5));
    assert_eq!(Paid::DESCRIPTOR.old_versions().iter().map(|old| old.version()).collect::<Vec<_>>(), [1, 2, 4]);
}

#[test]
fn payload_of_no_known_version_is_an_error_with_a_remedy() {
    for (version, part) in [(3, "`#[event(version = 5, from(…))]`"), (6, "deploy the newer code")] {
        let recorded = recorded(NewEvent::raw("Paid", version, "{}"));
        for error in [
            Event::<Paid>::decode(&recorded).unwrap_err().to_string(),
            Registry::of([Paid::DESCRIPTOR]).decode(&recorded).unwrap_err().to_string(),
        ] {
            assert!(error.contains(part) && error.contains(&format!("schema version {version}")), "{error}");
        }
    }
    let broken = recorded(NewEvent::raw("Paid", 1, "{}"));
    let error = HandlerError::from(Event::<Paid>::decode(&broken).unwrap_err()).to_string();
    assert!(error.contains("missing field `euros`") && error.contains("(version 1)"), "{error}");
}

#[tokio::test]
async fn projections_and_aggregates_read_every_version() {
    let store = MemoryEventStore::new();
    let stream = StreamId::new("Invoice", Uuid::now_v7());
    let events = stored().into_iter().map(|(event, ..)| event).collect();
    let appended = store.append(&stream, ExpectedVersion::NoStream, events).await.unwrap();

    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new())
        .with_registry(Registry::of([Paid::DESCRIPTOR]));
    let takings = manager.subscribe(Takings::default(), SubscriptionConfig::from_beginning()).await.unwrap();
    manager.start().await.unwrap();
    takings.wait_for(appended.position()).await.unwrap();
    let cents: Vec<_> = takings.read().await.0.iter().map(|(cents, _)| *cents).collect();
    assert_eq!(cents, [300, 250, 40, 5]);

    let id = stream.aggregate_id();
    let made = AggregateRepository::<Invoice>::new(store.clone(), MemoryEventBus::new()).load(id).await.unwrap();
    let by_hand = AggregateRepository::<ByHand>::new(store, MemoryEventBus::new()).load(id).await.unwrap();
    assert_eq!((made.cents, by_hand.cents), (595, 595));
}

#[test]
fn the_test_kit_takes_what_was_stored_once() {
    testing::projection(Takings::default())
        .given_stored("Invoice", NewEvent::raw("Payed", 1, r#"{"euros":1}"#))
        .when_stored("Invoice", NewEvent::raw("Paid", 2, r#"{"cents":7}"#))
        .then(|takings| assert_eq!(takings.0, [(100, "cash".to_owned()), (7, "cash".to_owned())]));
    testing::aggregate::<Invoice>()
        .given_stored(NewEvent::raw("Payed", 1, r#"{"euros":1}"#))
        .decides(|invoice| invoice.cents)
        .then(|cents| assert_eq!(cents, 100));
}

mod old {
    /// The old event is still in the log.
    #[derive(serde::Serialize, serde::Deserialize, eventsource::DomainEvent)]
    #[event(aggregate = "Invoice", name = "Payed")]
    pub(super) struct Payed {}
}

#[test]
fn an_old_event_that_is_still_declared_is_a_duplicate() {
    let error = Registry::of([Paid::DESCRIPTOR, old::Payed::DESCRIPTOR]).check().unwrap_err().to_string();
    assert!(error.contains("`Payed` (version 1)") && error.contains("old::Payed at "), "{error}");
}
