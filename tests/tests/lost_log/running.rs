//! A subscription that runs notices with the next page that the log has gone back.

use std::sync::Arc;

use eventsource::sqlx;
use eventsource::subscription::SubscriptionState;
use eventsource_tests::domain::Noted;

use crate::world::*;

on_every_backend!(
    running_subscription_is_refused_when_the_log_goes_back,
    running_subscription_is_refused_when_the_log_has_grown_again,
    position_that_was_passed_before_the_loss_answers_no_wait,
    several_subscriptions_that_share_pages_are_refused,
    subscription_that_catches_up_is_refused,
);

async fn live<B: Lossy, P: On<B>>(
    world: &B,
    projection: P,
) -> (SubscriptionManager<B::Checkpoints>, SubscriptionHandle<P>) {
    let manager = world.manager();
    let handle = manager.subscribe(projection, small()).await.unwrap();
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    (manager, handle)
}

async fn is_refused<P>(handle: &SubscriptionHandle<P>) -> bool {
    matches!(handle.inspect().await.state, SubscriptionState::Refused { .. })
}

async fn notices<B: Lossy, P: On<B> + std::fmt::Debug>(projection: P, events: u64) {
    let world = B::new().await;
    bump(&world.store(), 0..100).await;
    let (manager, handle) = live(&world, projection).await;
    world.restore_copy().await;
    if events > 0 {
        bump(&world.store(), 0..events).await;
    }
    eventually("it notices", || is_refused(&handle)).await;
    let reason = assert_lost(&manager, &handle).await;
    assert!(reason.contains("the log has gone back from position 100"), "{reason}");
}

async fn running_subscription_is_refused_when_the_log_goes_back<B: Lossy>(_: B)
where
    BumpSums: On<B>,
    Seen: On<B>,
    Kept: On<B>,
    Told: On<B>,
{
    notices::<B, _>(BumpSums, 0).await;
    notices::<B, _>(Seen::default(), 0).await;
    notices::<B, _>(Kept::default(), 0).await;
    notices::<B, _>(Told::default(), 0).await;
}

async fn running_subscription_is_refused_when_the_log_has_grown_again<B: Lossy>(_: B)
where
    BumpSums: On<B>,
    Seen: On<B>,
{
    // To before where it was, to there, and beyond.
    for events in [20, 50, 80] {
        notices::<B, _>(BumpSums, events).await;
        notices::<B, _>(Seen::default(), events).await;
    }
}

/// Before the runner has looked: it is paused, or stopped.
async fn position_that_was_passed_before_the_loss_answers_no_wait<B: Lossy>(_: B)
where
    BumpSums: On<B>,
    Seen: On<B>,
    Kept: On<B>,
    Told: On<B>,
{
    unseen::<B, _>(BumpSums).await;
    unseen::<B, _>(Seen::default()).await;
    unseen::<B, _>(Kept::default()).await;
    unseen::<B, _>(Told::default()).await;
}

async fn unseen<B: Lossy, P: On<B> + std::fmt::Debug>(projection: P) {
    let world = B::new().await;
    let last = bump(&world.store(), 0..100).await;
    let (manager, handle) = live(&world, projection).await;
    manager.pause(handle.name()).await.unwrap();
    handle.wait_for(last).within(DEADLINE).await.unwrap();
    world.restore_copy().await;
    for ends in ["paused", "stopped"] {
        let error = handle.wait_for(last).within(DEADLINE).await.unwrap_err();
        assert!(error.to_string().contains("the log has gone back from position 100"), "{ends}: {error}");
        manager.stop().await.unwrap();
    }
}

/// Memory, of notes as well.
#[derive(Debug, Clone, Default)]
struct All {
    events: u64,
}

#[projection(name = "all")]
impl All {
    #[handles(Bumped)]
    fn bumped(&mut self, _: &Bumped) {
        self.events += 1;
    }

    #[handles(Noted)]
    fn noted(&mut self, _: &Noted) {
        self.events += 1;
    }
}

