//! The progress of a subscription: its runner writes it, and waits and statuses read it.

use std::mem::discriminant;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::event::{Position, now};
use crate::projection::LetterCounts;
use crate::subscription::log::recognise::Remembered;
use crate::subscription::state::bell::StateBell;
use crate::subscription::state::rate::Rate;
use crate::subscription::{Failure, LastFailure, SubscriptionState};

/// The progress of a subscription at one moment.
#[derive(Debug, Clone)]
pub(in crate::subscription) struct ProgressSnapshot {
    pub(in crate::subscription) state: SubscriptionState,
    /// The state without the interruption, if there is one.
    uninterrupted: SubscriptionState,
    /// When the state became another one.
    pub(in crate::subscription) state_since: DateTime<Utc>,
    /// How often the state became another one.
    pub(in crate::subscription) changes: u64,
    /// Whether it was unsubscribed, and never starts again.
    pub(in crate::subscription) is_out: bool,
    pub(in crate::subscription) position: Option<Position>,
    /// When `position` was read from the checkpoint of another process.
    pub(in crate::subscription) followed_at: Option<Instant>,
    /// Whether the log was compared with the one that `position` belongs to. No caller may rely on `position` before.
    pub(in crate::subscription) is_recognised: bool,
    /// The known facts about the log that `position` belongs to.
    pub(in crate::subscription) remembered: Option<Remembered>,
    /// The page after this position was read, and is about to be applied.
    pub(in crate::subscription) looked: Option<Position>,
    pub(in crate::subscription) handled: u64,
    pub(in crate::subscription) rate: Rate,
    pub(in crate::subscription) last_failure: Option<LastFailure>,
    pub(in crate::subscription) letters: LetterCounts,
}

/// What interrupts the present state of a runner.
#[derive(Debug, Clone)]
pub(in crate::subscription) enum Interruption {
    Paused,
    /// It waits for a store.
    Waiting {
        reason: Arc<str>,
    },
    /// A handler is called again after a delay.
    Retrying {
        failure: Arc<Failure>,
        attempts: u32,
        delay: Duration,
    },
}

impl Interruption {
    fn failure(&self) -> Option<Arc<str>> {
        match self {
            Self::Paused => None,
            Self::Waiting { reason } => Some(Arc::clone(reason)),
            Self::Retrying { failure, .. } => Some(failure.to_string().into()),
        }
    }

    fn into_state(self) -> SubscriptionState {
        match self {
            Self::Paused => SubscriptionState::Paused,
            Self::Waiting { reason } => SubscriptionState::Waiting { reason },
            Self::Retrying { failure, attempts, delay } => SubscriptionState::Retrying { failure, attempts, delay },
        }
    }
}

/// A state that became another one.
struct StateChange {
    from: SubscriptionState,
    to: SubscriptionState,
}

/// The progress of a subscription, and its changes.
#[derive(Debug)]
pub(in crate::subscription) struct Progress {
    name: String,
    bell: StateBell,
    sender: watch::Sender<ProgressSnapshot>,
}

impl Progress {
    /// The progress of the subscription `name`, which is idle at `position`. Changes of the state ring `bell`.
    pub(in crate::subscription) fn new(name: &str, position: Option<Position>, bell: &StateBell) -> Self {
        let state = SubscriptionState::Idle;
        let snapshot = ProgressSnapshot {
            uninterrupted: state.clone(),
            state,
            state_since: now(),
            changes: 0,
            is_out: false,
            position,
            followed_at: None,
            is_recognised: false,
            remembered: None,
            looked: None,
            handled: 0,
            rate: Rate::default(),
            last_failure: None,
            letters: LetterCounts::default(),
        };
        Self { name: name.to_owned(), bell: bell.clone(), sender: watch::Sender::new(snapshot) }
    }

    /// Returns what wakes the streams of the manager.
    pub(in crate::subscription) const fn bell(&self) -> &StateBell {
        &self.bell
    }

    /// Notes that the subscription was unsubscribed.
    pub(in crate::subscription) fn take_out(&self) {
        self.sender.send_modify(|snapshot| snapshot.is_out = true);
        self.bell.ring();
    }

    /// Sets the state, and logs the change. Returns it, if there is one: [`tell`](Self::tell) it after the lock of the
    /// snapshot is released.
    fn turn(&self, snapshot: &mut ProgressSnapshot, state: SubscriptionState) -> Option<StateChange> {
        if discriminant(&snapshot.state) == discriminant(&state) {
            snapshot.state = state;
            return None;
        }
        let (subscription, from, reason) = (&self.name, snapshot.state.name(), state.reason());
        tracing::debug!(subscription, from, to = state.name(), reason, "the state has changed");
        snapshot.state_since = now();
        snapshot.changes += 1;
        // A stream that wakes now waits for the lock of the snapshot.
        self.bell.ring();
        let from = std::mem::replace(&mut snapshot.state, state.clone());
        Some(StateChange { from, to: state })
    }

