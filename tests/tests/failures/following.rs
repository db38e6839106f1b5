//! What a standby tells: where its owner is, also while the owner is dead and no standby has taken over.

use std::time::Duration;

use eventsource::Inject;
use eventsource::projection::{Claim, Lease, fingerprint};
use eventsource::subscription::{HealthLimits, WaitError};
use eventsource_tests::domain::Bumped;
use serde::{Deserialize, Serialize};

use crate::world::*;

crate::on_every_backend! {
    standby_tells_where_its_owner_is
    standby_of_a_dead_owner_never_says_ok_and_its_wait_ends_at_the_deadline
    standby_of_durable_memory_is_not_ready_and_serves_the_stored_state
}

type Unit<W> = <<W as World>::Checkpoints as CheckpointStore>::Unit;

/// No takeover within the test.
fn patient() -> SubscriptionConfig {
    quick(1).lease(Duration::from_secs(60))
}

async fn standing_by<P>(handle: &SubscriptionHandle<P>) {
    eventually("it stands by", || async { handle.inspect().await.state.name() == "standing by" }).await;
}

async fn standby_tells_where_its_owner_is<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let (world, plan) = (W::new().await, Plan::default());
    let (one, two) = (world.manager(), world.manager());
    let patient = || patient().lease(Duration::from_secs(20));
    let first = one.subscribe(Applies(plan.clone()), patient()).await.unwrap();
    one.start().await.unwrap();
    first.wait_for(world.bump(&[1]).await).within(DEADLINE).await.unwrap();
    let second = two.subscribe(Applies(plan.clone()), patient()).await.unwrap();
    two.start().await.unwrap();
    standing_by(&second).await;
    second.caught_up().within(DEADLINE).await.unwrap();
    let position = world.bump(&[2, 3]).await;
    assert!(second.wait_for(position).within(DEADLINE).await.unwrap() >= position);
    assert_eq!(world.applied().await, [1, 2, 3], "what was waited for is there");
    let status = second.inspect().await;
    assert_eq!((status.position, status.lag.unwrap().events), (Some(position), 0));
    assert!(two.health(HealthLimits::default()).ready);

    one.pause("applies").await.unwrap();
    let missing = world.bump(&[4]).await;
    let status = second.inspect().await;
    assert_eq!((status.position, status.lag.unwrap().events), (Some(position), 1));
    let error = second.wait_for(missing).within(Duration::from_millis(300)).await.unwrap_err();
    assert!(matches!(error, WaitError::Deadline { .. }), "{error}");
    // It looks after its owner four times in a lease.
    eventually("it is behind", || async { !two.health(HealthLimits::new(0, DEADLINE)).ready }).await;
    one.resume("applies").await.unwrap();
    second.wait_for(missing).within(DEADLINE).await.unwrap();
    one.stop().await.unwrap();
    two.stop().await.unwrap();
}

async fn standby_of_a_dead_owner_never_says_ok_and_its_wait_ends_at_the_deadline<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let (world, plan) = (W::new().await, Plan::default());
    let projection = Applies(plan);
    let position = world.bump(&[1, 2]).await;
    // An owner that has taken a checkpoint and is not heard of again.
    let lease = Lease::new("an owner that died", Duration::from_secs(3_600));
    let print = fingerprint(&projection);
    let claim = Claim::new("applies", &print, Position::START).under(lease);
    let owned = world.checkpoints().claim(&claim).await.unwrap();
    assert_eq!(owned.position, Position::START);
    let manager = world.manager();
    let handle = manager.subscribe(projection, patient()).await.unwrap();
    manager.start().await.unwrap();
    standing_by(&handle).await;
    let deadline = Duration::from_millis(300);
    for error in [
        handle.wait_for(position).within(deadline).await.unwrap_err(),
        handle.caught_up().within(deadline).await.unwrap_err(),
    ] {
        let WaitError::Deadline { state, .. } = &error else { panic!("{error}") };
        assert!(state.to_string().starts_with("standing by: an owner that died"), "{state}");
    }
    let status = handle.inspect().await;
    assert_eq!((status.position, status.lag.unwrap().events), (Some(Position::START), 2));
    assert!(!manager.health(HealthLimits::new(1, DEADLINE)).ready);
    manager.stop().await.unwrap();
}

/// Durable memory.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Tally(Vec<u64>);

#[projection(name = "tally", snapshot)]
impl Tally {
    #[handles(Bumped)]
    fn bumped(&mut self, event: &Bumped) {
        self.0.push(event.by);
    }
}

async fn standby_of_durable_memory_is_not_ready_and_serves_the_stored_state<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let world = W::new().await;
    let (one, two) = (world.manager(), world.manager());
    let config = || quick(1).snapshot_every(2);
    let first = one.subscribe(Tally::default(), config()).await.unwrap();
    one.start().await.unwrap();
    let stored = world.bump(&[1, 2]).await;
    first.wait_for(stored).within(DEADLINE).await.unwrap();
    let second = two.subscribe(Tally::default(), config()).await.unwrap();
    two.start().await.unwrap();
    standing_by(&second).await;
    eventually("it has the stored state", || async { second.read().await.0 == [1, 2] }).await;
    second.wait_for(stored).within(DEADLINE).await.unwrap();

    let missing = world.bump(&[3]).await;
    first.wait_for(missing).within(DEADLINE).await.unwrap();
    let error = second.wait_for(missing).await.unwrap_err();
    assert!(matches!(error, WaitError::Standby { position: Some(at), .. } if at == stored), "{error}");
    assert!(error.to_string().contains("only the process that runs `tally` has its current state"), "{error}");
    assert!(matches!(second.caught_up().await, Err(WaitError::Standby { .. })));
    let health = two.health(HealthLimits::default());
    assert!(health.live && !health.ready && health.reasons[0].contains("only its owner"), "{health:?}");
    let later = world.bump(&[4]).await;
    first.wait_for(later).within(DEADLINE).await.unwrap();
    eventually("it follows the stored state", || async { second.read().await.0 == [1, 2, 3, 4] }).await;

    // And nothing is counted twice once it takes over.
    one.stop().await.unwrap();
    let last = world.bump(&[5]).await;
    eventually("it takes over", || async { second.inspect().await.state.name() == "live" }).await;
    second.wait_for(last).within(DEADLINE).await.unwrap();
    assert_eq!(second.read().await.0, [1, 2, 3, 4, 5]);
    two.stop().await.unwrap();
}
