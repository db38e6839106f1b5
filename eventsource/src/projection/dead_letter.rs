//! Dead letters: the events that a subscription could not apply, and the streams that wait behind them.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{ErrorClass, HandlerError};
use crate::event::{Position, RecordedEvent, StreamId, now};

/// An event that a subscription could not apply, kept with its error until it is retried or dismissed.
///
/// While it waits, its stream is *parked*: later events of the stream wait behind it, in order, and are not applied.
/// A stream has at most one letter that waits; the events behind it stay in the log, and only their number is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DeadLetter {
    /// The name of the subscription.
    pub subscription: String,
    /// Where the event stands in the log.
    pub position: Position,
    /// The stream it belongs to.
    pub stream: StreamId,
    /// Its version in the stream.
    pub version: u64,
    /// Its stored name.
    pub event_type: String,
    /// Its id.
    pub event_id: Uuid,
    /// The error with which the handler failed the last time, then its cause, and so on.
    pub errors: Vec<String>,
    /// Whether trying again could have helped.
    pub class: ErrorClass,
    /// How often the handler was called.
    pub attempts: u32,
    /// When the handler failed first.
    pub first_failed_at: DateTime<Utc>,
    /// When it failed last.
    pub last_failed_at: DateTime<Utc>,
    /// How many later events of the stream wait behind this one.
    pub held: u64,
    /// What has become of it.
    pub state: LetterState,
}

/// How many dead letters of a subscription wait, and how many events behind them.
///
/// A store stops counting behind [`LetterCounts::MOST`] letters: a greater number of letters means that there are more than
/// so many, and `held` is the number behind those that were counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct LetterCounts {
    /// The letters that wait to be retried or dismissed, one for each parked stream.
    pub waiting: usize,
    /// The later events of these streams that the subscription has passed without applying them.
    pub held: u64,
}

impl LetterCounts {
    /// How many letters are counted.
    pub const MOST: usize = 10_000;

    /// The counts of these letters, dismissed ones left out.
    #[must_use]
    pub fn of(letters: &[DeadLetter]) -> Self {
        let waiting = || letters.iter().filter(|letter| letter.parks());
        Self { waiting: waiting().count(), held: waiting().map(|letter| letter.held).sum() }
    }

    /// Whether all letters were counted.
    #[must_use]
    pub const fn is_exact(&self) -> bool {
        self.waiting <= Self::MOST
    }
}

/// What has become of a dead letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum LetterState {
    /// It waits to be retried or dismissed, and its stream behind it.
    Waiting,
    /// The letter before it was retried or dismissed: it follows as soon as the subscription runs.
    Released,
    /// It is not going to be applied, nor is its stream held back any more.
    Dismissed {
        /// Why, in the words of who dismissed it.
        reason: String,
        /// When.
        at: DateTime<Utc>,
    },
}

/// What becomes of a dead letter together with a step of the checkpoint, in one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LetterChange {
    /// The letter waits, in place of the one of its stream that waited before.
    Keep(DeadLetter),
    /// So many more events of the stream wait behind its letter.
    Hold {
        /// The stream.
        stream: StreamId,
        /// How many more.
        more: u64,
    },
    /// The stream's letter is no more, and nothing of the stream waits.
    Release {
        /// The stream.
        stream: StreamId,
    },
    /// The letter, whose state is [`LetterState::Dismissed`], is kept for the record: nothing waits behind it.
    Dismiss(DeadLetter),
}

impl DeadLetter {
    /// The letter of `event`, which `subscription` could not apply in `attempts` calls, the last of which failed with
    /// `error` just now. It waits, and nothing waits behind it.
    #[must_use]
    pub fn new(subscription: impl Into<String>, event: &RecordedEvent, error: &HandlerError, attempts: u32) -> Self {
        let at = now();
        Self {
            errors: error.causes().map(ToString::to_string).collect(),
            class: error.class(),
            attempts,
            state: LetterState::Waiting,
            ..Self::released(subscription, event, at)
        }
    }

    /// The letter of `event`, which no handler has seen: it waited behind another one, which is no more.
    pub(crate) fn released(subscription: impl Into<String>, event: &RecordedEvent, at: DateTime<Utc>) -> Self {
        Self {
            subscription: subscription.into(),
            position: event.position(),
            stream: event.stream().clone(),
            version: event.version(),
            event_type: event.event_type().to_owned(),
            event_id: event.id(),
            errors: Vec::new(),
            class: ErrorClass::Transient,
            attempts: 0,
            first_failed_at: at,
            last_failed_at: at,
            held: 0,
            state: LetterState::Released,
        }
    }

    /// The letter, dismissed for `reason` just now.
    #[must_use]
    pub fn dismissed(mut self, reason: impl Into<String>) -> Self {
        self.state = LetterState::Dismissed { reason: reason.into(), at: now() };
        self
    }

    /// Whether later events of its stream wait behind it.
    #[must_use]
    pub const fn parks(&self) -> bool {
        !matches!(self.state, LetterState::Dismissed { .. })
    }
}

/// The event, and the error.
impl fmt::Display for DeadLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { event_type, position, stream, .. } = self;
        write!(f, "event `{event_type}` at position {position} of {stream}")?;
        match (&self.state, self.errors.first()) {
            (LetterState::Dismissed { reason, .. }, _) => write!(f, " was dismissed: {reason}"),
            (LetterState::Released, _) | (_, None) => f.write_str(" follows next"),
            (LetterState::Waiting, Some(error)) => write!(f, " failed {}: {error}", times(self.attempts)),
        }
    }
}

/// `once`, or how many times.
pub(crate) fn times(attempts: u32) -> String {
    if attempts == 1 { "once".to_owned() } else { format!("{attempts} times") }
}
