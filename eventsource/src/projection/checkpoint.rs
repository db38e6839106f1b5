//! The checkpoint of a subscription.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::operations::Pause;
use super::{CheckpointUpdate, Claim, Leased};
use crate::event::{Position, SliceRange};
use crate::store::{LogId, LogMark};

/// The progress of a subscription: the position up to which its effects are durable.
///
/// A [`CheckpointStore`](super::CheckpointStore) returns checkpoints. [`new`](Self::new) is for authors of such stores.
///
/// ```
/// use chrono::Utc;
/// use eventsource::Position;
/// use eventsource::projection::Checkpoint;
///
/// let checkpoint = Checkpoint::new("orders".into(), Position::new(7), 1, "orders v1: OrderPlaced".into(), Utc::now());
/// let rebuilding = checkpoint.rebuilding(Some(Position::new(100))).in_log(None, None);
/// assert_eq!((rebuilding.position, rebuilding.rebuild_to), (Position::new(7), Some(Position::new(100))));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
#[non_exhaustive]
pub struct Checkpoint {
    /// The name of the subscription.
    pub name: String,
    /// The slices that it covers: [`SliceRange::ALL`], unless the subscription is partitioned.
    pub slices: SliceRange,
    /// The last position that is done: each event up to it was applied or passed over.
    pub position: Position,
    /// The number of the owner. Each claim of the subscription, by any process and for any slices, raises it by one, so
    /// no two owners of one subscription have the same. A commit with an older epoch is refused ([exactly once](crate::guarantees#exactly-once)).
    pub epoch: u64,
    /// The [fingerprint](super::fingerprint()) of the projection that owns it.
    pub fingerprint: String,
    /// When it moved last.
    pub updated_at: DateTime<Utc>,
    /// The position up to which it is being rebuilt; `None` if no rebuild runs.
    pub rebuild_to: Option<Position>,
    /// The log in which the position counts; `None` if only versions that did not store it have claimed the checkpoint.
    pub log: Option<LogId>,
    /// The last event of that log, at or before the position, that the owner knew when it moved the checkpoint. If the
    /// log goes back, this event is missing or another one. `None` before the first event was read.
    pub mark: Option<LogMark>,
    /// The lease of the owner; `None` if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease: Option<Leased>,
    /// The pause that an operator wants; `None` if the subscription is to run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pause: Option<Pause>,
}

impl Checkpoint {
    /// Creates a checkpoint of all slices that is not being rebuilt and knows no log. For authors of checkpoint stores.
    #[must_use]
    pub const fn new(
        name: String,
        position: Position,
        epoch: u64,
        fingerprint: String,
        updated_at: DateTime<Utc>,
    ) -> Self {
        let slices = SliceRange::ALL;
        let (rebuild_to, log, mark, lease, pause) = (None, None, None, None, None);
        Self { name, slices, position, epoch, fingerprint, updated_at, rebuild_to, log, mark, lease, pause }
    }

    /// Sets the slices that the checkpoint covers.
    #[must_use]
    pub const fn slices(mut self, slices: SliceRange) -> Self {
        self.slices = slices;
        self
    }

    /// Sets the position up to which the checkpoint is being rebuilt. `None` means that no rebuild runs.
    #[must_use]
    pub const fn rebuilding(mut self, target: Option<Position>) -> Self {
        self.rebuild_to = target;
        self
    }

    /// Sets the log, and the last event of it that the owner knows. An event after the position is dropped.
    #[must_use]
    pub fn in_log(mut self, log: Option<LogId>, mark: Option<LogMark>) -> Self {
        self.log = log;
        self.mark = mark.filter(|mark| mark.position <= self.position);
        self
    }

    /// Sets the lease of the owner.
    #[must_use]
    pub fn leased(mut self, lease: Option<Leased>) -> Self {
        self.lease = lease;
        self
    }

    /// Sets the pause that an operator wants.
    #[must_use]
    pub fn paused(mut self, pause: Option<Pause>) -> Self {
        self.pause = pause;
        self
    }

    /// Returns what `claim` makes of the checkpoint `before`, with a new epoch. A new checkpoint is rebuilt up to
    /// `rebuild_to`. For stores that keep checkpoints as values.
    pub(super) fn claimed(
        before: Option<&Self>,
        claim: &Claim<'_>,
        epoch: u64,
        rebuild_to: Option<Position>,
        now: DateTime<Utc>,
    ) -> Self {
        let position = before.map_or(claim.start, |before| before.position);
        let rebuild_to = before.map_or(rebuild_to, |before| before.rebuild_to);
        let log = before.and_then(|before| before.log).or(claim.log);
        let mark = before.and_then(|before| before.mark);
        let claimed = Self::new(claim.name.to_owned(), position, epoch, claim.fingerprint.to_owned(), now);
        claimed.slices(claim.slices).rebuilding(rebuild_to).in_log(log, mark)
    }

    /// Moves the checkpoint as `step` says. The caller has compared its position and epoch.
    pub(super) fn advance(&mut self, step: &CheckpointUpdate, now: DateTime<Utc>) {
        self.position = step.to;
        self.updated_at = now;
        self.mark = step.mark.or(self.mark);
        self.rebuild_to = self.rebuild_to.filter(|target| *target > step.to);
    }
}

/// A stored checkpoint before it is checked.
#[derive(Deserialize)]
struct Unchecked {
    name: String,
    slices: SliceRange,
    position: Position,
    epoch: u64,
    fingerprint: String,
    updated_at: DateTime<Utc>,
    rebuild_to: Option<Position>,
    log: Option<LogId>,
    mark: Option<LogMark>,
    #[serde(default)]
    lease: Option<Leased>,
    #[serde(default)]
    pause: Option<Pause>,
}

impl TryFrom<Unchecked> for Checkpoint {
    type Error = MarkAhead;

    fn try_from(unchecked: Unchecked) -> Result<Self, MarkAhead> {
        let Unchecked { name, slices, position, epoch, fingerprint, updated_at, .. } = unchecked;
        let Unchecked { rebuild_to, log, mark, lease, pause, .. } = unchecked;
        if let Some(mark) = mark.filter(|mark| mark.position > position) {
            return Err(MarkAhead { name, position, mark: mark.position });
        }
        Ok(Self { name, slices, position, epoch, fingerprint, updated_at, rebuild_to, log, mark, lease, pause })
    }
}

/// A stored checkpoint knows an event that it has not reached.
#[derive(Debug, thiserror::Error)]
#[error("the checkpoint of `{name}` is at position {position}, before the last event that it knows, at {mark}")]
struct MarkAhead {
    name: String,
    position: Position,
    mark: Position,
}
