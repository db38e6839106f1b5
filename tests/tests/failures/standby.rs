//! Two managers with the same subscription: one works, the other stands by.

use std::time::Duration;

use eventsource::Inject;
use eventsource::subscription::WaitError;
use eventsource::testing::faults::{Fault as StoreFault, Faults, FaultyCheckpoints, Point};

use crate::world::*;

crate::on_every_backend! {
    a_standby_takes_over_at_once_when_the_other_stops
    a_standby_takes_over_when_the_other_is_gone
    a_projection_that_was_changed_meanwhile_does_not_take_over
}

async fn a_standby_takes_over_at_once_when_the_other_stops<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let (world, plan) = (W::new().await, Plan::default());
    // Long enough that only a lease that is given up explains a takeover; asked for again every quarter of it.
    let config = || quick(1).lease(Duration::from_secs(8));
    let (one, two) = (world.manager(), world.manager());
    let first = one.subscribe(Applies(plan.clone()), config()).await.unwrap();
    one.start().await.unwrap();
    first.wait_for(world.bump(&[1]).await).within(DEADLINE).await.unwrap();
    let second = two.subscribe(Applies(plan.clone()), config()).await.unwrap();
    two.start().await.unwrap();
    eventually("it stands by", || async { state(&second).await == "standing by" }).await;
    first.wait_for(world.bump(&[2]).await).within(DEADLINE).await.unwrap();
    let stopped = std::time::Instant::now();
    one.stop().await.unwrap();
    second.wait_for(world.bump(&[3]).await).within(DEADLINE).await.unwrap();
    assert!(stopped.elapsed() < Duration::from_secs(7), "the lease was not given up: {:?}", stopped.elapsed());
    assert_eq!(world.applied().await, [1, 2, 3]);
    assert_eq!(second.inspect().await.events_handled, 1);
    // And back again.
    one.start().await.unwrap();
    eventually("it stands by", || async { state(&first).await == "standing by" }).await;
    tokio::time::timeout(Duration::from_secs(5), one.stop()).await.expect("a standby stops at once").unwrap();
    two.stop().await.unwrap();
}

async fn a_standby_takes_over_when_the_other_is_gone<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let world = std::sync::Arc::new(W::new().await);
    let plan = Plan::default();
    let config = || quick(1).lease(Duration::from_millis(300));
    let first = (std::sync::Arc::clone(&world), plan.clone());
    let gone = tokio::task::spawn_blocking(move || {
        let (world, plan) = first;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = world.reopened().await;
            let manager = world.manager();
            let handle = manager.subscribe(Applies(plan), config()).await.unwrap();
            manager.start().await.unwrap();
            handle.wait_for(world.bump(&[1]).await).within(DEADLINE).await.unwrap();
            // Leaves without a word.
            std::mem::forget(manager);
        });
    });
    gone.await.unwrap();
    let manager = world.manager();
    let handle = manager.subscribe(Applies(plan), config()).await.unwrap();
    manager.start().await.unwrap();
    handle.wait_for(world.bump(&[2]).await).within(DEADLINE).await.unwrap();
    assert_eq!(world.applied().await, [1, 2]);
}

/// The same, of another version.
struct Newer(Plan);

#[projection(name = "applies", version = 2, read_models(AppliedRow))]
impl Newer {
    #[handles(eventsource_tests::domain::Bumped)]
    async fn bumped(
        &self,
        event: &Event<eventsource_tests::domain::Bumped>,
        rows: &mut Repository<AppliedRow>,
    ) -> Result<(), HandlerError> {
        rows.save(AppliedRow { position: event.position().value() as i64, by: 0, at: 0 }).await?;
        self.0.strike(event.by).await
    }
}

async fn a_projection_that_was_changed_meanwhile_does_not_take_over<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let (world, plan) = (W::new().await, Plan::default());
    let (one, two) = (world.manager(), world.manager());
    let newer = two.subscribe(Newer(plan.clone()), quick(1)).await.unwrap();
    let first = one.subscribe(Applies(plan.clone()), quick(1)).await.unwrap();
    one.start().await.unwrap();
    let position = world.bump(&[1]).await;
    first.wait_for(position).within(DEADLINE).await.unwrap();
    one.stop().await.unwrap();
    two.start().await.unwrap();
    let error = newer.caught_up().within(DEADLINE).await;
    // What it waits for was passed already; what comes next is not applied.
    drop(error);
    let position = world.bump(&[2]).await;
    let error = newer.wait_for(position).within(DEADLINE).await.unwrap_err();
    assert!(matches!(error, WaitError::Refused { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("applies v1: Bumped") && text.contains("applies v2: Bumped"), "{text}");
    assert_eq!(world.applied().await, [1]);
    let error = world.manager().subscribe(Newer(plan), quick(1)).await.unwrap_err().to_string();
    assert!(error.contains("applies v1: Bumped") && error.contains("applies v2: Bumped"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_panics_does_not_end_the_lease() {
    let (store, checkpoints, faults) = (MemoryEventStore::new(), MemoryCheckpoints::new(), Faults::new());
    let faulty = FaultyCheckpoints::new(checkpoints.clone(), &faults);
    let one = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), faulty);
    let two = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), checkpoints.clone());
    let config = || quick(1).lease(Duration::from_secs(3));
    let first = one.subscribe(Applies(Plan::default()), config()).await.unwrap();
    one.start().await.unwrap();
    first.wait_for(bump(&store, &[1]).await).within(DEADLINE).await.unwrap();
    let epoch = checkpoints.load("applies").await.unwrap().unwrap().epoch;
    faults.next(Point::Renew, StoreFault::Panic, 1);
    let second = two.subscribe(Applies(Plan::default()), config()).await.unwrap();
    two.start().await.unwrap();
    // By the paused clock: twenty leases.
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!((state(&first).await.as_str(), state(&second).await.as_str()), ("live", "standing by"));
    assert_eq!(checkpoints.load("applies").await.unwrap().unwrap().epoch, epoch, "no other process took it over");
}
