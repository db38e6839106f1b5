//! Handlers that are cut off, by a panic or because they hang; and memory projections, whose state is then in pieces.

use std::time::Duration;

use eventsource::Inject;
use eventsource::subscription::WaitError;
use eventsource_tests::domain::Bumped;

use crate::world::*;

crate::on_every_backend! {
    a_panic_is_permanent_and_the_subscription_survives_it
    a_handler_that_hangs_has_failed
}

async fn a_panic_is_permanent_and_the_subscription_survives_it<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let (world, plan) = (W::new().await, Plan::new([(102, Fault::Panic)]));
    let manager = world.manager();
    let handle = manager.subscribe(Applies(plan.clone()), quick(5)).await.unwrap();
    let position = world.bump(&[1, 101, 102, 2, 103]).await;
    manager.start().await.unwrap();
    handle.wait_for_passed(position).within(DEADLINE).await.unwrap();
    let letter = handle.dead_letters().list().await.unwrap().remove(0);
    assert_eq!((letter.attempts, letter.errors), (1, vec!["the handler panicked: out of luck".to_owned()]));
    assert_eq!(world.applied().await, [1, 101, 2]);
}

async fn a_handler_that_hangs_has_failed<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let (world, plan) = (W::new().await, Plan::new([(102, Fault::Hang)]));
    let manager = world.manager();
    let config = quick(2).handler_timeout(Duration::from_millis(50));
    let handle = manager.subscribe(Applies(plan.clone()), config).await.unwrap();
    let position = world.bump(&[1, 101, 102, 2]).await;
    manager.start().await.unwrap();
    handle.wait_for(position).within(DEADLINE).await.unwrap();
    let letter = handle.dead_letters().list().await.unwrap().remove(0);
    assert!(letter.attempts == 2 && letter.errors[0].contains("within 50ms"), "{letter:?}");
    assert_eq!(world.applied().await, [1, 101, 2]);
}

/// In memory: counts the call before it fails, and the event afterwards.
#[derive(Clone, Default)]
struct Counts {
    plan: Plan,
    begun: Vec<u64>,
    done: Vec<u64>,
}

#[projection(name = "counts")]
impl Counts {
    #[handles(Bumped)]
    async fn bumped(&mut self, event: &Bumped) -> Result<(), HandlerError> {
        self.begun.push(event.by);
        self.plan.strike(event.by).await?;
        self.done.push(event.by);
        Ok(())
    }
}

#[tokio::test]
async fn changes_of_a_cut_off_handler_are_thrown_away() {
    for fault in [Fault::Panic, Fault::Hang] {
        let (store, plan) = (MemoryEventStore::new(), Plan::new([(102, fault)]));
        let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
        let config = quick(2).handler_timeout(Duration::from_millis(50)).batch_size(2);
        let counts = Counts { plan: plan.clone(), ..Counts::default() };
        let handle = manager.subscribe(counts, config).await.unwrap();
        let position = bump(&store, &[1, 101, 102, 2, 103, 3]).await;
        manager.start().await.unwrap();
        handle.wait_for(position).within(DEADLINE).await.unwrap();
        let state = handle.read().await;
        assert_eq!((&state.begun, &state.done), (&vec![1, 101, 2, 3], &vec![1, 101, 2, 3]), "{fault:?}");
        let letter = handle.dead_letters().list().await.unwrap().remove(0);
        assert_eq!(
            (letter.position, letter.held),
            (Position::new(3), 1),
            "{fault:?}: held once, however often it is replayed"
        );
        let attempts = if matches!(fault, Fault::Panic) { 1 } else { 2 };
        assert_eq!((letter.attempts as usize, plan.calls(102)), (attempts, attempts), "{fault:?}");
        // A retry that is cut off throws its doings away as well, and keeps the letter.
        assert_eq!(handle.dead_letters().retry_all().await.unwrap().applied, 0);
        handle.caught_up().within(DEADLINE).await.unwrap();
        assert_eq!(handle.read().await.begun, [1, 101, 2, 3], "{fault:?}");
        plan.heal();
        assert_eq!(handle.dead_letters().retry_all().await.unwrap().applied, 2);
        assert_eq!(handle.read().await.done, [1, 101, 2, 3, 102, 103]);
        assert_eq!(handle.inspect().await.position, Some(position));
    }
}

/// Neither `Clone` nor with a truncate hook.
struct Stuck(Plan);

#[projection(name = "stuck")]
impl Stuck {
    #[handles(Bumped)]
    async fn bumped(&mut self, event: &Bumped) -> Result<(), HandlerError> {
        self.0.strike(event.by).await
    }
}

#[tokio::test]
async fn poisoned_state_without_a_hook_stops_the_projection() {
    let (store, plan) = (MemoryEventStore::new(), Plan::new([(102, Fault::Panic)]));
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let handle = manager.subscribe(Stuck(plan.clone()), quick(2)).await.unwrap();
    let position = bump(&store, &[1, 102, 3]).await;
    manager.start().await.unwrap();
    let error = handle.wait_for(position).within(DEADLINE).await.unwrap_err();
    assert!(matches!(error, WaitError::Faulted { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("out of luck") && text.contains("derive `Clone`") && text.contains("#[truncate]"), "{text}");
    manager.start().await.unwrap();
    let text = handle.wait_for(position).within(DEADLINE).await.unwrap_err().to_string();
    assert!(text.contains("its state is not known"), "{text}");
    assert_eq!(plan.calls(3), 0);
}
