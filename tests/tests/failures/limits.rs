//! A projection that fails on everything faults, and does not put the log aside.

use std::time::Duration;

use eventsource::Inject;
use eventsource::subscription::{FailureLimit, SubscriptionState};

use crate::world::*;

crate::on_every_backend! {
    too_many_failing_events_fault_it
    too_many_in_a_row_fault_it_however_slowly_they_fail
    what_fails_now_and_then_does_not
}

async fn too_many_failing_events_fault_it<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let faults = (1..=40).map(|stream| (stream * 100, Fault::Permanent));
    let (world, plan) = (W::new().await, Plan::new(faults));
    let manager = world.manager();
    let limit = FailureLimit::new(5, Duration::from_secs(600));
    let handle = manager.subscribe(Applies(plan.clone()), quick(1).failure_limit(limit)).await.unwrap();
    // Every other event fails, so that they are never in a row.
    let numbers: Vec<_> = (1..=40).flat_map(|stream| [stream, stream * 100]).collect();
    let position = world.bump(&numbers).await;
    manager.start().await.unwrap();
    let error = handle.wait_for(position).within(DEADLINE).await.unwrap_err().to_string();
    assert!(error.contains("never") && error.contains("5th event to fail within 600s"), "{error}");
    assert_eq!(handle.dead_letters().list().await.unwrap().len(), 4, "the fifth faults it, and is no letter");
    assert_eq!(world.applied().await, [1, 2, 3, 4, 5]);
    plan.heal();
    manager.start().await.unwrap();
    handle.wait_for(position).within(DEADLINE).await.unwrap();
    assert_eq!(handle.dead_letters().retry_all().await.unwrap().applied, 4);
    assert_eq!(world.applied().await.len(), 80);
}

async fn too_many_in_a_row_fault_it_however_slowly_they_fail<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let (world, plan) = (W::new().await, Plan::new((1..=9).map(|stream| (stream * 100, Fault::Permanent))));
    let manager = world.manager();
    let limit = FailureLimit::new(3, Duration::ZERO);
    let config = quick(1).failure_limit(limit).on_failure(FailurePolicy::Skip);
    let handle = manager.subscribe(Applies(plan), config).await.unwrap();
    let position = world.bump(&[100, 200, 1, 300, 400, 500, 600]).await;
    manager.start().await.unwrap();
    let error = handle.wait_for(position).within(DEADLINE).await.unwrap_err().to_string();
    assert!(error.contains("3th event in a row") || error.contains("3rd event in a row"), "{error}");
    assert_eq!(handle.dead_letters().dismissed().await.unwrap().len(), 4);
    let SubscriptionState::Faulted { failure } = handle.inspect().await.state else { panic!("not faulted") };
    assert_eq!(failure.position, Position::new(6));
}

async fn what_fails_now_and_then_does_not<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let (world, plan) = (W::new().await, Plan::new((1..=30).map(|stream| (stream * 100, Fault::Permanent))));
    let manager = world.manager();
    let limit = FailureLimit::new(3, Duration::ZERO);
    let handle = manager.subscribe(Applies(plan), quick(1).failure_limit(limit)).await.unwrap();
    let numbers: Vec<_> = (1..=30).flat_map(|stream| [stream * 100, stream]).collect();
    let position = world.bump(&numbers).await;
    manager.start().await.unwrap();
    handle.wait_for(position).within(DEADLINE).await.unwrap();
    assert_eq!(handle.dead_letters().list().await.unwrap().len(), 30);
}
