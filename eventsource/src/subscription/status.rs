//! What a subscription tells of itself.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::report::{maybe_text, or_error, seconds};
use super::{RebuildProgress, SubscriptionState};
use crate::event::{Position, now};
use crate::projection::Guarantee;
use crate::store::{Backlog, LogStall, StoreError, StoredType};

/// What a subscription tells of itself.
///
/// It can be serialised: the state with its name and reason, positions as numbers, durations in seconds, and what could
/// not be asked for as `{"error": "…"}`.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct SubscriptionStatus {
    /// Its name.
    pub name: String,
    /// What it is doing, and why.
    pub state: SubscriptionState,
    /// Why it is paused, in the words of [`pause_for`](super::SubscriptionManager::pause_for); `None` where it is not, or was
    /// paused without a reason.
    #[serde(serialize_with = "maybe_text")]
    pub pause_reason: Option<Arc<str>>,
    /// Every event up to here is applied or passed over; `None` while it has no checkpoint. On a standby that is the
    /// checkpoint which its owner has stored.
    pub position: Option<Position>,
    /// How many events its handlers have applied since it was subscribed.
    pub events_handled: u64,
    /// The last thing that went wrong since it was subscribed, whether it was overcome or not.
    #[serde(serialize_with = "maybe_text")]
    pub last_error: Option<Arc<str>>,
    /// How many dead letters wait to be retried or dismissed. Counting stops behind [`LetterCounts::MOST`](crate::projection::LetterCounts::MOST) where the letters
    /// were there before this process: a greater number means that there are more than so many.
    pub dead_letters: usize,
    /// How many events wait behind the letters that were counted, in streams that are parked.
    pub events_held: u64,
    /// How far its rebuild is; `None` where it is not being rebuilt.
    pub rebuild: Option<RebuildProgress>,
    /// What is promised about the effects of an event.
    pub guarantee: Guarantee,
    /// How far it is behind the head of the log, whatever its state; the error where the log could not be asked.
    #[serde(serialize_with = "or_error")]
    pub lag: Result<Lag, Arc<StoreError>>,
    /// Who keeps the log from being read further, where somebody has for longer than the event store takes for normal.
    /// What is stored behind it is no part of the lag, and a subscription that waits for nothing else says so as its
    /// [`state`](Self::state).
    pub stalled_by: Option<LogStall>,
    /// The stored types of events that no code knows ([unknown is explicit](crate::guarantees#unknown-is-explicit)), in the whole log, each with its first event's position:
    /// the first 100 of them; the error where the log could not be asked. What becomes of such events is told by
    /// [`UnknownEvents`](super::UnknownEvents).
    ///
    /// Either the crate that defines such an event is not linked (one that nothing names registers nothing: write
    /// `use that_crate as _;` once), or it was renamed without an alias (`#[event(aliases("…"))]`), or the manager was
    /// given a [`Registry::of`](crate::Registry::of) that does not list it.
    #[serde(serialize_with = "or_error")]
    pub unknown_types: Result<Vec<StoredType>, Arc<StoreError>>,
}

/// How far a subscription is behind the head of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct Lag {
    /// How many stored events it has not passed, its own and others. Counting stops behind [`Lag::MOST`]: a greater number
    /// means that there are more than so many.
    pub events: u64,
    /// How long the first of them has waited at least; zero at the head. Serialised as `seconds`.
    ///
    /// It is the greater one of two times: since the earliest time at which one of the first 100 of them was stored, and
    /// since this process first saw the log reach beyond the position. A stored time in the future, by a clock that was
    /// wrong, adds nothing to it, and hides nothing for longer than this process has known of the event.
    #[serde(rename = "seconds", serialize_with = "seconds")]
    pub time: Duration,
}

impl Lag {
    /// How many events are counted.
    pub const MOST: u64 = 10_000;

    /// The lag over `backlog`, of which this process has known for at least `known`.
    pub(super) fn of(backlog: Backlog, known: Duration) -> Self {
        if backlog.events == 0 {
            return Self::default();
        }
        let stored = backlog.oldest.map_or(Duration::ZERO, since);
        Self { events: backlog.events, time: stored.max(known) }
    }
}

/// Such as `12 events and 3.5s`, or `over 10000 events and 1h`.
impl fmt::Display for Lag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { events, time } = self;
        if *events > Self::MOST {
            return write!(f, "over {} events and {time:.1?}", Self::MOST);
        }
        write!(f, "{events} events and {time:.1?}")
    }
}

/// A stored time in the future (clocks differ) is no time ago.
fn since(time: DateTime<Utc>) -> Duration {
    (now() - time).to_std().unwrap_or_default()
}
