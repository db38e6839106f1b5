//! The trait of observers.

use std::sync::Arc;

use super::seen::{AttemptFailed, BatchSeen, CommitSeen, LetterSeen, PageSeen};
use super::seen_life::{LeaseSeen, RebuildSeen, RequestSeen, StateSeen};

/// Receives what the subscriptions of a manager do: for metrics, pages and tests.
///
/// Each method is empty by default. The task of the subscription calls it, at most once for each batch, letter, lease
/// or change of the state, and never for each event. Without an observer, each of these places costs one comparison.
///
/// # Rules for implementations
/// - **Do not block.** The subscription waits until the method returns, and so does every other subscription that runs
///   on the same thread. Add to a counter, or send to a channel that does not wait.
/// - **A panic is caught.** The subscription continues, and the observer is called again for the next event. Only the
///   first panic of an observer is logged, at level error.
/// - **Calls can come from several threads at the same time**, one for each subscription. The calls for one
///   subscription follow each other, except [`state`](Self::state) and [`rebuild`](Self::rebuild): an operator changes
///   these from another task.
/// - An observer may ask the manager for a [snapshot](crate::subscription::SubscriptionManager::snapshots).
///
/// Add it with [`ManagerBuilder::observer`](crate::subscription::ManagerBuilder::observer) or
/// [`SubscriptionManager::with_observer`](crate::subscription::SubscriptionManager::with_observer). An `Arc` of an
/// observer is an observer too: keep a clone to read what it has collected.
///
/// # Examples
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicUsize, Ordering};
///
/// use eventsource::prelude::*;
/// use eventsource::subscription::{BatchSeen, Observer};
///
/// #[derive(Default)]
/// struct Count(AtomicUsize);
///
/// impl Observer for Count {
///     fn batch(&self, seen: &BatchSeen<'_>) {
///         self.0.fetch_add(seen.handled, Ordering::Relaxed);
///     }
/// }
///
/// let count = Arc::new(Count::default());
/// let manager =
///     SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new())
///         .with_observer(Arc::clone(&count));
/// # let _ = manager;
/// ```
pub trait Observer: Send + Sync + 'static {
    /// A page of the log has arrived.
    fn page(&self, _seen: &PageSeen<'_>) {}

    /// The handlers were called with a batch, and the batch was committed or has failed.
    fn batch(&self, _seen: &BatchSeen<'_>) {}

    /// A commit of the checkpoint has ended.
    fn commit(&self, _seen: &CommitSeen<'_>) {}

    /// An attempt to apply a batch has failed. The event is retried, becomes a dead letter, or stops the subscription.
    fn attempt_failed(&self, _seen: &AttemptFailed<'_>) {}

    /// A dead letter was stored, dismissed, or has failed again.
    fn letter(&self, _seen: &LetterSeen<'_>) {}

    /// The state became another one. A new reason of the same state is no change.
    fn state(&self, _seen: &StateSeen<'_>) {}

    /// A rebuild has begun, moved or ended.
    fn rebuild(&self, _seen: &RebuildSeen<'_>) {}

    /// A lease on a checkpoint was won, lost or released.
    fn lease(&self, _seen: &LeaseSeen<'_>) {}

    /// The owner has begun or refused what an operator asked.
    fn request(&self, _seen: &RequestSeen<'_>) {}
}

impl<O: Observer + ?Sized> Observer for Arc<O> {
    fn page(&self, seen: &PageSeen<'_>) {
        (**self).page(seen);
    }

    fn batch(&self, seen: &BatchSeen<'_>) {
        (**self).batch(seen);
    }

    fn commit(&self, seen: &CommitSeen<'_>) {
        (**self).commit(seen);
    }

    fn attempt_failed(&self, seen: &AttemptFailed<'_>) {
        (**self).attempt_failed(seen);
    }

    fn letter(&self, seen: &LetterSeen<'_>) {
        (**self).letter(seen);
    }

    fn state(&self, seen: &StateSeen<'_>) {
        (**self).state(seen);
    }

    fn rebuild(&self, seen: &RebuildSeen<'_>) {
        (**self).rebuild(seen);
    }

    fn lease(&self, seen: &LeaseSeen<'_>) {
        (**self).lease(seen);
    }

    fn request(&self, seen: &RequestSeen<'_>) {
        (**self).request(seen);
    }
}
