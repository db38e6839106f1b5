//! `#[aggregate]`: the fold that it generates, by hand and through the repository.

use eventsource::aggregate::EventsOf;
use eventsource::prelude::*;
use eventsource::{AggregateError, Registry};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Debug, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "lift")]
struct Called {
    floor: i32,
}

#[derive(Debug, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "lift", name = "lift.arrived", aliases("lift.stopped"))]
struct Arrived {
    floor: i32,
}

#[derive(Debug, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "lift")]
struct Inspected;

/// Its state, and something generic next to it.
#[derive(Debug, Default)]
struct Lift<Q> {
    floor: i32,
    calls: Q,
}

#[aggregate(name = "lift")]
impl<Q> Lift<Q>
where
    Q: Default + Extend<i32> + Send + Sync + 'static,
{
    fn call(&self, floor: i32) -> Option<Called> {
        (floor != self.floor).then_some(Called { floor })
    }

    #[applies(Called)]
    fn called(&mut self, event: &Called) {
        self.calls.extend([event.floor]);
    }

    #[eventsource::applies(Arrived)]
    const fn arrived(&mut self, Arrived { floor }: &Arrived) {
        self.floor = *floor;
    }

    #[applies(Inspected)]
    const fn inspected(&self, _: &Inspected) {}

    #[cfg(any())]
    #[applies(NoSuchEvent)]
    fn never(&mut self, _: &NoSuchEvent) {}
}

#[tokio::test]
async fn the_fold_is_the_same_when_recorded_and_when_loaded() {
    let store = MemoryEventStore::new();
    let lifts = AggregateRepository::<Lift<Vec<i32>>>::new(store.clone(), MemoryEventBus::new());
    let mut lift = lifts.create_new(Uuid::now_v7());
    assert!(lift.call(0).is_none());
    for floor in [3, 5] {
        let call = lift.call(floor).unwrap();
        lift.record(call);
    }
    lift.record(Arrived { floor: 3 });
    lift.record(Inspected);
    lifts.save(&mut lift).await.unwrap();
    // What was stored under the alias is the same event.
    let old = NewEvent::raw("lift.stopped", 1, r#"{"floor":5}"#);
    store.append(&lift.stream(), ExpectedVersion::Exact(4), vec![old]).await.unwrap();

    let loaded = lifts.load(lift.id()).await.unwrap();
    assert_eq!((loaded.floor, &loaded.calls, loaded.version()), (5, &vec![3, 5], 5));
    assert_eq!((lift.floor, lift.stream().aggregate_type()), (3, "lift"));

    let unknown = NewEvent::raw("lift.broken", 1, "{}");
    store.append(&lift.stream(), ExpectedVersion::Exact(5), vec![unknown]).await.unwrap();
    let error = lifts.load(lift.id()).await.unwrap_err();
    assert!(matches!(&error, AggregateError::UndeclaredEvent { .. }), "{error}");
    assert!(error.to_string().contains("`lift.broken`"), "{error}");
}

#[test]
fn aggregate_lists_the_events_it_declares() {
    type Events = <Lift<Vec<i32>> as Aggregate>::Events;
    let names: Vec<_> = <Events as EventsOf<Lift<Vec<i32>>>>::EVENTS.iter().map(|event| event.name()).collect();
    assert_eq!(names, ["Called", "lift.arrived", "Inspected"]);
    let known = Registry::global().aggregates().find(|aggregate| aggregate.name() == "lift").unwrap();
    assert_eq!((known.rust_type(), known.events().len()), ("macros::aggregates::Lift", 3));
}

/// What an aggregate decides may be one event, several, or none.
#[test]
fn record_of_several_events_keeps_their_order() {
    let mut lift = eventsource::AggregateRoot::<Lift<Vec<i32>>>::new(Uuid::now_v7());
    lift.record(lift.call(3));
    lift.record(lift.call(0));
    lift.record((Arrived { floor: 3 }, Some(Inspected), vec![Called { floor: 1 }, Called { floor: 2 }], ()));
    lift.record([Arrived { floor: 1 }, Arrived { floor: 2 }]);
    lift.record(None::<Inspected>);
    let types: Vec<_> = lift.uncommitted().iter().map(|event| event.event_type()).collect();
    assert_eq!(types, ["Called", "lift.arrived", "Inspected", "Called", "Called", "lift.arrived", "lift.arrived"]);
    assert_eq!((lift.floor, &*lift.calls, lift.version()), (2, &[3, 1, 2][..], 7));
}
