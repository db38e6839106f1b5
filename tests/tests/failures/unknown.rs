//! Events of types that no code knows, and events that do not decode (unknown is explicit): told, never stalled on, never lost in silence.

use eventsource::store::StoredType;
use eventsource::subscription::{Failure, UnknownEvents, WaitError};
use eventsource::testing::faults::{Fault as StoreFault, Faults, FaultyEventStore, Point};
use eventsource::{Inject, Registry};
use eventsource_tests::domain::{Bumped, Seen};
use serde::{Deserialize, Serialize};

use crate::world::*;

crate::on_every_backend! {
    types_that_no_code_knows_are_passed_over_and_listed
    a_subscription_told_to_faults_before_them_in_catch_up_and_live
    what_does_not_decode_is_a_letter_that_names_the_remedy
}

/// What `Forgotten` is called by now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Counter", name = "Remembered", aliases("Forgotten"))]
struct Remembered {}

/// A catalogue without it: in this program every event is linked.
fn registry() -> Registry {
    Registry::of([Bumped::DESCRIPTOR])
}

async fn raw(store: &dyn EventStore, event_type: &'static str) -> Position {
    let event = NewEvent::raw(event_type, 1, "{}");
    store.append(&stream(900), ExpectedVersion::Any, vec![event]).await.unwrap().position()
}

fn listed(stored: &[(&str, Position)]) -> Vec<StoredType> {
    stored.iter().map(|(name, first)| StoredType::new(*name, *first)).collect()
}

async fn types_that_no_code_knows_are_passed_over_and_listed<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let world = W::new().await;
    let store = world.store();
    world.bump(&[1]).await;
    let forgotten = raw(&store, "Forgotten").await;
    raw(&store, "Forgotten").await;
    let position = world.bump(&[2]).await;
    let manager = world.manager().with_registry(registry());
    let handle = manager.subscribe(Applies(Plan::default()), quick(1)).await.unwrap();
    assert_eq!(handle.inspect().await.unknown_types.unwrap(), listed(&[("Forgotten", forgotten)]), "before the start");
    manager.start().await.unwrap();
    handle.wait_for(position).within(DEADLINE).await.unwrap();
    let lost = raw(&store, "LostLater").await;
    handle.wait_for(world.bump(&[3]).await).within(DEADLINE).await.unwrap();
    let status = handle.inspect().await;
    assert_eq!(status.unknown_types.unwrap(), listed(&[("Forgotten", forgotten), ("LostLater", lost)]));
    assert_eq!((status.state.name(), status.dead_letters.unwrap()), ("live", 0));
    assert_eq!(world.applied().await, [1, 2, 3]);
    // Who lists them knows them.
    let manager = world.manager().with_registry(Registry::of([Bumped::DESCRIPTOR, Remembered::DESCRIPTOR]));
    let handle = manager.subscribe(Applies(Plan::default()), quick(1)).await.unwrap();
    assert_eq!(handle.inspect().await.unknown_types.unwrap(), listed(&[("LostLater", lost)]));
}

fn faulted(error: &WaitError) -> &Failure {
    let WaitError::Faulted { failure } = error else { panic!("{error}") };
    let text = error.to_string();
    let place = format!("position {} of {}", failure.position, failure.stream);
    for told in [&*place, &failure.event_type, "use that_crate as _", "aliases(", "Registry::of", "with_registry"] {
        assert!(text.contains(told), "it does not tell {told}: {text}");
    }
    failure
}