async fn several_subscriptions_that_share_pages_are_refused<B: Lossy>(world: B)
where
    BumpSums: On<B>,
    Seen: On<B>,
    All: On<B>,
{
    bump(&world.store(), 0..60).await;
    note(&world.store(), 40).await;
    let manager = world.manager();
    let sums = manager.subscribe(BumpSums, small()).await.unwrap();
    let seen = manager.subscribe(Seen::default(), small().batch_size(3)).await.unwrap();
    let all = manager.subscribe(All::default(), small()).await.unwrap();
    manager.start().await.unwrap();
    sums.caught_up().within(DEADLINE).await.unwrap();
    seen.caught_up().within(DEADLINE).await.unwrap();
    all.caught_up().within(DEADLINE).await.unwrap();
    world.restore_copy().await;
    bump(&world.store(), 0..70).await;
    assert_lost(&manager, &sums).await;
    assert_lost(&manager, &seen).await;
    assert_lost(&manager, &all).await;
    assert_eq!(all.read().await.events, 100, "nothing of the other log was applied");
}

/// Memory that waits before each event until it may go on.
#[derive(Debug, Clone)]
struct Held {
    gate: Arc<tokio::sync::Semaphore>,
    last: u64,
}

#[projection(name = "held", memory)]
impl Held {
    #[handles(Bumped)]
    async fn bumped(&mut self, event: &Event<Bumped>) {
        self.gate.acquire().await.unwrap().forget();
        self.last = event.position().value();
    }
}

async fn subscription_that_catches_up_is_refused<B: Lossy>(world: B)
where
    Held: On<B>,
{
    bump(&world.store(), 0..100).await;
    let gate = Arc::new(tokio::sync::Semaphore::new(66));
    let manager = world.manager();
    let config = small().batch_size(2);
    let handle = manager.subscribe(Held { gate: Arc::clone(&gate), last: 0 }, config).await.unwrap();
    manager.start().await.unwrap();
    eventually("it is at 66", || async { gate.available_permits() == 0 }).await;
    // It stands before 67, with a page in hand and one that was read ahead.
    world.restore_copy().await;
    bump(&world.store(), 0..1_000).await;
    gate.add_permits(2_000);
    eventually("it notices", || is_refused(&handle)).await;
    let reason = assert_lost(&manager, &handle).await;
    assert!(reason.contains("the log has gone back from position"), "{reason}");
    assert!(handle.read().await.last < 76, "it went on to {}", handle.read().await.last);
}

/// An append that is slow to take its lock holds the horizon back to before what was read already. The log has not gone
/// back: what was read is still there.
#[tokio::test]
async fn horizon_that_is_held_before_the_position_is_no_lost_log() {
    let world = <Postgres as Lossy>::new().await;
    bump(&world.store(), 0..100).await;
    let (manager, handle) = live(&world, BumpSums).await;
    let mut late = world.db.pool().begin().await.unwrap();
    let key = format!(
        "SELECT pg_advisory_xact_lock_shared((('{}.eventsource_events'::regclass::oid::bigint % 65534 + 1) << 48) | 10)",
        world.schema.name()
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(key)).execute(&mut *late).await.unwrap();
    assert_eq!(world.store().head().await.unwrap(), Position::new(10));
    // A runner that runs reads pages that end before it, and so does one that claims.
    let pages = world.store().read_log(Position::new(100), &EventFilter::all(), PageLimit::events(7)).await.unwrap();
    assert_eq!((pages.horizon, pages.before), (Position::new(100), None));
    let pause = tokio::time::timeout(std::time::Duration::from_millis(300), async {
        eventually("it is refused", || is_refused(&handle)).await;
    });
    assert!(pause.await.is_err(), "{:?}", handle.inspect().await.state);
    manager.stop().await.unwrap();
    manager.start().await.unwrap();
    handle.wait_for(Position::new(100)).within(DEADLINE).await.unwrap();
    late.rollback().await.unwrap();
    handle.wait_for(bump(&world.store(), [7]).await).within(DEADLINE).await.unwrap();
}
