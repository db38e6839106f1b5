//! The observer that remembers the last hour.

use std::time::Duration;

use eventsource::subscription::{FailurePolicy, Recent, RetryPolicy};
use eventsource_tests::backend::{Backend, Memory};
use eventsource_tests::wait::{DEADLINE, eventually};
use tokio::time::advance;

use crate::world::*;

#[tokio::test]
async fn recent_hour_has_what_was_handled_and_what_failed() {
    let (backend, recent, sums) = (Memory::open().await, Recent::new(), Sums::default());
    backend.ensure_tables(&sums).await;
    let manager = backend.manager().with_observer(recent.clone());
    let config = SubscriptionConfig::from_beginning()
        .retry(RetryPolicy::never())
        .on_failure(FailurePolicy::DeadLetter)
        .poll_interval(Duration::from_secs(3_600));
    let handle = manager.subscribe(sums, config).await.unwrap();
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    bump_in(&backend.store(), 1, &[1, 2, 13]).await;
    let handled = || recent.of("sums").iter().map(|interval| interval.handled).sum::<u64>();
    eventually("two bumps are recorded", || async { handled() == 2 }).await;
    manager.stop().await.unwrap();
    let failed: u64 = recent.of("sums").iter().map(|interval| interval.failed).sum();
    assert!(failed >= 1, "{:?}", recent.of("sums"));
    assert!(recent.of("sums").iter().any(|interval| interval.delay.is_some()));
    assert_eq!(recent.subscriptions(), ["sums"]);
    assert!(recent.of("another").is_empty());

    // After an hour, nothing is left.
    tokio::time::pause();
    advance(Duration::from_secs(1_800)).await;
    assert_eq!(handled(), 2);
    advance(Duration::from_secs(7_200)).await;
    assert!(recent.of("sums").is_empty());
}
