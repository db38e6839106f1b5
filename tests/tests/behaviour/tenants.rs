//! Subscriptions of one tenant: of every kind, on every backend.

use std::borrow::Cow;
use std::sync::{Arc, Mutex};

use eventsource::prelude::*;
use eventsource::projection::{EventSubscriber, ProjectionKind, Subscriber, UnitOfWork};
use eventsource::subscription::{OnChange, SubscribeError};
use eventsource_tests::backend::{Backend, Memory, Postgres, Sqlite};
use eventsource_tests::domain::{Bumped, Seen};
use eventsource_tests::sums::{BumpSums, SumRow};
use eventsource_tests::wait::DEADLINE;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

type Unit<B> = <<B as Backend>::Checkpoints as CheckpointStore>::Unit;

/// Durable memory: the numbers, in order.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Kept(Vec<u64>);

#[projection(snapshot, name = "kept")]
impl Kept {
    #[handles(Bumped)]
    fn bumped(&mut self, event: &Bumped) {
        self.0.push(event.by);
    }
}

/// Effects of a subscriber by hand that asks for a tenant itself, or for none.
#[derive(Clone, Default)]
struct Sent {
    tenant: Option<&'static str>,
    numbers: Arc<Mutex<Vec<u64>>>,
}

impl Subscriber for Sent {
    const KIND: ProjectionKind = ProjectionKind::Effects;

    fn name(&self) -> Cow<'static, str> {
        "sent".into()
    }

    fn subscribed_to(&self) -> EventFilter {
        let filter = EventFilter::types(["Bumped"]);
        match self.tenant {
            Some(tenant) => filter.tenant(tenant),
            None => filter,
        }
    }
}

impl<U: UnitOfWork> EventSubscriber<U> for Sent {
    async fn handle(&mut self, event: &Arc<RecordedEvent>, _: &mut U) -> Result<(), HandlerError> {
        let event = Event::<Bumped>::decode(event).map_err(HandlerError::permanent)?;
        self.numbers.lock().unwrap().push(event.by);
        Ok(())
    }
}

/// Appends one bump a tenant, each to a stream of its own, and returns the last one's position.
async fn append(store: &dyn EventStore, bumps: &[(Option<&str>, u64)]) -> Position {
    let mut position = Position::START;
    for &(tenant, by) in bumps {
        let mut event = NewEvent::of(&Bumped { by }).unwrap();
        if let Some(tenant) = tenant {
            event = event.with_metadata(Metadata::new().tenant(tenant));
        }
        let stream = StreamId::new("Counter", Uuid::now_v7());
        position = store.append(&stream, ExpectedVersion::Any, vec![event]).await.unwrap().position();
    }
    position
}

const HISTORY: [(Option<&str>, u64); 4] = [(Some("acme"), 1), (Some("other"), 2), (None, 3), (Some("acme"), 4)];
const LIVE: [(Option<&str>, u64); 3] = [(Some("acme"), 6), (None, 7), (Some("other"), 8)];

fn of(tenant: &str) -> SubscriptionConfig {
    SubscriptionConfig::default().tenant(tenant)
}

/// The numbers in the read model, as (total, bumps).
async fn sums<B: Backend>(backend: &B) -> (u64, u64) {
    let rows = backend.rows::<SumRow>().find(Query::all()).await.unwrap();
    (rows.iter().map(|row| row.total).sum(), rows.iter().map(|row| row.bumps).sum())
}

