//! A subscription that was fenced stands by again; one that is fenced twice within a minute faults.

use std::time::Duration;

use eventsource::Inject;
use eventsource::projection::{Checkpoint, CheckpointUpdate, Claim, Lease};
use eventsource::subscription::{HealthLimits, WaitError};

use crate::world::*;

crate::on_every_backend! {
    fenced_subscription_stands_by_and_takes_over_when_its_successor_is_gone
    subscription_fenced_twice_within_a_minute_faults_until_it_is_started
    fenced_durable_memory_goes_on_from_the_state_of_its_successor
}

/// The pause of a fenced subscription is as long as its lease: long enough for a status that a slow machine answers late
/// to see it, and for both claims of [`take_over`].
fn config() -> SubscriptionConfig {
    quick(1).lease(Duration::from_secs(2))
}

/// Takes the checkpoint `name` over for `time`, without waiting for its owner.
async fn take_over<W: World>(world: &W, name: &str, time: Duration) -> Checkpoint
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let checkpoints = world.checkpoints();
    let found = checkpoints.load(name).await.unwrap().unwrap();
    // A claim without a lease takes it from its owner, and one with a lease keeps it.
    checkpoints.claim(&Claim::new(name, &found.fingerprint, Position::START)).await.unwrap();
    let claim = Claim::new(name, &found.fingerprint, Position::START).under(Lease::new("the successor", time));
    checkpoints.claim(&claim).await.unwrap()
}

async fn fenced_subscription_stands_by_and_takes_over_when_its_successor_is_gone<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let world = W::new().await;
    let manager = world.manager();
    let handle = manager.subscribe(Applies(Plan::default()), config()).await.unwrap();
    manager.start().await.unwrap();
    handle.wait_for(world.bump(&[1]).await).within(DEADLINE).await.unwrap();
    let successor = take_over(&world, "applies", Duration::from_secs(100)).await;
    eventually("it is fenced", || async { state(&handle).await == "fenced" }).await;
    let status = handle.inspect().await;
    assert!(status.state.reason().unwrap().contains("stands by again"), "{:?}", status.state);
    let health = manager.health(HealthLimits::default());
    assert!(health.live, "{health:?}");
    eventually("it stands by", || async { state(&handle).await == "standing by" }).await;
    let position = world.bump(&[2]).await;
    let error = handle.wait_for(position).within(Duration::from_millis(20)).await.unwrap_err();
    assert!(matches!(error, WaitError::Deadline { .. }), "{error}");
    // The successor dies.
    world.checkpoints().renew("applies", successor.epoch, Duration::ZERO).await.unwrap();
    handle.wait_for(position).within(DEADLINE).await.unwrap();
    assert_eq!(world.applied().await, [1, 2]);
    manager.stop().await.unwrap();
}

async fn subscription_fenced_twice_within_a_minute_faults_until_it_is_started<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let world = W::new().await;
    let manager = world.manager();
    let handle = manager.subscribe(Applies(Plan::default()), config()).await.unwrap();
    manager.start().await.unwrap();
    handle.wait_for(world.bump(&[1]).await).within(DEADLINE).await.unwrap();
    take_over(&world, "applies", Duration::from_millis(100)).await;
    eventually("it is fenced", || async { state(&handle).await == "fenced" }).await;
    handle.wait_for(world.bump(&[2]).await).within(DEADLINE).await.unwrap();
    take_over(&world, "applies", Duration::from_millis(100)).await;
    eventually("it is fenced again", || async { state(&handle).await == "fenced again" }).await;
    let reason = handle.inspect().await.state.reason().unwrap();
    assert!(reason.contains("twice within a minute") && reason.contains("start the manager again"), "{reason}");
    let position = world.bump(&[3]).await;
    let error = handle.wait_for(position).within(DEADLINE).await.unwrap_err();
    assert!(matches!(error, WaitError::Fenced { .. }) && error.to_string().contains("is fenced again"), "{error}");
    let health = manager.health(HealthLimits::default());
    assert!(!health.live && !health.ready, "nothing runs that should: {health:?}");
    manager.start().await.unwrap();
    handle.wait_for(position).within(DEADLINE).await.unwrap();
    assert!(manager.health(HealthLimits::default()).live);
    assert_eq!(world.applied().await, [1, 2, 3]);
}

async fn fenced_durable_memory_goes_on_from_the_state_of_its_successor<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let world = W::new().await;
    let manager = world.manager();
    let handle = manager.subscribe(Kept::default(), config()).await.unwrap();
    manager.start().await.unwrap();
    // It is further on in memory than what is stored.
    handle.wait_for(world.bump(&[1, 2]).await).within(DEADLINE).await.unwrap();
    let successor = take_over(&world, "kept", Duration::from_secs(100)).await;
    eventually("it is fenced", || async { state(&handle).await == "fenced" }).await;
    let to = world.bump(&[3]).await;
    let state_at = serde_json::to_vec(&Kept(vec![10, 20, 30])).unwrap();
    let step = CheckpointUpdate::new("kept", successor.epoch, successor.position, to).snapshot(Some(state_at));
    world.checkpoints().detached().commit(&step).await.unwrap();
    // What it had not stored is not stored by a stop either, which is no second fence.
    eventually("it stands by", || async { state(&handle).await == "standing by" }).await;
    manager.stop().await.unwrap();
    assert_eq!(state(&handle).await, "stopped");
    // Before the start: a standby of durable memory answers a wait with an error.
    world.checkpoints().renew("kept", successor.epoch, Duration::ZERO).await.unwrap();
    manager.start().await.unwrap();
    handle.wait_for(world.bump(&[4]).await).within(DEADLINE).await.unwrap();
    assert_eq!(handle.read().await.0, [10, 20, 30, 4]);
}
