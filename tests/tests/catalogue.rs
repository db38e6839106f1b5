//! Events, their descriptors, and the catalogue.

use std::sync::Arc;

use chrono::{TimeZone as _, Timelike as _, Utc};
use eventsource::prelude::*;
use eventsource::subscription::SubscribeError;
use eventsource_tests::domain::{Bumped, Noted, Seen};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

mod legacy {
    use super::*;

    #[derive(Serialize, Deserialize, DomainEvent)]
    #[event(aggregate = "Counter", name = "Bumped")]
    pub(super) struct OldBumped {}
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Counter", name = "counter.renamed", version = 3, from(..))]
struct Renamed {
    name: String,
}

fn recorded(event: NewEvent) -> Arc<RecordedEvent> {
    let stream = StreamId::new("Counter", Uuid::nil());
    Arc::new(event.record(stream, 1, Position::new(1), eventsource::event::now()))
}

#[test]
fn names_and_versions_are_as_declared() {
    assert_eq!((Bumped::NAME, Bumped::VERSION, Bumped::AGGREGATE), ("Bumped", 1, "Counter"));
    assert_eq!((Renamed::NAME, Renamed::VERSION, Renamed::AGGREGATE), ("counter.renamed", 3, "Counter"));
}

#[test]
fn the_catalogue_holds_every_linked_event_and_decodes_by_name() {
    let registry = Registry::global();
    let names: Vec<_> = registry.events().map(|event| event.name()).collect();
    assert!(names.is_sorted() && names.contains(&"Noted") && names.contains(&"counter.renamed"), "{names:?}");
    let found = registry.find("counter.renamed", 3).unwrap();
    assert!(found.place().contains("Renamed at ") && found.place().contains("catalogue.rs:"), "{}", found.place());
    assert!(registry.find("counter.renamed", 2).is_none());

    let event = Renamed { name: "n".into() };
    let decoded = registry.decode(&recorded(NewEvent::of(&event).unwrap())).unwrap();
    assert_eq!(decoded.downcast_ref::<Renamed>(), Some(&event));
    assert!(decoded.downcast_ref::<Bumped>().is_none());

    let errors = [
        (NewEvent::raw("not.known", 1, "{}"), "use that_crate as _;"),
        (NewEvent::raw("counter.renamed", 9, "{}"), "schema version 9"),
        (NewEvent::raw("counter.renamed", 3, "{}"), "does not decode"),
    ];
    for (event, part) in errors {
        let error = registry.decode(&recorded(event)).unwrap_err().to_string();
        assert!(error.contains(part) && error.contains("position 1"), "{part} in {error}");
    }
}

#[tokio::test]
async fn a_duplicate_is_reported_with_both_places_and_refused() {
    let registry = || Registry::of([Bumped::DESCRIPTOR, legacy::OldBumped::DESCRIPTOR, Noted::DESCRIPTOR]);
    let error = registry().check().unwrap_err().to_string();
    for part in ["`Bumped` (version 1)", "domain.rs:", "legacy::OldBumped at ", "catalogue.rs:"] {
        assert!(error.contains(part), "{part} in {error}");
    }
    assert!(Registry::of([Bumped::DESCRIPTOR, Bumped::DESCRIPTOR, Noted::DESCRIPTOR]).check().is_ok());

    let manager = || SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
    // The duplicate is in this test program, so that the global catalogue has it.
    let error = manager().subscribe(Seen::default(), SubscriptionConfig::default()).await.unwrap_err();
    assert!(matches!(error, SubscribeError::DuplicateEvent { .. }), "{error}");
    let good = Registry::of([Bumped::DESCRIPTOR]);
    manager().with_registry(good).subscribe(Seen::default(), SubscriptionConfig::default()).await.unwrap();
}

#[test]
fn an_event_has_a_v7_id_and_microseconds() {
    let event = NewEvent::of(&Bumped { by: 1 }).unwrap();
    assert_eq!(event.id().get_version_num(), 7);
    assert_eq!(event.occurred_at().nanosecond() % 1_000, 0);
    let time = Utc.timestamp_nanos(1_700_000_000_123_456_789);
    assert_eq!(event.with_occurred_at(time).occurred_at(), Utc.timestamp_nanos(1_700_000_000_123_456_000));
}

#[test]
fn the_typed_view_knows_its_place() {
    let metadata = Metadata::new().tenant("acme");
    let recorded = recorded(NewEvent::of(&Bumped { by: 7 }).unwrap().with_metadata(metadata.clone()));
    let event = Event::<Bumped>::decode(&recorded).unwrap();
    assert_eq!((event.by, event.position(), event.version()), (7, Position::new(1), 1));
    assert_eq!((event.id(), event.stream()), (recorded.id(), recorded.stream()));
    assert_eq!((event.occurred_at(), event.recorded_at()), (recorded.occurred_at(), recorded.recorded_at()));
    assert_eq!(*event.metadata(), metadata);
    let error = Event::<Noted>::decode(&recorded).unwrap_err().to_string();
    assert!(error.contains("is a `Bumped`, not a `Noted`"), "{error}");
}
