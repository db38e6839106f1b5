//! The contract of notifiers.

use super::super::listed::{dispatch, names};
use super::super::violation::ensure_eq;
use super::super::{Verdict, Violation};
use super::NotifierFixture;
use super::recorder::{Woken, stored};
use crate::store::MemoryEventStore;

/// Passes the cases of the notifier's contract to another macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __notifier_cases {
    ([$($then:tt)*] $($with:tt)*) => {
        $($then)*! { {$($with)*}
            a_notification_wakes_every_listener
            a_burst_of_notifications_wakes_after_the_last
            a_dropped_listener_is_not_woken_again
        }
    };
}

/// The names of the cases of the notifier's contract, for [`run_on_notifier`].
///
/// ```
/// use eventsource::testing::contract::NOTIFIER_CASES;
///
/// assert!(NOTIFIER_CASES.contains(&"a_notification_wakes_every_listener"));
/// ```
pub const NOTIFIER_CASES: &[&str] = crate::__notifier_cases!([names]);

/// Runs the case `name` of the notifier's contract on a fresh notifier.
/// [`notifier_contract!`](crate::notifier_contract) creates a test for each case.
///
/// ```
/// use eventsource::MemoryEventBus;
/// use eventsource::testing::contract::{NOTIFIER_CASES, run_on_notifier};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// run_on_notifier(NOTIFIER_CASES[0], &MemoryEventBus::new()).await.unwrap();
/// # });
/// ```
///
/// # Errors
/// [`Violation`] if the notifier breaks the contract, or there is no such case.
pub async fn run_on_notifier<F: NotifierFixture>(name: &str, fixture: &F) -> Result<(), Violation> {
    crate::__notifier_cases!([dispatch] name fixture)
}

async fn a_notification_wakes_every_listener<F: NotifierFixture>(fixture: &F) -> Verdict {
    let (sender, near, far) = (fixture.connect(), fixture.connect(), fixture.connect());
    let woken = [Woken::new(), Woken::new(), Woken::new(), Woken::new()];
    let subscriptions = [
        near.listen(woken[0].wake()).await?,
        near.listen(woken[1].wake()).await?,
        far.listen(woken[2].wake()).await?,
        sender.listen(woken[3].wake()).await?,
    ];
    let store = MemoryEventStore::new();
    for round in 1..=3 {
        let before: Vec<_> = woken.iter().map(Woken::count).collect();
        sender.notify(&stored(&store, "Counted", 2).await?).await?;
        for (woken, before) in woken.iter().zip(before) {
            woken.more_than(before, &format!("notification {round}")).await?;
        }
    }
    drop(subscriptions);
    Ok(())
}

/// Notifications may be merged, but a notification after a wake-up must cause another wake-up.
async fn a_burst_of_notifications_wakes_after_the_last<F: NotifierFixture>(fixture: &F) -> Verdict {
    let (sender, listener) = (fixture.connect(), fixture.connect());
    let woken = Woken::new();
    let subscription = listener.listen(woken.wake()).await?;
    let store = MemoryEventStore::new();
    for _ in 0..100 {
        sender.notify(&stored(&store, "Counted", 1).await?).await?;
    }
    let before = woken.count();
    sender.notify(&stored(&store, "Counted", 1).await?).await?;
    woken.more_than(before, "after a burst").await?;
    drop(subscription);
    Ok(())
}

async fn a_dropped_listener_is_not_woken_again<F: NotifierFixture>(fixture: &F) -> Verdict {
    let (sender, listener) = (fixture.connect(), fixture.connect());
    let (ended, kept) = (Woken::new(), Woken::new());
    let subscription = listener.listen(ended.wake()).await?;
    let other = listener.listen(kept.wake()).await?;
    let store = MemoryEventStore::new();
    sender.notify(&stored(&store, "Counted", 1).await?).await?;
    ended.more_than(0, "before its subscription is dropped").await?;
    drop(subscription);
    let (count, before) = (ended.count(), kept.count());
    sender.notify(&stored(&store, "Counted", 1).await?).await?;
    kept.more_than(before, "the other").await?;
    ensure_eq!(ended.count(), count, "wake-ups of a listener whose subscription was dropped");
    drop(other);
    Ok(())
}
