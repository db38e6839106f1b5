//! What a process knows about a subscription, without asking a store.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::event::Position;
use crate::projection::Guarantee;
use crate::subscription::log::heads::Heads;
use crate::subscription::report::{maybe_seconds, maybe_text};
use crate::subscription::state::progress::ProgressSnapshot;
use crate::subscription::status::subscription_status::Lag;
use crate::subscription::subscription_shared::SubscriptionShared;
use crate::subscription::{LastFailure, SubscriptionState};

/// What this process knows about a subscription: a copy of what its task has written down.
///
/// It asks no store, takes no time and never fails, so probes and pages can ask for it as often as they like.
/// [`SubscriptionHandle::snapshot`](crate::subscription::SubscriptionHandle::snapshot) and
/// [`SubscriptionManager::snapshots`](crate::subscription::SubscriptionManager::snapshots) return it. [`SubscriptionStatus`](crate::subscription::SubscriptionStatus) has what
/// only the stores know: the number of events that are left, for example. It can be serialised like the status.
///
/// ```
/// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
/// # use eventsource::prelude::*;
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// # let store = MemoryEventStore::new();
/// # let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
/// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
/// # manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
/// # manager.start().await?;
/// for snapshot in manager.snapshots() {
///     println!("{}: {}, {:.0} events a second", snapshot.name, snapshot.state, snapshot.events_per_second);
///     if let Some(failure) = &snapshot.last_failure {
///         println!("  last failure at {}: {}", failure.at, failure.error);
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct SubscriptionSnapshot {
    /// The name of the subscription.
    pub name: String,
    /// What the subscription is doing, and why. A transaction that stalls the log is not known here:
    /// see [`SubscriptionStatus::stalled_by`](crate::subscription::SubscriptionStatus::stalled_by).
    pub state: SubscriptionState,
    /// When the subscription entered the state. A new reason of the same state does not change it.
    pub state_since: DateTime<Utc>,
    /// The reason that was given to [`pause_for`](crate::subscription::SubscriptionManager::pause_for); `None` if it is not paused,
    /// or was paused without a reason.
    #[serde(serialize_with = "maybe_text")]
    pub pause_reason: Option<Arc<str>>,
    /// The position up to which every event is applied or skipped; `None` without a checkpoint. On a standby, the
    /// checkpoint of the owner, read up to a quarter of a [`lease`](crate::subscription::SubscriptionConfig::lease) ago.
    pub position: Option<Position>,
    /// How far `position` is behind the furthest end of the log that this process has read; `None` before it has read
    /// the log.
    ///
    /// `lag.events` is the difference of two positions, so gaps between positions count. The status counts events. On a
    /// standby, both are as they were when `position` was read.
    pub lag: Option<Lag>,
    /// How long ago this process last read the end of the log; `None` before. Serialised as `age_seconds`.
    ///
    /// An idle subscription reads it at least once in its [`poll_interval`](crate::subscription::SubscriptionConfig::poll_interval),
    /// a standby four times in its [`lease`](crate::subscription::SubscriptionConfig::lease).
    #[serde(rename = "age_seconds", serialize_with = "maybe_seconds")]
    pub age: Option<Duration>,
    /// How many events the handlers have applied since the projection was subscribed in this process.
    pub events_handled: u64,
    /// How many events the handlers applied in a second: the mean of the last 10 s, or of the time since the first
    /// event if that is shorter.
    pub events_per_second: f64,
    /// How many dead letters wait to be retried or dismissed, counted as in the status; `None` while another process
    /// runs the subscription, which alone knows it. For a subscription that does not run, as it was when it last ran.
    pub dead_letters: Option<usize>,
    /// How many events wait behind these letters, in parked streams; `None` if `dead_letters` is.
    pub events_held: Option<u64>,
    /// The last failure since the projection was subscribed in this process. It may be solved by now.
    pub last_failure: Option<LastFailure>,
    /// How often the effects of an event happen.
    pub guarantee: Guarantee,
}

impl SubscriptionSnapshot {
    /// Copies what `core` knows.
    pub(in crate::subscription) fn of(core: &SubscriptionShared) -> Self {
        Self::new(core, core.progress.snapshot())
    }

    /// Copies what `core` knew at the time of `now`.
    pub(in crate::subscription) fn new(core: &SubscriptionShared, now: ProgressSnapshot) -> Self {
        let is_elsewhere = core.runs_elsewhere(&now.state);
        let lag = known_lag(core.log.heads(), &now, is_elsewhere);
        let letters = (!is_elsewhere).then_some(now.letters);
        Self {
            name: core.name.clone(),
            pause_reason: core.pause_reason().filter(|_| matches!(now.state, SubscriptionState::Paused)),
            state: now.state,
            state_since: now.state_since,
            position: now.position,
            lag,
            age: core.log.heads().last().map(|(_, age)| age),
            events_handled: now.handled,
            events_per_second: now.rate.per_second(),
            dead_letters: letters.map(|letters| letters.waiting),
            events_held: letters.map(|letters| letters.held),
            last_failure: now.last_failure,
            guarantee: core.kind.guarantee(),
        }
    }
}

/// Returns how far the position is behind the furthest known end of the log. The position of another process is compared
/// with the end at the time when it was read: since then, that process may have gone on.
fn known_lag(heads: &Heads, now: &ProgressSnapshot, is_elsewhere: bool) -> Option<Lag> {
    let at = now.position.unwrap_or(Position::START);
    let followed_at = now.followed_at.filter(|_| is_elsewhere);
    let end = match followed_at {
        Some(followed_at) => heads.seen_until(followed_at)?,
        None => heads.last()?.0,
    };
    let since = followed_at.map_or(Duration::ZERO, |followed_at| followed_at.elapsed());
    Some(match end.value().saturating_sub(at.value()) {
        0 => Lag::default(),
        events => Lag { events, time: heads.beyond(at).saturating_sub(since) },
    })
}