    /// Tells the listener of a change. It may read the state, so no lock is held here.
    fn tell(&self, change: Option<StateChange>) {
        if let Some(StateChange { from, to }) = change {
            self.bell.tell(&self.name, &from, &to);
        }
    }

    /// Calls `change` with the snapshot, and wakes the waits. Then tells the listener of a change of the state.
    fn modify(&self, change: impl FnOnce(&mut ProgressSnapshot) -> Option<StateChange>) {
        let mut changed = None;
        self.sender.send_modify(|snapshot| changed = change(snapshot));
        self.tell(changed);
    }

    pub(in crate::subscription) fn snapshot(&self) -> ProgressSnapshot {
        self.sender.borrow().clone()
    }

    /// Whether the read model is being rebuilt, also while that is interrupted.
    pub(in crate::subscription) fn is_rebuilding(&self) -> bool {
        matches!(self.sender.borrow().uninterrupted, SubscriptionState::Rebuilding { .. })
    }

    pub(in crate::subscription) fn listen(&self) -> watch::Receiver<ProgressSnapshot> {
        self.sender.subscribe()
    }

    /// Publishes a state. It ends an interruption.
    pub(in crate::subscription) fn show(&self, state: SubscriptionState) {
        self.modify(|snapshot| {
            snapshot.uninterrupted = state.clone();
            self.turn(snapshot, state)
        });
    }

    /// Publishes an interruption, with its failure, until the next state or [`resume`](Self::resume). Returns the state
    /// before.
    pub(in crate::subscription) fn interrupt(&self, interruption: Interruption) -> SubscriptionState {
        let mut before = None;
        self.modify(|snapshot| {
            before = Some(snapshot.state.clone());
            if let Some(failure) = interruption.failure() {
                snapshot.last_failure = Some(LastFailure::now(failure));
            }
            self.turn(snapshot, interruption.into_state())
        });
        before.unwrap_or(SubscriptionState::Idle)
    }

    /// Publishes the state that was interrupted.
    pub(in crate::subscription) fn resume(&self) {
        self.modify(|snapshot| self.turn(snapshot, snapshot.uninterrupted.clone()));
    }

    /// Publishes the state before a short interruption.
    pub(in crate::subscription) fn restore(&self, before: SubscriptionState) {
        self.modify(|snapshot| self.turn(snapshot, before));
    }

    /// Moves to `position` after `handled` applied events. Wakes no wait if nothing changes.
    pub(in crate::subscription) fn advance(&self, position: Position, handled: u64, state: SubscriptionState) {
        let mut change = None;
        self.sender.send_if_modified(|snapshot| {
            let moved = snapshot.position != Some(position) || handled > 0 || !snapshot.is_recognised;
            snapshot.position = Some(position);
            snapshot.followed_at = None;
            snapshot.is_recognised = true;
            snapshot.handled += handled;
            snapshot.rate.count(handled);
            snapshot.uninterrupted = state.clone();
            change = self.turn(snapshot, state);
            moved || change.is_some()
        });
        self.tell(change);
    }

    /// Notes the known facts about the log. Wakes no wait.
    pub(in crate::subscription) fn remember(&self, remembered: Remembered) {
        self.sender.send_if_modified(|snapshot| {
            snapshot.remembered = Some(remembered);
            false
        });
    }

    /// Notes that the log may not be the one that the position belongs to.
    pub(in crate::subscription) fn doubt_log(&self) {
        self.sender.send_modify(|snapshot| (snapshot.is_recognised, snapshot.remembered) = (false, None));
    }

    /// Notes, on a standby, that the owner is at `position`.
    pub(in crate::subscription) fn follow(&self, position: Option<Position>) {
        self.sender.send_if_modified(|snapshot| {
            snapshot.followed_at = Some(Instant::now());
            std::mem::replace(&mut snapshot.position, position) != position
        });
    }

    /// Notes that the page after `position` was read. A wait for the head of the log may be waiting for that.
    pub(in crate::subscription) fn look(&self, position: Position) {
        self.sender.send_if_modified(|snapshot| {
            snapshot.looked = Some(position);
            matches!(snapshot.state, SubscriptionState::CatchingUp)
        });
    }

    /// Notes an error that does not change the state.
    pub(in crate::subscription) fn note(&self, error: Arc<str>) {
        self.sender.send_modify(|snapshot| snapshot.last_failure = Some(LastFailure::now(error)));
    }

    /// Notes how many dead letters wait, and how many events behind them.
    pub(in crate::subscription) fn set_letters(&self, counts: LetterCounts) {
        self.sender.send_if_modified(|snapshot| std::mem::replace(&mut snapshot.letters, counts) != counts);
    }

    /// Goes back to the progress before the first start.
    pub(in crate::subscription) fn clear(&self) {
        self.modify(|snapshot| {
            snapshot.letters = LetterCounts::default();
            snapshot.position = None;
            snapshot.is_recognised = false;
            snapshot.remembered = None;
            snapshot.uninterrupted = SubscriptionState::Idle;
            self.turn(snapshot, SubscriptionState::Idle)
        });
    }
}
