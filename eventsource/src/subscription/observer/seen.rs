//! What an observer is told about pages, batches and dead letters.

use std::time::Duration;

use super::failure_kind::{CommitFailure, FailureKind};
use super::seen_life::Generation;
use crate::event::Position;
use crate::projection::HandlerError;
use crate::subscription::Failure;

/// A page of the log that has arrived.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct PageSeen<'a> {
    /// The name of the subscription.
    pub subscription: &'a str,
    /// Which generation of its read model is written.
    pub generation: Generation,
    /// The page contains events after this position.
    pub after: Position,
    /// The page contains every event of the subscription up to this position.
    pub horizon: Position,
    /// The number of events of the page.
    pub events: usize,
    /// Whether the log may have more events after the page.
    pub has_more: bool,
    /// How long the subscription waited for the page. A page that was read ahead, or together with another
    /// subscription, takes almost no time. An outage of the event store is included.
    pub waited: Duration,
}

/// Where the events of a batch come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BatchSource {
    /// From the log.
    Log,
    /// They are dead letters that are retried, and events that wait behind them.
    Letters,
}

/// A batch that was applied, or has failed.
///
/// A batch that fails is reported too. Its events are in a later batch again, in parts perhaps.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct BatchSeen<'a> {
    /// The name of the subscription.
    pub subscription: &'a str,
    /// Which generation of its read model is written.
    pub generation: Generation,
    /// Where the events come from.
    pub source: BatchSource,
    /// The number of events in the batch.
    pub events: usize,
    /// The number of events whose handlers have returned, and whose effects are kept.
    pub handled: usize,
    /// The number of events that were passed without a handler: they wait behind a dead letter, or were dismissed.
    pub parked: usize,
    /// The position after the batch.
    pub to: Position,
    /// How long the handlers ran. The commit is not included.
    pub duration: Duration,
    /// Why the batch has failed, if it has.
    pub failure: Option<FailureKind>,
    /// How long after its append the first event of the batch became visible in the read model, by the clocks of the
    /// store and of this process. `None` if no event was handled, for dead letters, during a rebuild, and until the
    /// subscription has reached the end of the log for the first time since it claimed its checkpoint.
    pub delay: Option<Duration>,
}

/// The end of a commit: of a batch with its checkpoint, or of a checkpoint alone.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct CommitSeen<'a> {
    /// The name of the subscription.
    pub subscription: &'a str,
    /// Which generation of its read model is written.
    pub generation: Generation,
    /// The position of the checkpoint.
    pub position: Position,
    /// The number of events whose effects are in the transaction; 0 for a checkpoint alone.
    pub events: usize,
    /// How long the commit took. If its answer was lost, the search for the outcome is included.
    pub duration: Duration,
    /// Why nothing was committed, if so.
    pub failure: Option<CommitFailure>,
}

/// An attempt to apply a batch that has failed.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct AttemptFailed<'a> {
    /// The name of the subscription.
    pub subscription: &'a str,
    /// Which generation of its read model is written.
    pub generation: Generation,
    /// Why.
    pub kind: FailureKind,
    /// The position of the event that failed; `None` if it is unknown which event of the batch it was.
    pub position: Option<Position>,
    /// The type of that event.
    pub event_type: Option<&'a str>,
    /// The error.
    pub error: &'a HandlerError,
}

/// What has happened to a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LetterStep {
    /// An event became a dead letter. The later events of its stream wait behind it.
    Kept,
    /// The policy of the subscription skipped an event. It is stored as a dismissed letter.
    Skipped,
    /// A retry has failed. The event was a letter before, or waited behind one.
    FailedAgain,
    /// An operator has dismissed it.
    Dismissed,
}

/// A dead letter that was stored or changed.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct LetterSeen<'a> {
    /// The name of the subscription.
    pub subscription: &'a str,
    /// Which generation of its read model is written.
    pub generation: Generation,
    /// What has happened.
    pub step: LetterStep,
    /// The position of the event.
    pub position: Position,
    /// The type of the event.
    pub event_type: &'a str,
    /// The failure; `None` if an operator has dismissed the letter.
    pub failure: Option<&'a Failure>,
}
