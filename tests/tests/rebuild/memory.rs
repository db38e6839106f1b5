//! The rebuild of a projection in memory: it becomes what it was when it was subscribed, and the log is replayed.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use eventsource::prelude::*;
use eventsource::projection::{EventSubscriber, ProjectionKind, Subscriber, UnitOfWork};
use eventsource::subscription::{RebuildError, StopReason, SubscriptionState};
use eventsource_tests::domain::{Bumped, bump};
use eventsource_tests::wait::DEADLINE;
use serde::{Deserialize, Serialize};

use crate::world::{Backend as _, Memory, On, World, on_every_backend, small};

/// Counts on from where it was made, and can be copied.
#[derive(Debug, Clone)]
struct From100(u64);

#[projection]
impl From100 {
    #[handles(Bumped)]
    fn bumped(&mut self, _: &Bumped) {
        self.0 += 1;
    }
}

/// Cannot be copied, and its hook fails when it is told to.
struct Hooked {
    count: u64,
    fails: Arc<AtomicBool>,
}

#[projection]
impl Hooked {
    #[handles(Bumped)]
    fn bumped(&mut self, _: &Bumped) {
        self.count += 1;
    }

    #[truncate]
    fn truncate(&mut self) -> Result<(), HandlerError> {
        self.count = 0;
        if self.fails.load(Ordering::SeqCst) { Err(HandlerError::permanent("half-way")) } else { Ok(()) }
    }
}

#[tokio::test]
async fn rebuilt_memory_starts_as_it_was_subscribed() {
    let world = Memory::new().await;
    let manager = world.manager();
    let count = manager.subscribe(From100(100), small()).await.unwrap();
    bump(&world.store(), 0..30).await;
    manager.start().await.unwrap();
    count.caught_up().within(DEADLINE).await.unwrap();
    let view = count.read().await;
    for _ in 0..2 {
        count.rebuild().await.unwrap().await.unwrap();
        assert_eq!(count.read().await.0, 130);
    }
    assert_eq!(view.0, 130, "a view never changes");
    count.wait_for(bump(&world.store(), [1]).await).within(DEADLINE).await.unwrap();
    assert_eq!(count.read().await.0, 131);

    // From the end of the log on it has a history as well, as long as its process lives.
    let late = manager.subscribe(From100(0), SubscriptionConfig::from_end().name("late")).await.unwrap();
    late.wait_for(bump(&world.store(), [1, 2]).await).within(DEADLINE).await.unwrap();
    late.rebuild().await.unwrap().await.unwrap();
    assert_eq!(late.read().await.0, 2);
}

#[tokio::test]
async fn failed_truncate_hook_stops_the_projection_until_a_rebuild_succeeds() {
    let world = Memory::new().await;
    let (manager, fails) = (world.manager(), Arc::new(AtomicBool::new(true)));
    let hooked = manager.subscribe(Hooked { count: 0, fails: Arc::clone(&fails) }, small()).await.unwrap();
    bump(&world.store(), 0..30).await;
    manager.start().await.unwrap();
    hooked.caught_up().within(DEADLINE).await.unwrap();
    let error = hooked.rebuild().await.unwrap_err();
    assert!(matches!(error, RebuildError::Truncate { .. }) && error.to_string().contains("half-way"), "{error}");
    hooked.wait_for(Position::new(99)).within(DEADLINE).await.unwrap_err();
    let state = hooked.inspect().await.state;
    assert!(matches!(state, SubscriptionState::Stopped { reason: StopReason::StateUnknown }), "{state:?}");
    manager.start().await.unwrap();
    assert!(!hooked.inspect().await.state.is_running(), "it is not started as it is");

    fails.store(false, Ordering::SeqCst);
    hooked.rebuild().await.unwrap().await.unwrap();
    assert_eq!(hooked.with(|hooked| hooked.count).await, 30);
}

on_every_backend!(a_durable_one_is_rebuilt_with_its_checkpoint,);

/// Keeps what it has counted.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Kept {
    count: u64,
}

impl Subscriber for Kept {
    const KIND: ProjectionKind = ProjectionKind::DurableMemory;

    fn name(&self) -> Cow<'static, str> {
        "kept".into()
    }

    fn subscribed_to(&self) -> EventFilter {
        EventFilter::types([Bumped::NAME])
    }

    fn snapshot(&self) -> Result<Vec<u8>, HandlerError> {
        Ok(serde_json::to_vec(self)?)
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), HandlerError> {
        *self = serde_json::from_slice(state)?;
        Ok(())
    }

    fn pristine(&self) -> Option<Self> {
        Some(self.clone())
    }
}

impl<U: UnitOfWork> EventSubscriber<U> for Kept {
    async fn handle(&mut self, event: &Arc<RecordedEvent>, _: &mut U) -> Result<(), HandlerError> {
        if Event::<Bumped>::decode(event)?.by == 666 {
            return Err(HandlerError::permanent("the number of the beast"));
        }
        self.count += 1;
        Ok(())
    }
}

async fn a_durable_one_is_rebuilt_with_its_checkpoint<W: World>(world: W)
where
    Kept: On<W>,
{
    bump(&world.store(), [1, 2, 666, 3]).await;
    {
        let manager = world.manager();
        let kept = manager.subscribe(Kept { count: 100 }, small()).await.unwrap();
        manager.start().await.unwrap();
        kept.caught_up().within(DEADLINE).await.unwrap();
        kept.rebuild().await.unwrap().await.unwrap();
        assert_eq!(kept.read().await.count, 102, "one is a letter again, and one waits behind it");
        assert_eq!(kept.dead_letters().list().await.unwrap().len(), 1);
        manager.stop().await.unwrap();
    }
    let manager = world.manager();
    let kept = manager.subscribe(Kept { count: 500 }, small()).await.unwrap();
    manager.start().await.unwrap();
    kept.caught_up().within(DEADLINE).await.unwrap();
    assert_eq!(kept.read().await.count, 102, "the state is the stored one");
    let status = kept.inspect().await;
    assert_eq!((status.dead_letters.unwrap(), status.events_held.unwrap(), status.events_handled), (1, 1, 0));
    kept.rebuild().await.unwrap().await.unwrap();
    assert_eq!(kept.read().await.count, 502, "what was stored is forgotten");
}
