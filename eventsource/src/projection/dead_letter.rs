//! Dead letters: the events that a subscription could not apply, and the streams that are parked behind them.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{ErrorClass, HandlerError};
use crate::event::{Position, RecordedEvent, StreamId, now};

/// An event that a subscription could not apply, kept with its error until it is retried or dismissed.
///
/// While it waits, its stream is *parked*: later events of the stream are not applied. They stay in the log, and the
/// letter counts them. A stream has at most one letter that is not dismissed.
/// [`DeadLetters`](crate::subscription::DeadLetters) lists, retries and dismisses them.
///
/// ```
/// use eventsource::projection::{DeadLetter, LetterCounts};
/// use eventsource::HandlerError;
/// # use eventsource::{EventStore, ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// # let stream = StreamId::new("Order", uuid::Uuid::nil());
/// # let appended = MemoryEventStore::new()
/// #     .append(&stream, ExpectedVersion::Any, vec![NewEvent::raw("OrderPlaced", 1, "{}")]).await.unwrap();
/// # let event = &appended.events()[0];
///
/// let letter = DeadLetter::new("orders", event, &HandlerError::permanent("no such customer"), 1);
/// assert!(letter.to_string().ends_with("failed once: no such customer"));
/// assert!(letter.parks());
/// assert_eq!(LetterCounts::of(&[letter.clone()]).waiting, 1);
/// assert_eq!(LetterCounts::of(&[letter.dismissed("a test order")]).waiting, 0);
/// # });
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DeadLetter {
    /// The name of the subscription.
    pub subscription: String,
    /// The position of the event in the log.
    pub position: Position,
    /// The stream of the event.
    pub stream: StreamId,
    /// The version of the event in its stream.
    pub version: u64,
    /// The stored name of the event.
    pub event_type: String,
    /// The id of the event.
    pub event_id: Uuid,
    /// The last error of the handler, then its cause, and so on.
    pub errors: Vec<String>,
    /// Whether a retry could have helped.
    pub class: ErrorClass,
    /// How often the handler was called.
    pub attempts: u32,
    /// When the handler failed for the first time.
    pub first_failed_at: DateTime<Utc>,
    /// When the handler failed for the last time.
    pub last_failed_at: DateTime<Utc>,
    /// How many later events of the stream wait behind this one.
    pub held: u64,
    /// Whether it waits, was released, or was dismissed.
    pub state: LetterState,
}

/// The number of dead letters of a subscription that wait, and of the events that wait behind them.
///
/// A store stops counting after [`LetterCounts::MOST`] letters. Then `waiting` is greater than `MOST`, and `held`
/// counts only the events behind the counted letters.
///
/// ```
/// use eventsource::projection::LetterCounts;
///
/// let counts = LetterCounts { waiting: 3, held: 40 };
/// assert!(counts.is_exact());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct LetterCounts {
    /// The letters that are waiting or released, one for each parked stream.
    pub waiting: usize,
    /// The later events of these streams that the subscription has passed without applying them.
    pub held: u64,
}

impl LetterCounts {
    /// The largest number of letters that are counted: 10,000.
    pub const MOST: usize = 10_000;

    /// Counts these letters, without the dismissed ones.
    #[must_use]
    pub fn of(letters: &[DeadLetter]) -> Self {
        let waiting = || letters.iter().filter(|letter| letter.parks());
        Self { waiting: waiting().count(), held: waiting().map(|letter| letter.held).sum() }
    }

    /// Returns whether all letters were counted.
    #[must_use]
    pub const fn is_exact(&self) -> bool {
        self.waiting <= Self::MOST
    }
}

/// The state of a dead letter.
///
/// ```
/// use eventsource::projection::LetterState;
///
/// let state = LetterState::Waiting;
/// assert_ne!(state, LetterState::Released);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum LetterState {
    /// It waits to be retried or dismissed, and its stream is parked behind it.
    Waiting,
    /// It waited behind a letter of its stream that was retried or dismissed, and was not tried before. The
    /// subscription applies it next by itself, also after a restart. Its stream stays parked until then.
    Released,
    /// It will not be applied, and its stream is no longer parked.
    Dismissed {
        /// The reason that was given.
        reason: String,
        /// When it was dismissed.
        at: DateTime<Utc>,
    },
}

/// A change to a dead letter, made in the same transaction as the update of the checkpoint.
///
/// ```
/// use eventsource::StreamId;
/// use eventsource::projection::LetterChange;
///
/// let stream = StreamId::new("Order", uuid::Uuid::nil());
/// let change = LetterChange::Hold { stream, more: 3 };
/// assert!(matches!(change, LetterChange::Hold { more: 3, .. }));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LetterChange {
    /// Stores the letter, in the place of the waiting letter of its stream.
    Keep(DeadLetter),
    /// Counts `more` events that wait behind the letter of the stream.
    Hold {
        /// The stream.
        stream: StreamId,
        /// How many more events wait.
        more: u64,
    },
    /// Removes the waiting letter of the stream. No event of the stream waits any more.
    Release {
        /// The stream.
        stream: StreamId,
    },
    /// Stores the letter, whose state is [`LetterState::Dismissed`], for the record. No event waits behind it.
    Dismiss(DeadLetter),
}

impl LetterChange {
    /// Returns the stream whose letter changes.
    pub(crate) const fn stream(&self) -> &StreamId {
        match self {
            Self::Keep(letter) | Self::Dismiss(letter) => &letter.stream,
            Self::Hold { stream, .. } | Self::Release { stream } => stream,
        }
    }
}

impl DeadLetter {
    /// Creates a waiting letter for `event`: `subscription` called the handler `attempts` times, and the last call
    /// failed with `error` just now. No event waits behind it yet.
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

    /// Creates the letter of an event that no handler has seen: it waited behind a letter that was retried or
    /// dismissed.
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

    /// Returns the letter, dismissed for `reason` just now.
    #[must_use]
    pub fn dismissed(mut self, reason: impl Into<String>) -> Self {
        self.state = LetterState::Dismissed { reason: reason.into(), at: now() };
        self
    }

    /// Returns whether later events of its stream wait behind it.
    #[must_use]
    pub const fn parks(&self) -> bool {
        !matches!(self.state, LetterState::Dismissed { .. })
    }
}

/// Shows the event and the error.
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

/// Returns `once`, or such as `3 times`.
pub(crate) fn times(attempts: u32) -> String {
    if attempts == 1 { "once".to_owned() } else { format!("{attempts} times") }
}
