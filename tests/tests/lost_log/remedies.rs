//! What an operator does about a log that has gone back: a rebuild or a reset accepts the log that is there.

use std::sync::atomic::{AtomicBool, Ordering};

use eventsource::subscription::SubscriptionState;
use eventsource_tests::rows::BumpRows;

use crate::world::*;

on_every_backend!(rebuild_in_place_accepts_the_log, reset_accepts_the_log, rebuild_of_memory_accepts_the_log);

on_sql_backends!(
    rebuild_side_by_side_accepts_the_log,
    rebuild_side_by_side_goes_on_after_a_restart,
    next_generation_of_a_lost_log_is_not_finished,
);

/// A subscription that was at 100 and has been refused, and the log that has grown again to 60.
async fn lost<B: Lossy, P: On<B> + std::fmt::Debug>(
    world: &B,
    projection: P,
) -> (SubscriptionManager<B::Checkpoints>, SubscriptionHandle<P>) {
    bump(&world.store(), 0..100).await;
    let manager = world.manager();
    let handle = manager.subscribe(projection, small()).await.unwrap();
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
    world.restore_copy().await;
    bump(&world.store(), 5..15).await;
    manager.start().await.unwrap();
    assert_lost(&manager, &handle).await;
    (manager, handle)
}

/// That the subscription is right again, stays so, and starts again.
async fn assert_right<B: Lossy, P: On<B>>(
    world: &B,
    manager: &SubscriptionManager<B::Checkpoints>,
    handle: &SubscriptionHandle<P>,
) {
    for by in [7, 8] {
        let position = bump(&world.store(), [by]).await;
        handle.wait_for(position).within(DEADLINE).await.unwrap();
        let rows = world.rows::<SumRow>().find_stored(Query::all().order_by(SumRow::DIGIT.asc())).await.unwrap();
        assert!(BumpSums::counted_once(&rows), "{rows:?}");
        let rows: Vec<_> = rows.into_iter().map(|row| row.into_inner()).collect();
        assert_eq!(rows, BumpSums::fold(&BumpRows::fold(&world.store()).await));
        let health = health(manager).await;
        assert!(health.ready, "{health:?}");
        manager.stop().await.unwrap();
        manager.start().await.unwrap();
    }
}

async fn rebuild_in_place_accepts_the_log<B: Lossy>(world: B)
where
    BumpSums: On<B>,
{
    let (manager, handle) = lost(&world, BumpSums).await;
    assert_eq!(handle.rebuild().await.unwrap().await.unwrap(), Position::new(60));
    assert_right(&world, &manager, &handle).await;
}

async fn reset_accepts_the_log<B: Lossy>(world: B)
where
    BumpSums: On<B>,
{
    let (manager, handle) = lost(&world, BumpSums).await;
    manager.stop().await.unwrap();
    handle.reset().await.unwrap();
    manager.start().await.unwrap();
    assert_right(&world, &manager, &handle).await;
}

async fn rebuild_of_memory_accepts_the_log<B: Lossy>(_: B)
where
    Seen: On<B>,
    Kept: On<B>,
{
    let total: u64 = (0..50).sum::<u64>() + (5..15).sum::<u64>();
    let world = B::new().await;
    let (_manager, handle) = lost(&world, Seen::default()).await;
    handle.rebuild().await.unwrap().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    assert_eq!(handle.read().await.numbers().iter().sum::<u64>(), total);

    let world = B::new().await;
    let (manager, handle) = lost(&world, Kept::default()).await;
    handle.rebuild().await.unwrap().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    assert_eq!(handle.read().await.total, total);
    manager.stop().await.unwrap();
    let manager = world.manager();
    let handle = manager.subscribe(Kept::default(), small()).await.unwrap();
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    assert_eq!(handle.read().await.total, total);
}

async fn rebuild_side_by_side_accepts_the_log<B: Lossy>(world: B)
where
    BumpSums: On<B>,
{
    let (manager, handle) = lost(&world, BumpSums).await;
    assert_eq!(handle.rebuild_side_by_side().await.unwrap().await.unwrap(), Position::new(60));
    assert_right(&world, &manager, &handle).await;
}

/// The sums, built as slowly as it takes to look at what happens meanwhile.
#[derive(Debug, Clone)]
struct SlowSums(std::sync::Arc<AtomicBool>);

#[projection(name = "bump-sums", read_models(SumRow))]
impl SlowSums {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Event<Bumped>, sums: &mut Repository<SumRow>) -> Result<(), ReadModelError> {
        if self.0.load(Ordering::SeqCst) {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let digit = event.by % 10;
        let row = sums.get(digit).await?.unwrap_or(SumRow { digit, total: 0, bumps: 0, last: 0 });
        let (total, bumps, last) = (row.total + event.by, row.bumps + 1, event.position().value());
        sums.save(SumRow { digit, total, bumps, last }).await
    }
}

async fn rebuild_side_by_side_goes_on_after_a_restart<B: Lossy>(world: B)
where
    SlowSums: On<B>,
{
    let slow = std::sync::Arc::new(AtomicBool::new(false));
    let (manager, handle) = lost(&world, SlowSums(std::sync::Arc::clone(&slow))).await;
    slow.store(true, Ordering::SeqCst);
    let _rebuild = handle.rebuild_side_by_side().await.unwrap();
    let begun = async || {
        let next = world.checkpoints().load("bump-sums~next").await.unwrap();
        next.is_some_and(|next| next.position.value() > 10)
    };
    eventually("it has begun", begun).await;
    for _ in 0..2 {
        let status = handle.inspect().await;
        let SubscriptionState::Waiting { reason } = &status.state else { panic!("{:?}", status.state) };
        assert!(reason.contains("the log has gone back"), "{reason}");
        let wait = handle.wait_for(Position::new(50)).within(std::time::Duration::from_millis(1)).await;
        assert!(wait.is_err(), "what serves is of the lost log: {wait:?}");
        assert!(!health(&manager).await.ready);
        manager.stop().await.unwrap();
        manager.start().await.unwrap();
        let waits = async || matches!(handle.inspect().await.state, SubscriptionState::Waiting { .. });
        eventually("it goes on", waits).await;
    }
    slow.store(false, Ordering::SeqCst);
    handle.caught_up().within(DEADLINE).await.unwrap();
    assert_right(&world, &manager, &handle).await;
}

async fn next_generation_of_a_lost_log_is_not_finished<B: Lossy>(world: B)
where
    SlowSums: On<B>,
{
    bump(&world.store(), 0..100).await;
    let slow = std::sync::Arc::new(AtomicBool::new(false));
    let manager = world.manager();
    let handle = manager.subscribe(SlowSums(std::sync::Arc::clone(&slow)), small()).await.unwrap();
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    slow.store(true, Ordering::SeqCst);
    let _rebuild = handle.rebuild_side_by_side().await.unwrap();
    let beyond = async || {
        let next = world.checkpoints().load("bump-sums~next").await.unwrap();
        next.is_some_and(|next| next.position.value() > 60)
    };
    eventually("it is beyond what is left", beyond).await;
    manager.stop().await.unwrap();
    world.restore_copy().await;
    bump(&world.store(), 5..15).await;
    slow.store(false, Ordering::SeqCst);
    manager.start().await.unwrap();
    let reason = assert_lost(&manager, &handle).await;
    assert!(reason.contains("the rebuild has failed: the log has gone back"), "{reason}");
    // One that is asked for now begins with the log that is there.
    handle.rebuild_side_by_side().await.unwrap().await.unwrap();
    assert_right(&world, &manager, &handle).await;
}
