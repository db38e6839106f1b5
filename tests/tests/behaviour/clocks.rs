//! Clocks that are wrong, or are set while everything runs.

use std::time::Duration;

use eventsource::prelude::*;
use eventsource::projection::{Claim, Lease, fingerprint};
use eventsource::store::PageLimit;
use eventsource::subscription::HealthLimits;
use eventsource_tests::backend::{Backend as _, Postgres, Sql, Sqlite};
use eventsource_tests::domain::{Seen, bump, note};
use eventsource_tests::rows::BumpRows;
use eventsource_tests::wait::{DEADLINE, eventually};

const HOUR_AHEAD_SQLITE: &str = "UPDATE eventsource_events SET recorded_at = recorded_at + 3600000000";
const HOUR_AHEAD_POSTGRES: &str = "UPDATE eventsource_events SET recorded_at = recorded_at + interval '1 hour'";

/// How far the stored time of the event at `position` is from now.
async fn distance(store: &dyn EventStore, position: Position) -> Duration {
    let before = Position::new(position.value() - 1);
    let page = store.read_log(before, &EventFilter::all(), PageLimit::events(1)).await.unwrap();
    (page.events[0].recorded_at() - eventsource::event::now()).abs().to_std().unwrap()
}

async fn event_stored_by_a_wrong_clock_hides_no_lag<B: Sql>(hour_ahead: &'static str) {
    let backend = B::open().await;
    let store = backend.store();
    let manager = backend.manager();
    let seen = manager.subscribe(Seen::default(), SubscriptionConfig::default()).await.unwrap();
    manager.start().await.unwrap();
    seen.wait_for(bump(&store, [1]).await).within(DEADLINE).await.unwrap();
    manager.pause("seen").await.unwrap();
    let wrong = bump(&store, [2]).await;
    backend.execute(hour_ahead).await;
    assert!(distance(&store, wrong).await > Duration::from_secs(3_000));
    // All that waits was stored in the future: this process knows better, by and by.
    eventually("the lag grows", || async {
        let lag = seen.inspect().await.lag.unwrap();
        lag.events == 1 && lag.time >= Duration::from_millis(100)
    })
    .await;
    let next = note(&store, 1).await;
    assert!(distance(&store, next).await < Duration::from_secs(60), "the wrong time is not carried on");
    // A process that has just come, by the time of the event behind the wrong one.
    let fresh = backend.manager();
    let other = fresh.subscribe(Seen::default(), SubscriptionConfig::default()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    let lag = other.inspect().await.lag.unwrap();
    assert!(lag.events == 3 && lag.time >= Duration::from_millis(20), "{lag}");
    manager.resume("seen").await.unwrap();
    seen.caught_up().within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
}

#[tokio::test]
async fn event_stored_by_a_wrong_clock_hides_no_lag_on_sqlite() {
    event_stored_by_a_wrong_clock_hides_no_lag::<Sqlite>(HOUR_AHEAD_SQLITE).await;
}

#[tokio::test]
async fn event_stored_by_a_wrong_clock_hides_no_lag_on_postgres() {
    event_stored_by_a_wrong_clock_hides_no_lag::<Postgres>(HOUR_AHEAD_POSTGRES).await;
}

/// Each of the two limits has to be kept.
#[tokio::test(start_paused = true)]
async fn readiness_needs_both_limits() {
    let store = MemoryEventStore::new();
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let seen = manager.subscribe(Seen::default(), SubscriptionConfig::default()).await.unwrap();
    manager.start().await.unwrap();
    seen.wait_for(bump(&store, [1]).await).within(DEADLINE).await.unwrap();
    let ready = |events, seconds| manager.health(HealthLimits::new(events, Duration::from_secs(seconds))).ready;
    assert!(ready(0, 0));
    let hangs = manager.subscribe(Hangs, SubscriptionConfig::default()).await.unwrap();
    bump(&store, 2..=12).await;
    eventually("it hangs", || async { hangs.inspect().await.lag.unwrap().events == 12 }).await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert!(!ready(1_000, 10), "it has hung for longer than 10 s");
    assert!(!ready(5, 60), "it is behind by more than 5 events");
    assert!(ready(1_000, 60));
    drop(manager.stop_within(Duration::from_millis(10)).await);
}

struct Hangs;

#[projection(name = "hangs", effects)]
impl Hangs {
    #[handles(eventsource_tests::domain::Bumped)]
    async fn bumped(&self, _: &eventsource_tests::domain::Bumped) {
        std::future::pending().await
    }
}

/// The table of [`BumpRows`] is in it, and `owner` has its checkpoint for `time`.
async fn owned(owner: &str, time: Duration) -> (Sqlite, u64) {
    let backend = Sqlite::open().await;
    BumpRows::create_tables(backend.db.pool()).await.unwrap();
    let (print, lease) = (fingerprint(&BumpRows), Lease::new(owner, time));
    let claim = Claim::new("bump-rows", &print, Position::START).under(lease);
    let epoch = backend.checkpoints().claim(&claim).await.unwrap().epoch;
    (backend, epoch)
}

fn lease(millis: u64) -> SubscriptionConfig {
    SubscriptionConfig::default().lease(Duration::from_millis(millis))
}

/// The owner renews, but its clock, or the host's, was set back: by the standby's clock each lease has run out.
#[tokio::test]
async fn owner_on_sqlite_is_not_fenced_by_a_clock_that_was_set_back() {
    let (backend, epoch) = owned("one", Duration::from_millis(600)).await;
    let standby = backend.manager();
    let handle = standby.subscribe(BumpRows, lease(600)).await.unwrap();
    let set_back = "UPDATE eventsource_checkpoints SET leased_until = leased_until - 3600000000";
    backend.execute(set_back).await;
    standby.start().await.unwrap();
    for _ in 0..30 {
        assert!(backend.checkpoints().renew("bump-rows", epoch, Duration::from_millis(600)).await.unwrap());
        backend.execute(set_back).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(handle.inspect().await.state.name(), "standing by");
    assert_eq!(backend.checkpoints().load("bump-rows").await.unwrap().unwrap().epoch, epoch);
    // And now it is gone.
    handle.wait_for(bump(&backend.store(), [1]).await).within(DEADLINE).await.unwrap();
    assert_eq!(handle.inspect().await.events_handled, 1);
    standby.stop().await.unwrap();
}

#[tokio::test]
async fn lease_on_sqlite_that_ends_far_in_the_future_is_taken_over() {
    let (backend, _) = owned("one", Duration::from_secs(3_600 * 24 * 365)).await;
    let standby = backend.manager();
    let handle = standby.subscribe(BumpRows, lease(200)).await.unwrap();
    standby.start().await.unwrap();
    eventually("it stands by", || async { handle.inspect().await.state.name() == "standing by" }).await;
    handle.wait_for(bump(&backend.store(), [1]).await).within(DEADLINE).await.unwrap();
    assert_eq!(handle.inspect().await.events_handled, 1);
    standby.stop().await.unwrap();
}
