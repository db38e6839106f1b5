//! A process that stands by for another one: what it tells while the other works, hangs and is dead.

use std::time::Duration;

use eventsource::projection::EventSubscriber;
use eventsource::subscription::{HealthLimits, WaitError};
use eventsource_tests::chains::{Chains, config};

use crate::world::*;
use eventsource::prelude::*;

async fn standby_follows_another_process<B: Sql>()
where
    Chains: EventSubscriber<<B::Checkpoints as CheckpointStore>::Unit>,
{
    let mut world = World::<B>::new().await;
    let mut owner = world.start(&["project", "60000"]);
    eventually("it works", || world.is_owner(&owner)).await;
    let manager = world.backend.manager();
    let patient = config().lease(Duration::from_secs(30));
    let handle = manager.subscribe(Chains { cured: true, slow: 0 }, patient).await.unwrap();
    manager.start().await.unwrap();
    eventually("it stands by", || async { handle.inspect().await.state.name() == "standing by" }).await;
    world.append(20, None).await;
    let head = world.head().await;
    assert!(handle.caught_up().within(Duration::from_secs(30)).await.unwrap() >= head);
    let status = handle.inspect().await;
    assert_eq!((status.position, status.lag.unwrap().events), (Some(head), 0));
    assert!(manager.health(HealthLimits::default()).ready);

    owner.kill();
    world.append(20, None).await;
    let error = handle.caught_up().within(Duration::from_millis(500)).await.unwrap_err();
    assert!(matches!(error, WaitError::Deadline { .. }), "{error}");
    let status = handle.inspect().await;
    assert_eq!(status.position, Some(head), "no process has taken over");
    assert!(status.lag.unwrap().events > 0);
    // It looks after its owner four times in a lease.
    let limits = HealthLimits::new(0, Duration::from_secs(60));
    eventually("it is behind", || async { !manager.health(limits).ready }).await;
    manager.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn standby_follows_another_process_on_sqlite() {
    standby_follows_another_process::<Sqlite>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn standby_follows_another_process_on_postgres() {
    standby_follows_another_process::<Postgres>().await;
}
