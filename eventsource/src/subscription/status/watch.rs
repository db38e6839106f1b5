//! Streams of the changes of states.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use tokio::sync::watch;

use crate::subscription::state::bell::StateBell;
use crate::subscription::status::snapshot::SubscriptionSnapshot;
use crate::subscription::subscription_shared::SubscriptionShared;

/// A stream of the changes of the state of one subscription, or of all subscriptions of a manager.
///
/// First it yields the present state of each subscription, then a [`SubscriptionSnapshot`] whenever a state becomes
/// another one. A new reason of the same state is no change. A slow reader gets the latest state and misses those in
/// between; it never blocks a subscription, and nothing is stored for it.
///
/// [`SubscriptionHandle::watch`](crate::subscription::SubscriptionHandle::watch) and
/// [`SubscriptionManager::watch`](crate::subscription::SubscriptionManager::watch) return it. It ends when no subscription of it can
/// start any more: after `unsubscribe`, or after the manager was dropped, once the last state was yielded. Await
/// [`next`](Self::next), or use it as a [`Stream`].
///
/// ```
/// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
/// # use eventsource::prelude::*;
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// # let store = MemoryEventStore::new();
/// # let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
/// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
/// # manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
/// let mut changes = manager.watch();
/// tokio::spawn(async move {
///     while let Some(now) = changes.next().await {
///         println!("{}: {}", now.name, now.state);
///     }
/// });
/// manager.start().await?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[must_use = "a stream does nothing until it is polled"]
pub struct StateChanges {
    bell: watch::Receiver<bool>,
    /// Returns the subscriptions of the manager; `None` for the stream of one subscription.
    list: Option<Box<List>>,
    known: Vec<Known>,
    /// The index in `known` at which the next search begins, so that each subscription has its turn.
    turn: usize,
    waiting: Option<Pin<Box<dyn Future<Output = ()> + Send + Sync>>>,
}

type List = dyn Fn() -> Vec<Arc<SubscriptionShared>> + Send + Sync;

/// A subscription whose states are watched.
struct Known {
    core: Arc<SubscriptionShared>,
    /// The number of the change that was yielded last.
    seen: Option<u64>,
}

/// What a stream does next.
enum Next {
    Yield(Box<SubscriptionSnapshot>),
    Wait,
    End,
}

impl StateChanges {
    /// Watches one subscription.
    pub(in crate::subscription) fn of(core: &Arc<SubscriptionShared>) -> Self {
        Self::new(core.progress.bell(), None, vec![Known { core: Arc::clone(core), seen: None }])
    }

    /// Watches the subscriptions that `list` returns, also later ones.
    pub(in crate::subscription) fn of_all(
        bell: &StateBell,
        list: impl Fn() -> Vec<Arc<SubscriptionShared>> + Send + Sync + 'static,
    ) -> Self {
        Self::new(bell, Some(Box::new(list)), Vec::new())
    }

    fn new(bell: &StateBell, list: Option<Box<List>>, known: Vec<Known>) -> Self {
        Self { bell: bell.listen(), list, known, turn: 0, waiting: None }
    }

    /// Waits for the next change; `None` when the stream has ended.
    ///
    /// Dropping the future loses nothing.
    ///
    /// ```
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let store = MemoryEventStore::new();
    /// # let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
    /// # let orders = manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
    /// let mut changes = orders.watch();
    /// let present = changes.next().await.unwrap();
    /// assert_eq!(present.state.name(), "idle");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn next(&mut self) -> Option<SubscriptionSnapshot> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    fn look(&mut self) -> Next {
        // Before the states are read: a later change rings again.
        let is_closed = *self.bell.borrow_and_update();
        for core in self.list.iter().flat_map(|list| list()) {
            let is_known = self.known.iter().any(|known| Arc::ptr_eq(&known.core, &core));
            if !is_known && !core.progress.snapshot().is_out {
                self.known.push(Known { core, seen: None });
            }
        }
        let count = self.known.len();
        for index in (0..count).map(|step| (self.turn + step) % count) {
            let Some(known) = self.known.get_mut(index) else { continue };
            let now = known.core.progress.snapshot();
            if known.seen != Some(now.changes) {
                known.seen = Some(now.changes);
                self.turn = index + 1;
                return Next::Yield(Box::new(SubscriptionSnapshot::new(&known.core, now)));
            }
        }
        // A subscription that has ended and cannot start any more never changes again.
        self.known.retain(|known| {
            let now = known.core.progress.snapshot();
            now.state.is_running() || known.seen != Some(now.changes) || !(is_closed || now.is_out)
        });
        self.turn = 0;
        if self.known.is_empty() && (is_closed || self.list.is_none()) {
            return Next::End;
        }
        Next::Wait
    }
}

impl Stream for StateChanges {
    type Item = SubscriptionSnapshot;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<SubscriptionSnapshot>> {
        loop {
            if let Some(waiting) = &mut self.waiting {
                ready!(waiting.as_mut().poll(context));
                self.waiting = None;
            }
            match self.look() {
                Next::Yield(snapshot) => return Poll::Ready(Some(*snapshot)),
                Next::End => return Poll::Ready(None),
                Next::Wait => {
                    let mut bell = self.bell.clone();
                    // Without a sender there are no subscriptions: the stream is closed.
                    self.waiting = Some(Box::pin(async move { drop(bell.changed().await) }));
                }
            }
        }
    }
}

impl fmt::Debug for StateChanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.known.iter().map(|known| &known.core.name).collect();
        f.debug_struct("StateChanges").field("subscriptions", &names).finish_non_exhaustive()
    }
}