async fn a_subscription_told_to_faults_before_them_in_catch_up_and_live<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    for batch_size in [1, 2, 3, 1_000] {
        let (world, plan) = (W::new().await, Plan::default());
        let store = world.store();
        let config = || quick(1).batch_size(batch_size).on_unknown(UnknownEvents::Fault);
        world.bump(&[1, 2]).await;
        let forgotten = raw(&store, "Forgotten").await;
        let position = world.bump(&[3]).await;
        let manager = world.manager().with_registry(registry());
        let handle = manager.subscribe(Applies(plan.clone()), config()).await.unwrap();
        for _ in 0..2 {
            // Again after each start, as long as nothing is done about it.
            manager.start().await.unwrap();
            let error = handle.wait_for(position).within(DEADLINE).await.unwrap_err();
            let failure = faulted(&error);
            assert_eq!((failure.position, &*failure.event_type, failure.attempts), (forgotten, "Forgotten", 0));
            assert_eq!((&failure.stream, failure.event_id.is_nil()), (&stream(900), false));
            assert_eq!(world.applied().await, [1, 2], "in pages of {batch_size}");
            assert!(handle.inspect().await.position < Some(forgotten));
        }
        manager.stop().await.unwrap();
        // An alias, listed: it goes on, and meets the next one live.
        let manager = world.manager().with_registry(Registry::of([Bumped::DESCRIPTOR, Remembered::DESCRIPTOR]));
        let handle = manager.subscribe(Applies(plan.clone()), config()).await.unwrap();
        manager.start().await.unwrap();
        handle.wait_for(position).within(DEADLINE).await.unwrap();
        eventually("it is live", || async { handle.inspect().await.state.name() == "live" }).await;
        let lost = raw(&store, "LostLater").await;
        let position = world.bump(&[4]).await;
        let error = handle.wait_for(position).within(DEADLINE).await.unwrap_err();
        assert_eq!(faulted(&error).position, lost);
        assert_eq!(world.applied().await, [1, 2, 3]);
    }
}

#[tokio::test(start_paused = true)]
async fn memory_faults_before_them_too_and_an_outage_hides_none() {
    let (store, faults) = (MemoryEventStore::new(), Faults::new());
    bump(&store, &[1]).await;
    let forgotten = raw(&store, "Forgotten").await;
    let position = bump(&store, &[2]).await;
    faults.next(Point::TypesBeside, StoreFault::Fail, 3);
    let faulty = FaultyEventStore::new(store.clone(), &faults);
    let manager = SubscriptionManager::new(faulty, MemoryEventBus::new(), MemoryCheckpoints::new());
    let manager = manager.with_registry(registry());
    let config = SubscriptionConfig::default().on_unknown(UnknownEvents::Fault);
    let seen = manager.subscribe(Seen::default(), config).await.unwrap();
    manager.start().await.unwrap();
    let error = seen.wait_for(position).within(DEADLINE).await.unwrap_err();
    assert_eq!(faulted(&error).position, forgotten);
    assert_eq!(seen.read().await.numbers(), [1]);
    faults.next(Point::TypesBeside, StoreFault::Fail, 1);
    assert!(seen.inspect().await.unknown_types.unwrap_err().to_string().contains("look for types"));
    assert_eq!(seen.inspect().await.unknown_types.unwrap(), listed(&[("Forgotten", forgotten)]));
}

#[tokio::test]
async fn types_in_a_filter_are_known_and_the_list_is_bounded() {
    let store = MemoryEventStore::new();
    let names: Vec<&'static str> = (0..150).map(|n| &*format!("Type{n:03}").leak()).collect();
    for name in &names {
        raw(&store, name).await;
    }
    bump(&store, &[1]).await;
    let manager = SubscriptionManager::new(store, MemoryEventBus::new(), MemoryCheckpoints::new());
    let manager = manager.with_registry(Registry::of([]));
    let seen = manager.subscribe(Seen::default(), SubscriptionConfig::default()).await.unwrap();
    let unknown = seen.inspect().await.unknown_types.unwrap();
    let unknown: Vec<_> = unknown.iter().map(|stored| &*stored.name).collect();
    assert_eq!(unknown, names[..100], "the first ones, and not what the projection handles");
}

async fn what_does_not_decode_is_a_letter_that_names_the_remedy<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let world = W::new().await;
    let manager = world.manager();
    let handle = manager.subscribe(Applies(Plan::default()), quick(3)).await.unwrap();
    manager.start().await.unwrap();
    let cases = [(1, r#"{"by":"many"}"#, "serde(default)"), (0, "{}", "from(")];
    for (n, (version, payload, remedy)) in cases.into_iter().enumerate() {
        let bad = vec![NewEvent::raw("Bumped", version, payload)];
        let stream = stream(1_000 + 100 * n as u64);
        let at = world.store().append(&stream, ExpectedVersion::Any, bad).await.unwrap().position();
        handle.wait_for(world.bump(&[n as u64]).await).within(DEADLINE).await.unwrap();
        let letter = handle.dead_letters().get(at).await.unwrap();
        assert_eq!(letter.attempts, 1, "trying again would not help");
        let text = letter.to_string();
        assert!(text.contains(remedy) && text.contains("`Bumped`") && text.contains(&stream.to_string()), "{text}");
        assert!(version != 1 || text.contains("from("), "{text}");
    }
    assert_eq!(world.applied().await, [0, 1]);
}