async fn every_kind_is_handed_the_events_of_its_tenant<B: Backend>()
where
    BumpSums: EventSubscriber<Unit<B>>,
{
    let backend = B::open().await;
    backend.ensure_tables(&BumpSums).await;
    let (store, manager) = (backend.store(), backend.manager());
    append(&store, &HISTORY).await;
    let (own, joined) = (Sent { tenant: Some("acme"), ..Sent::default() }, Sent::default());
    let memory = manager.subscribe(Seen::default(), of("acme")).await.unwrap();
    let durable = manager.subscribe(Kept::default(), of("acme")).await.unwrap();
    let rows = manager.subscribe(BumpSums, of("acme")).await.unwrap();
    let effects = manager.subscribe(joined.clone(), of("acme")).await.unwrap();
    let by_hand = SubscriptionConfig::default().name("its own filter");
    let by_hand = manager.subscribe(own.clone(), by_hand).await.unwrap();
    let both = manager.subscribe(own.clone(), of("acme").name("both filters")).await.unwrap();
    manager.start().await.unwrap();
    memory.caught_up().within(DEADLINE).await.unwrap();
    let last = append(&store, &LIVE).await;
    memory.wait_for(last).within(DEADLINE).await.unwrap();
    durable.wait_for(last).within(DEADLINE).await.unwrap();
    rows.wait_for(last).within(DEADLINE).await.unwrap();
    effects.wait_for(last).within(DEADLINE).await.unwrap();
    by_hand.wait_for(last).within(DEADLINE).await.unwrap();
    both.wait_for(last).within(DEADLINE).await.unwrap();
    assert_eq!(memory.read().await.numbers(), [1, 4, 6]);
    assert_eq!(durable.read().await.0, [1, 4, 6]);
    assert_eq!(*joined.numbers.lock().unwrap(), [1, 4, 6]);
    let mut twice = own.numbers.lock().unwrap().clone();
    twice.sort_unstable();
    assert_eq!(twice, [1, 1, 4, 4, 6, 6], "two subscriptions share these effects");
    assert_eq!(sums(&backend).await, (11, 3));
    manager.stop().await.unwrap();
}

async fn changed_tenant_is_a_changed_projection<B: Backend>()
where
    BumpSums: EventSubscriber<Unit<B>>,
{
    let backend = B::open().await;
    backend.ensure_tables(&BumpSums).await;
    append(&backend.store(), &HISTORY).await;
    let manager = backend.manager();
    let rows = manager.subscribe(BumpSums, of("acme")).await.unwrap();
    let durable = manager.subscribe(Kept::default(), of("acme")).await.unwrap();
    manager.start().await.unwrap();
    rows.caught_up().within(DEADLINE).await.unwrap();
    durable.caught_up().within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();

    for (config, now) in [(of("other"), "tenant \"other\""), (SubscriptionConfig::default(), "Bumped; bump_sums")] {
        let refused = backend.manager().subscribe(BumpSums, config).await.unwrap_err();
        let SubscribeError::Changed { stored, current, .. } = &refused else { panic!("{refused}") };
        assert!(stored.contains("tenant \"acme\"") && current.contains(now), "{refused}");
    }

    let manager = backend.manager();
    let rows = manager.subscribe(BumpSums, of("other").on_change(OnChange::Rebuild)).await.unwrap();
    // A durable memory projection replays.
    let durable = manager.subscribe(Kept::default(), of("other")).await.unwrap();
    manager.start().await.unwrap();
    rows.caught_up().within(DEADLINE).await.unwrap();
    durable.caught_up().within(DEADLINE).await.unwrap();
    assert_eq!(sums(&backend).await, (2, 1));
    assert_eq!(durable.read().await.0, [2]);
    manager.stop().await.unwrap();
}

macro_rules! on_every_backend {
    ($($test:ident)*) => {$(
        mod $test {
            use super::{Memory, Postgres, Sqlite};

            #[tokio::test]
            async fn in_memory() {
                super::$test::<Memory>().await;
            }

            #[tokio::test]
            async fn on_sqlite() {
                super::$test::<Sqlite>().await;
            }

            #[tokio::test]
            async fn on_postgres() {
                super::$test::<Postgres>().await;
            }
        }
    )*};
}

on_every_backend!(every_kind_is_handed_the_events_of_its_tenant changed_tenant_is_a_changed_projection);

#[tokio::test]
async fn tenant_that_the_subscriber_excludes_is_refused() {
    let manager = Memory::open().await.manager();
    let subscriber = Sent { tenant: Some("other"), ..Sent::default() };
    let refused = manager.subscribe(subscriber, of("acme")).await.unwrap_err();
    let SubscribeError::ForeignTenant { subscription, own, configured } = &refused else { panic!("{refused}") };
    assert_eq!((&**subscription, &**own, &**configured), ("sent", "other", "acme"));
    for part in ["\"other\"", "\"acme\"", "`sent`", "SubscriptionConfig::tenant"] {
        assert!(refused.to_string().contains(part), "{part} in {refused}");
    }
}

#[test]
fn tenant_that_no_event_can_have_is_refused() {
    for tenant in ["".to_owned(), "a\0b".to_owned(), "a".repeat(513)] {
        let refused = SubscriptionConfig::default().tenant(tenant).invalid_options();
        assert_eq!(refused.iter().map(|invalid| invalid.option).collect::<Vec<_>>(), ["tenant"]);
    }
    assert!(SubscriptionConfig::default().tenant("a".repeat(512)).invalid_options().is_empty());
}
