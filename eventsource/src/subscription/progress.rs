//! Where a subscription stands: told by its runner, heard by whoever waits.

use std::mem::discriminant;
use std::sync::Arc;

use tokio::sync::watch;

use super::SubscriptionState;
use super::recognise::Remembered;
use super::transitions::{IllegalTransitions, may_follow};
use crate::event::Position;
use crate::projection::LetterCounts;

/// Where a subscription stands.
#[derive(Debug, Clone)]
pub(super) struct ProgressSnapshot {
    pub(super) state: SubscriptionState,
    pub(super) position: Option<Position>,
    /// Whether the log is known to be the one in which the position counts: before that no caller may rely on it.
    pub(super) is_recognised: bool,
    /// What is known of the log in which the position counts.
    pub(super) remembered: Option<Remembered>,
    /// What comes after this position was read, and is about to be applied.
    pub(super) looked: Option<Position>,
    pub(super) handled: u64,
    pub(super) last_error: Option<Arc<str>>,
    pub(super) letters: LetterCounts,
}

/// Where a subscription stands, now and from now on.
#[derive(Debug)]
pub(super) struct Progress {
    name: String,
    broken: IllegalTransitions,
    sender: watch::Sender<ProgressSnapshot>,
}

impl Progress {
    /// Of the subscription `name`, at `position`; what should not be is noted in `broken`.
    pub(super) fn new(name: &str, position: Option<Position>, broken: &IllegalTransitions) -> Self {
        let state = SubscriptionState::Idle;
        let snapshot = ProgressSnapshot {
            state,
            position,
            is_recognised: false,
            remembered: None,
            looked: None,
            handled: 0,
            last_error: None,
            letters: LetterCounts::default(),
        };
        Self { name: name.to_owned(), broken: broken.clone(), sender: watch::Sender::new(snapshot) }
    }

    /// Where is noted what should not be.
    pub(super) const fn broken(&self) -> &IllegalTransitions {
        &self.broken
    }

    /// Turns the state into `state`. Where it is another one than before, that is logged, and where the table of
    /// transitions does not have it, told as an error.
    fn turn(&self, snapshot: &mut ProgressSnapshot, state: SubscriptionState) {
        if discriminant(&snapshot.state) != discriminant(&state) {
            let (subscription, from) = (&self.name, &snapshot.state);
            let reason = state.reason();
            tracing::debug!(subscription, from = from.name(), to = state.name(), reason, "the state has changed");
            if !may_follow(from, &state) {
                let error = self.broken.note(subscription, from, &state);
                tracing::error!(subscription, error, "a broken transition");
                snapshot.last_error = Some(error.into());
            }
        }
        snapshot.state = state;
    }

    pub(super) fn snapshot(&self) -> ProgressSnapshot {
        self.sender.borrow().clone()
    }

    pub(super) fn listen(&self) -> watch::Receiver<ProgressSnapshot> {
        self.sender.subscribe()
    }

    pub(super) fn set_state(&self, state: SubscriptionState) {
        self.sender.send_modify(|snapshot| self.turn(snapshot, state));
    }

    /// Moves to `position`, `handled` events further on. Nobody is woken where that changes nothing.
    pub(super) fn advance(&self, position: Position, handled: u64, state: SubscriptionState) {
        self.sender.send_if_modified(|snapshot| {
            let moved = snapshot.position != Some(position) || handled > 0 || !snapshot.is_recognised;
            let changed = discriminant(&snapshot.state) != discriminant(&state);
            snapshot.position = Some(position);
            snapshot.is_recognised = true;
            snapshot.handled += handled;
            self.turn(snapshot, state);
            moved || changed
        });
    }

    /// What is known of the log now. It wakes no wait.
    pub(super) fn remember(&self, remembered: Remembered) {
        self.sender.send_if_modified(|snapshot| {
            snapshot.remembered = Some(remembered);
            false
        });
    }

    /// The log may be another one than that in which the position counts.
    pub(super) fn doubt_log(&self) {
        self.sender.send_modify(|snapshot| (snapshot.is_recognised, snapshot.remembered) = (false, None));
    }

    /// The owner that this process stands by for is at `position`.
    pub(super) fn follow(&self, position: Option<Position>) {
        self.sender.send_if_modified(|snapshot| std::mem::replace(&mut snapshot.position, position) != position);
    }

    /// The log was looked into beyond `position`. A wait for the head of the log may be waiting for that.
    pub(super) fn look(&self, position: Position) {
        self.sender.send_if_modified(|snapshot| {
            snapshot.looked = Some(position);
            matches!(snapshot.state, SubscriptionState::CatchingUp)
        });
    }

    /// Takes note of what went wrong, and of the state that follows from it.
    pub(super) fn fail(&self, error: impl Into<Arc<str>>, state: SubscriptionState) {
        self.sender.send_modify(|snapshot| {
            snapshot.last_error = Some(error.into());
            self.turn(snapshot, state);
        });
    }

    /// Takes note of what went wrong beside it.
    pub(super) fn note(&self, error: Arc<str>) {
        self.sender.send_modify(|snapshot| snapshot.last_error = Some(error));
    }

    /// So many dead letters wait, and so many events behind them.
    pub(super) fn set_letters(&self, counts: LetterCounts) {
        self.sender.send_if_modified(|snapshot| std::mem::replace(&mut snapshot.letters, counts) != counts);
    }

    /// As it was before the first start.
    pub(super) fn clear(&self) {
        self.sender.send_modify(|snapshot| {
            snapshot.letters = LetterCounts::default();
            snapshot.position = None;
            snapshot.is_recognised = false;
            snapshot.remembered = None;
            self.turn(snapshot, SubscriptionState::Idle);
        });
    }
}
