//! An observer that remembers the last hour.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

use super::port::Observer;
use super::seen::{AttemptFailed, BatchSeen};
use super::seen_life::Generation;
use crate::subscription::report::{maybe_seconds, seconds};

/// The number of intervals of a subscription: an hour.
const INTERVALS: u64 = 360;

/// The largest number of subscriptions.
const MOST_SUBSCRIPTIONS: usize = 1_024;

/// An observer that remembers the last hour of each subscription, in intervals of 10 s: for pages and tools that draw
/// curves.
///
/// Clones share what they remember. It takes up to 20 kB for each subscription, of at most 1,024 subscriptions; the
/// others are not recorded. What the builder of a next generation does is not recorded.
///
/// # Examples
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// use eventsource::prelude::*;
/// use eventsource::subscription::Recent;
///
/// let recent = Recent::new();
/// let manager =
///     SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new())
///         .with_observer(recent.clone());
/// for interval in recent.of("orders") {
///     println!("{:?} ago: {} events, {} failures", interval.age, interval.handled, interval.failed);
/// }
/// # let _ = manager;
/// # });
/// ```
#[derive(Clone)]
pub struct Recent(Arc<Shared>);

struct Shared {
    /// Intervals are counted from here.
    begun: Instant,
    rings: Mutex<BTreeMap<String, VecDeque<Slot>>>,
}

/// What has happened in one interval.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    number: u64,
    handled: u64,
    failed: u64,
    delay: Option<Duration>,
}

/// What a subscription has done in an interval of 10 s. [`Recent::of`] returns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RecentInterval {
    /// How long ago the interval began. Serialised as `age_seconds`.
    #[serde(rename = "age_seconds", serialize_with = "seconds")]
    pub age: Duration,
    /// How many events were handled.
    pub handled: u64,
    /// How many attempts have failed.
    pub failed: u64,
    /// The longest time from the append of an event until it was visible: see [`BatchSeen::delay`]. `None` without a
    /// measurement. Serialised as `delay_seconds`.
    #[serde(rename = "delay_seconds", serialize_with = "maybe_seconds")]
    pub delay: Option<Duration>,
}

impl Default for Recent {
    fn default() -> Self {
        Self::new()
    }
}

impl Recent {
    /// The length of an interval: 10 s.
    pub const INTERVAL: Duration = Duration::from_secs(10);

    /// Creates an observer that remembers nothing yet.
    ///
    /// ```
    /// use eventsource::subscription::Recent;
    ///
    /// assert!(Recent::new().subscriptions().is_empty());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Shared { begun: Instant::now(), rings: Mutex::default() }))
    }

    /// Returns the names of the subscriptions that have done something since this was created, ordered by name.
    #[must_use]
    pub fn subscriptions(&self) -> Vec<String> {
        self.rings().keys().cloned().collect()
    }

    /// Returns the intervals of the last hour in which the subscription has done something, the oldest first.
    #[must_use]
    pub fn of(&self, subscription: &str) -> Vec<RecentInterval> {
        let elapsed = self.0.begun.elapsed();
        let first = number(elapsed).saturating_sub(INTERVALS - 1);
        let rings = self.rings();
        let slots = rings.get(subscription).into_iter().flatten().filter(|slot| slot.number >= first);
        slots.map(|slot| slot.interval(elapsed)).collect()
    }

    fn rings(&self) -> MutexGuard<'_, BTreeMap<String, VecDeque<Slot>>> {
        self.0.rings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the present interval of `subscription`.
    fn note(&self, subscription: &str, change: impl FnOnce(&mut Slot)) {
        let number = number(self.0.begun.elapsed());
        let mut rings = self.rings();
        if !rings.contains_key(subscription) {
            if rings.len() >= MOST_SUBSCRIPTIONS {
                return;
            }
            rings.insert(subscription.to_owned(), VecDeque::new());
        }
        let Some(ring) = rings.get_mut(subscription) else { return };
        if ring.back().is_none_or(|last| last.number < number) {
            ring.push_back(Slot { number, ..Slot::default() });
            while ring.front().is_some_and(|first| first.number + INTERVALS <= number) {
                ring.pop_front();
            }
        }
        if let Some(slot) = ring.back_mut() {
            change(slot);
        }
    }
}

/// Returns the number of the interval at `elapsed`.
const fn number(elapsed: Duration) -> u64 {
    elapsed.as_secs() / Recent::INTERVAL.as_secs()
}

impl Slot {
    fn interval(&self, elapsed: Duration) -> RecentInterval {
        let begun = Duration::from_secs(self.number.saturating_mul(Recent::INTERVAL.as_secs()));
        RecentInterval {
            age: elapsed.saturating_sub(begun),
            handled: self.handled,
            failed: self.failed,
            delay: self.delay,
        }
    }
}

impl Observer for Recent {
    fn batch(&self, seen: &BatchSeen<'_>) {
        if seen.generation == Generation::Present {
            self.note(seen.subscription, |slot| {
                slot.handled += seen.handled as u64;
                slot.delay = slot.delay.max(seen.delay);
            });
        }
    }

    fn attempt_failed(&self, seen: &AttemptFailed<'_>) {
        if seen.generation == Generation::Present {
            self.note(seen.subscription, |slot| slot.failed += 1);
        }
    }
}

impl fmt::Debug for Recent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recent").field("subscriptions", &self.rings().len()).finish_non_exhaustive()
    }
}
