//! What a subscription tells of itself.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{RebuildProgress, SubscriptionState};
use crate::event::{Position, now};
use crate::projection::Guarantee;
use crate::store::{Backlog, HeldBack, StoreError, StoredType};

/// What a subscription tells of itself.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SubscriptionStatus {
    /// Its name.
    pub name: String,
    /// What it is doing, and why.
    pub state: SubscriptionState,
    /// Every event up to here is applied or passed over; `None` while it has no checkpoint.
    pub position: Option<Position>,
    /// How many events its handlers have applied since it was subscribed.
    pub events_handled: u64,
    /// The last thing that went wrong since it was subscribed, whether it was overcome or not.
    pub last_error: Option<Arc<str>>,
    /// How many dead letters wait to be retried or dismissed.
    pub dead_letters: usize,
    /// How many events wait behind them, in streams that are parked.
    pub events_held: u64,
    /// How far its rebuild is; `None` where it is not being rebuilt.
    pub rebuild: Option<RebuildProgress>,
    /// What is promised about the effects of an event.
    pub guarantee: Guarantee,
    /// How far it is behind the head of the log, whatever its state; the error where the log could not be asked.
    pub lag: Result<Lag, Arc<StoreError>>,
    /// Who keeps the log from being read further, where somebody has for longer than the event store takes for normal.
    /// What is stored behind it is no part of the lag, and a subscription that waits for nothing else says so as its
    /// [`state`](Self::state).
    pub held_back: Option<HeldBack>,
    /// The stored types of events that no code knows (law 12), in the whole log, each with its first event's position:
    /// the first 100 of them; the error where the log could not be asked. What becomes of such events is told by
    /// [`UnknownEvents`](super::UnknownEvents).
    ///
    /// Either the crate that defines such an event is not linked (one that nothing names registers nothing: write
    /// `use that_crate as _;` once), or it was renamed without an alias (`#[event(aliases("…"))]`), or the manager was
    /// given a [`Registry::of`](crate::Registry::of) that does not list it.
    pub unknown_types: Result<Vec<StoredType>, Arc<StoreError>>,
}

/// How far a subscription is behind the head of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Lag {
    /// How many stored events it has not passed, its own and others.
    pub events: u64,
    /// For how long the first of them has been stored; zero at the head.
    pub time: Duration,
}

impl Lag {
    pub(super) fn of(backlog: Backlog) -> Self {
        Self { events: backlog.events, time: backlog.oldest.map_or(Duration::ZERO, since) }
    }
}

/// A stored time in the future (clocks differ) is no time ago.
fn since(time: DateTime<Utc>) -> Duration {
    (now() - time).to_std().unwrap_or_default()
}
