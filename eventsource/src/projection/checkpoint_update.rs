//! An update of a checkpoint, and the data that is stored together with it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::LetterChange;
use crate::event::{Position, SliceRange};
use crate::store::LogMark;

/// Moves a checkpoint. It is applied only if the checkpoint is at `from` and has `epoch` (compare-and-set, see [exactly
/// once](crate::guarantees#exactly-once)), together with everything that it carries, or not at all.
///
/// ```
/// use std::time::Duration;
///
/// use eventsource::Position;
/// use eventsource::projection::CheckpointUpdate;
///
/// let update = CheckpointUpdate::new("orders", 1, Position::START, Position::new(7))
///     .marked(None)
///     .letters(Vec::new())
///     .snapshot(Some(b"150".to_vec()))
///     .lease(Some(Duration::from_secs(4)));
/// assert_eq!((update.from, update.to), (Position::START, Position::new(7)));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckpointUpdate {
    /// The name of the subscription.
    pub name: String,
    /// The slices of the checkpoint: [`SliceRange::ALL`], unless the subscription is partitioned.
    pub slices: SliceRange,
    /// The epoch of the owner.
    pub epoch: u64,
    /// The position at which the owner left the checkpoint.
    pub from: Position,
    /// The position to which it moves.
    pub to: Position,
    /// The last event of the log, at or before [`to`](CheckpointUpdate::to), that the owner knows; `None` keeps the
    /// stored one.
    pub mark: Option<LogMark>,
    /// The changes to dead letters.
    pub letters: Vec<LetterChange>,
    /// The serialised state of the projection at [`to`](CheckpointUpdate::to); `None` keeps the stored one.
    pub snapshot: Option<Vec<u8>>,
    /// The time from now after which the owner's lease ends; `None` and zero keep the stored end.
    pub lease: Option<Duration>,
    /// The request of an operator that the update serves. A store with
    /// [`operations`](super::CheckpointStore::operations) ends the request as done together with the update, and refuses
    /// the update as fenced if the owner has not taken the request with its epoch any more. A store in the memory of one
    /// process may leave that to the owner, who answers it after the update.
    pub serves: Option<ServedRequest>,
}

impl CheckpointUpdate {
    /// Moves the checkpoint that `name` has for all slices, of the owner with `epoch`, from `from` to `to`, and changes
    /// nothing else.
    #[must_use]
    pub fn new(name: impl Into<String>, epoch: u64, from: Position, to: Position) -> Self {
        let (name, slices) = (name.into(), SliceRange::ALL);
        Self {
            name,
            slices,
            epoch,
            from,
            to,
            mark: None,
            letters: Vec::new(),
            snapshot: None,
            lease: None,
            serves: None,
        }
    }

    /// Moves the checkpoint of these slices.
    #[must_use]
    pub const fn slices(mut self, slices: SliceRange) -> Self {
        self.slices = slices;
        self
    }

    /// Sets the last event of the log that the owner knows. An event after [`to`](CheckpointUpdate::to) is dropped.
    #[must_use]
    pub fn marked(mut self, mark: Option<LogMark>) -> Self {
        self.mark = mark.filter(|mark| mark.position <= self.to);
        self
    }

    /// Sets the changes to dead letters.
    #[must_use]
    pub fn letters(mut self, letters: Vec<LetterChange>) -> Self {
        self.letters = letters;
        self
    }

    /// Sets the serialised state of the projection.
    #[must_use]
    pub fn snapshot(mut self, state: Option<Vec<u8>>) -> Self {
        self.snapshot = state;
        self
    }

    /// Ends a request as done together with the update.
    #[must_use]
    pub fn serves(mut self, request: Option<ServedRequest>) -> Self {
        self.serves = request;
        self
    }

    /// Renews the owner's lease for `time` from now. `None` keeps the stored end.
    #[must_use]
    pub const fn lease(mut self, time: Option<Duration>) -> Self {
        self.lease = time;
        self
    }
}

/// A request of an operator that an update serves, and the answer.
///
/// ```
/// use eventsource::projection::{CheckpointUpdate, ServedRequest};
/// use eventsource::Position;
///
/// let served = ServedRequest::new(uuid::Uuid::now_v7(), "process 7", 3, "skipped one event");
/// let update = CheckpointUpdate::new("orders", 3, Position::new(7), Position::new(8)).serves(Some(served.clone()));
/// assert_eq!(update.serves, Some(served));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServedRequest {
    /// The request.
    pub id: Uuid,
    /// The manager that has taken it.
    pub by: String,
    /// The epoch with which it has taken it.
    pub epoch: u64,
    /// What was done.
    pub answer: String,
}

impl ServedRequest {
    /// Creates it.
    #[must_use]
    pub fn new(id: Uuid, by: impl Into<String>, epoch: u64, answer: impl Into<String>) -> Self {
        Self { id, by: by.into(), epoch, answer: answer.into() }
    }
}

/// The stored state of a durable memory projection. [`CheckpointStore::snapshot`](super::CheckpointStore::snapshot)
/// returns it.
///
/// ```
/// use eventsource::Position;
/// use eventsource::projection::ProjectionSnapshot;
///
/// let snapshot = ProjectionSnapshot::new(Position::new(7), "revenue v1: OrderPlaced".into(), b"150".to_vec());
/// assert_eq!(snapshot.position, Position::new(7));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ProjectionSnapshot {
    /// The position of the checkpoint when the state was stored.
    pub position: Position,
    /// The fingerprint of the projection that stored it.
    pub fingerprint: String,
    /// The state, as the projection serialised it.
    pub state: Vec<u8>,
}

impl ProjectionSnapshot {
    /// Creates a snapshot. For authors of checkpoint stores.
    #[must_use]
    pub const fn new(position: Position, fingerprint: String, state: Vec<u8>) -> Self {
        Self { position, fingerprint, state }
    }
}
