//! A step of a checkpoint, and what is stored together with it.

use std::time::Duration;

use super::LetterChange;
use crate::event::Position;
use crate::store::LogMark;

/// A step of a checkpoint: it is taken only from where the owner left it (compare-and-set, [exactly once](crate::guarantees#exactly-once)), and together with
/// all that it carries, or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckpointUpdate {
    /// The name of the subscription.
    pub name: String,
    /// The epoch of the owner that takes the step.
    pub epoch: u64,
    /// Where the owner left the checkpoint.
    pub from: Position,
    /// Where it moves to.
    pub to: Position,
    /// The last event of the log at or before [`to`](CheckpointUpdate::to) that the owner knows; `None` leaves it as it is.
    pub mark: Option<LogMark>,
    /// What becomes of dead letters.
    pub letters: Vec<LetterChange>,
    /// The state of the projection at [`to`](CheckpointUpdate::to), where it keeps one.
    pub snapshot: Option<Vec<u8>>,
    /// For how long the owner's lease holds from now on; `None` leaves it as it is.
    pub lease: Option<Duration>,
}

impl CheckpointUpdate {
    /// The step of the checkpoint `name`, owned since `epoch`, from `from` to `to`, which carries nothing else.
    #[must_use]
    pub fn new(name: impl Into<String>, epoch: u64, from: Position, to: Position) -> Self {
        Self { name: name.into(), epoch, from, to, mark: None, letters: Vec::new(), snapshot: None, lease: None }
    }

    /// The same, with the last event of the log that the owner knows. One after [`to`](CheckpointUpdate::to) is left out.
    #[must_use]
    pub fn marked(mut self, mark: Option<LogMark>) -> Self {
        self.mark = mark.filter(|mark| mark.position <= self.to);
        self
    }

    /// The same, with these changes to dead letters.
    #[must_use]
    pub fn letters(mut self, letters: Vec<LetterChange>) -> Self {
        self.letters = letters;
        self
    }

    /// The same, with this state of the projection.
    #[must_use]
    pub fn snapshot(mut self, state: Option<Vec<u8>>) -> Self {
        self.snapshot = state;
        self
    }

    /// The same, with the owner's lease renewed for `time`.
    #[must_use]
    pub const fn lease(mut self, time: Option<Duration>) -> Self {
        self.lease = time;
        self
    }
}

/// The state of a durable memory projection, as it was stored with a step.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProjectionSnapshot {
    /// Where the checkpoint was when it was stored.
    pub position: Position,
    /// The fingerprint of the projection that stored it.
    pub fingerprint: String,
    /// The state, as the projection serialised it.
    pub state: Vec<u8>,
}

impl ProjectionSnapshot {
    /// A snapshot, for authors of checkpoint stores.
    #[must_use]
    pub const fn new(position: Position, fingerprint: String, state: Vec<u8>) -> Self {
        Self { position, fingerprint, state }
    }
}
