//! A start position applies while there is no checkpoint: a second start goes on from the checkpoint.

use eventsource::Inject;
use eventsource::subscription::SubscribeError;
use eventsource_tests::domain::Bumped;
use serde::{Deserialize, Serialize};

use crate::world::*;

crate::on_every_backend! {
    second_start_ignores_its_start_position
    fresh_start_is_refused_where_a_checkpoint_exists
    durable_memory_goes_on_from_its_state_after_a_start_at_the_end
    durable_memory_that_started_at_the_end_is_never_replayed_from_another_position
}

fn starts(after: Position) -> [SubscriptionConfig; 3] {
    [SubscriptionConfig::from_end(), SubscriptionConfig::from_beginning(), SubscriptionConfig::after(after)]
}

/// Runs a process to the end of the log: it subscribes `projection`, starts, waits for `position` and stops.
async fn run<W: World, P: eventsource::projection::EventSubscriber<Unit<W>>>(
    world: &W,
    projection: P,
    config: SubscriptionConfig,
    position: Position,
) -> SubscriptionHandle<P>
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let manager = world.manager();
    let handle = manager.subscribe(projection, config).await.unwrap();
    manager.start().await.unwrap();
    handle.wait_for(position).within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
    handle
}

async fn second_start_ignores_its_start_position<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    for (n, config) in starts(Position::new(2)).into_iter().enumerate() {
        let (world, plan) = (W::new().await, Plan::default());
        let skipped = world.bump(&[1, 2]).await;
        run(&world, Applies(plan.clone()), config.clone(), skipped).await;
        let first: &[i64] = if n == 1 { &[1, 2] } else { &[] };
        assert_eq!(world.applied().await, first, "{config:?}");
        // These are appended while no process runs: a second start at the end must not skip them.
        let missed = world.bump(&[3, 4]).await;
        run(&world, Applies(plan.clone()), config.clone(), missed).await;
        assert_eq!(world.applied().await, [first, &[3, 4]].concat(), "{config:?}");
        let last = world.bump(&[5]).await;
        run(&world, Applies(plan), config.clone(), last).await;
        assert_eq!(world.applied().await, [first, &[3, 4, 5]].concat(), "{config:?}");
    }
}

async fn fresh_start_is_refused_where_a_checkpoint_exists<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let world = W::new().await;
    let position = world.bump(&[1]).await;
    let fresh = SubscriptionConfig::default().require_fresh();
    run(&world, Applies(Plan::default()), fresh, position).await;
    let manager = world.manager();
    for config in [SubscriptionConfig::default()].into_iter().chain(starts(position)) {
        let error = manager.subscribe(Applies(Plan::default()), config.require_fresh()).await.unwrap_err();
        let SubscribeError::CheckpointExists { position: at, .. } = &error else { panic!("{error}") };
        assert_eq!(*at, position);
        // A projection without a truncate hook refuses a reset: the first remedy is open to every projection.
        let text = error.to_string();
        assert!(!text.contains("reset") && text.contains("leave `require_fresh()` out"), "{text}");
    }
    // The remedy can be followed.
    run(&world, Applies(Plan::default()), SubscriptionConfig::default(), world.bump(&[2]).await).await;
    assert_eq!(world.applied().await, [1, 2]);
}

async fn durable_memory_goes_on_from_its_state_after_a_start_at_the_end<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let world = W::new().await;
    let config = SubscriptionConfig::from_end;
    let skipped = world.bump(&[1]).await;
    // No event comes: a checkpoint is made, and no state is stored.
    run(&world, Kept::default(), config(), skipped).await;
    let missed = world.bump(&[2]).await;
    let kept = run(&world, Kept::default(), config(), missed).await;
    assert_eq!(kept.read().await.0, [2]);
    let missed = world.bump(&[3]).await;
    let kept = run(&world, Kept::default(), config(), missed).await;
    assert_eq!(kept.read().await.0, [2, 3]);
}

/// The same, with a state that cannot be read from what was stored.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Other {
    numbers: Vec<u64>,
}

#[projection(name = "kept", snapshot)]
impl Other {
    #[handles(Bumped)]
    fn bumped(&mut self, event: &Bumped) {
        self.numbers.push(event.by);
    }
}

async fn durable_memory_that_started_at_the_end_is_never_replayed_from_another_position<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let world = W::new().await;
    let skipped = world.bump(&[1]).await;
    run(&world, Kept::default(), SubscriptionConfig::from_end(), skipped).await;
    run(&world, Kept::default(), SubscriptionConfig::from_end(), world.bump(&[2]).await).await;
    let missed = world.bump(&[3]).await;
    let manager = world.manager();
    let other = manager.subscribe(Other::default(), SubscriptionConfig::from_end()).await.unwrap();
    manager.start().await.unwrap();
    let error = other.wait_for(missed).within(DEADLINE).await.unwrap_err().to_string();
    assert!(error.contains("started at the end of the log") && error.contains("SubscriptionConfig::after"), "{error}");
    assert_eq!(world.checkpoints().load("kept").await.unwrap().unwrap().position, Position::new(2));
}
