//! Reset: the truncate hook and the checkpoint, in one unit of work.

use eventsource::prelude::*;
use eventsource::subscription::{ResetError, SubscribeError};
use eventsource_tests::domain::{Bumped, Seen, bump};
use eventsource_tests::wait::DEADLINE;

fn manager(store: &MemoryEventStore, checkpoints: &MemoryCheckpoints) -> SubscriptionManager<MemoryCheckpoints> {
    SubscriptionManager::new(store.clone(), MemoryEventBus::new(), checkpoints.clone())
}

/// An effect with a hook that fails, or one that does not.
struct Effect {
    fails: bool,
}

#[projection(effects)]
impl Effect {
    #[handles(Bumped)]
    fn bumped(&self, _: &Bumped) {}

    #[truncate]
    fn truncate(&self) -> Result<(), HandlerError> {
        if self.fails { Err(HandlerError::permanent("nothing to empty")) } else { Ok(()) }
    }
}

/// An effect without a hook.
struct NoHook;

#[projection(effects)]
impl NoHook {
    #[handles(Bumped)]
    fn bumped(&self, _: &Bumped) {}
}

/// A count in memory without a hook, which can be copied.
#[derive(Clone, Default)]
struct Copied(u64);

#[projection]
impl Copied {
    #[handles(Bumped)]
    fn bumped(&mut self, _: &Bumped) {
        self.0 += 1;
    }
}

#[tokio::test]
async fn reset_of_a_memory_projection_that_can_be_copied_needs_no_hook() {
    let store = MemoryEventStore::new();
    let manager = manager(&store, &MemoryCheckpoints::new());
    let copied = manager.subscribe(Copied::default(), SubscriptionConfig::default()).await.unwrap();
    bump(&store, 1..=5).await;
    manager.start().await.unwrap();
    copied.caught_up().within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
    copied.reset().await.unwrap();
    assert_eq!(copied.read().await.0, 0);
    manager.start().await.unwrap();
    copied.caught_up().within(DEADLINE).await.unwrap();
    assert_eq!(copied.read().await.0, 5);
}

#[tokio::test]
async fn reset_then_start_gives_the_same_model_again() {
    let store = MemoryEventStore::new();
    let manager = manager(&store, &MemoryCheckpoints::new());
    let seen = manager.subscribe(Seen::default(), SubscriptionConfig::from_beginning()).await.unwrap();
    bump(&store, 1..=5).await;
    manager.start().await.unwrap();
    seen.caught_up().within(DEADLINE).await.unwrap();
    let model = seen.read().await.bumps.clone();
    assert!(matches!(seen.reset().await, Err(ResetError::Running { .. })), "refused while it runs");
    assert_eq!(seen.read().await.bumps, model);
    manager.stop().await.unwrap();
    seen.reset().await.unwrap();
    assert!(seen.read().await.bumps.is_empty());
    assert_eq!(seen.inspect().await.position, None);
    manager.start().await.unwrap();
    seen.caught_up().within(DEADLINE).await.unwrap();
    assert_eq!(seen.read().await.bumps, model);
}

#[tokio::test]
async fn reset_clears_the_stored_checkpoint_and_allows_a_fresh_start() {
    let store = MemoryEventStore::new();
    let checkpoints = MemoryCheckpoints::new();
    let manager = manager(&store, &checkpoints);
    let effect = manager.subscribe(Effect { fails: false }, SubscriptionConfig::from_beginning()).await.unwrap();
    bump(&store, 1..=5).await;
    manager.start().await.unwrap();
    effect.caught_up().within(DEADLINE).await.unwrap();
    manager.unsubscribe("Effect").await.unwrap();

    for config in [
        SubscriptionConfig::from_beginning(),
        SubscriptionConfig::from_end(),
        SubscriptionConfig::after(Position::new(2)),
    ] {
        let error = manager.subscribe(Effect { fails: false }, config.require_fresh()).await.unwrap_err();
        let SubscribeError::CheckpointExists { position, .. } = &error else { panic!("{error}") };
        assert_eq!(*position, Position::new(5));
        for part in ["`Effect`", "position 5", "leave `require_fresh()` out", "SubscriptionConfig::name"] {
            assert!(error.to_string().contains(part), "{part} in {error}");
        }
    }

    effect.reset().await.unwrap();
    assert!(checkpoints.load("Effect").await.unwrap().is_none());
    let fresh = SubscriptionConfig::after(Position::new(2)).require_fresh();
    let again = manager.subscribe(Effect { fails: false }, fresh).await.unwrap();
    again.caught_up().within(DEADLINE).await.unwrap();
    assert_eq!(again.inspect().await.events_handled, 3);
    assert_eq!(checkpoints.load("Effect").await.unwrap().unwrap().epoch, 3, "epochs grow over a reset");
}

#[tokio::test]
async fn a_failing_hook_and_a_missing_one_change_nothing() {
    let store = MemoryEventStore::new();
    let checkpoints = MemoryCheckpoints::new();
    let manager = manager(&store, &checkpoints);
    let effect = manager.subscribe(Effect { fails: true }, SubscriptionConfig::default()).await.unwrap();
    let no_hook = manager.subscribe(NoHook, SubscriptionConfig::default()).await.unwrap();
    let position = bump(&store, 1..=5).await;
    manager.start().await.unwrap();
    effect.caught_up().within(DEADLINE).await.unwrap();
    no_hook.caught_up().within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();

    let error = effect.reset().await.unwrap_err();
    assert!(error.to_string().contains("nothing to empty"), "{error}");
    let error = no_hook.reset().await.unwrap_err();
    assert!(matches!(&error, ResetError::NoTruncateHook { subscription } if subscription == "NoHook"), "{error}");
    assert!(error.to_string().contains("#[truncate]"), "{error}");
    for name in ["Effect", "NoHook"] {
        assert_eq!(checkpoints.load(name).await.unwrap().unwrap().position, position, "{name}");
    }
    assert_eq!(effect.inspect().await.position, Some(position));
}
