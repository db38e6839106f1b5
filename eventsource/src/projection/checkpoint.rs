//! The checkpoint, and the port to where checkpoints are kept.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{
    Claim, ClaimError, DeadLetter, Generations, LetterCounts, LetterQuery, ProjectionSnapshot, TableOwners, UnitOfWork,
};
use crate::event::{Position, StreamId};
#[cfg(any(feature = "postgres", feature = "sqlite"))]
use crate::store::sql::{Action, Failure, verdict::explained};
use crate::store::{LogId, LogMark};

/// The position up to which a subscription's effects are durable.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checkpoint {
    /// The name of the subscription.
    pub name: String,
    /// Every event up to here is applied or passed over.
    pub position: Position,
    /// Which owner it has: each start of the subscription, in whichever process, raises it by one ([exactly once](crate::guarantees#exactly-once)).
    pub epoch: u64,
    /// Which projection made it: see [`fingerprint`](super::fingerprint).
    pub fingerprint: String,
    /// When it last moved.
    pub updated_at: DateTime<Utc>,
    /// Up to where it is being rebuilt; `None` once it has been there.
    pub rebuild_to: Option<Position>,
    /// The log in which the position counts; `None` where it was claimed only by a version that did not know it.
    pub log: Option<LogId>,
    /// An event of that log at or before the position: the last one that the owner knew of when it moved the checkpoint.
    /// By it a log that has gone back is recognised. `None` where nothing was read yet.
    pub mark: Option<LogMark>,
}

impl Checkpoint {
    /// A checkpoint, for authors of checkpoint stores.
    #[must_use]
    pub const fn new(
        name: String,
        position: Position,
        epoch: u64,
        fingerprint: String,
        updated_at: DateTime<Utc>,
    ) -> Self {
        Self { name, position, epoch, fingerprint, updated_at, rebuild_to: None, log: None, mark: None }
    }

    /// The same checkpoint, which is being rebuilt up to `target`.
    #[must_use]
    pub const fn rebuilding(mut self, target: Option<Position>) -> Self {
        self.rebuild_to = target;
        self
    }

    /// The same checkpoint, in this log, of which it knows this event. An event after the position is not kept.
    #[must_use]
    pub fn in_log(mut self, log: Option<LogId>, mark: Option<LogMark>) -> Self {
        self.log = log;
        self.mark = mark.filter(|mark| mark.position <= self.position);
        self
    }
}

/// Where checkpoints are kept, and the units of work in which they move.
///
/// # Laws
/// * **Exactly once** ([exactly once](crate::guarantees#exactly-once)). What a unit of work lends and the checkpoint commit together, or neither does. A step
///   is taken only if the checkpoint is at the step's `from` and belongs to the step's `epoch`.
/// * **A step is whole**: the dead letters, the snapshot and the lease that it carries are stored with it, or nothing is.
/// * **A checkpoint knows its log**: the log that its first claim names, and the last event that a step names. A reset
///   forgets both.
/// * **Epochs only grow**, also over a reset: an owner that was replaced can never move the checkpoint again.
#[async_trait]
pub trait CheckpointStore: Send + Sync + 'static {
    /// The unit of work.
    type Unit: UnitOfWork;

    /// The checkpoint of the subscription `name`; `None` where it never ran, or was reset since.
    ///
    /// # Errors
    /// [`CheckpointError`] where the store fails.
    async fn load(&self, name: &str) -> Result<Option<Checkpoint>, CheckpointError>;

    /// All checkpoints, by name.
    ///
    /// # Errors
    /// [`CheckpointError`] where the store fails.
    async fn list(&self) -> Result<Vec<Checkpoint>, CheckpointError>;

    /// Makes the caller the owner of a checkpoint: its epoch is raised and its fingerprint replaced. Where there is no
    /// checkpoint, one is made at the claim's start. The claim's log is stored where the checkpoint has none yet: whether
    /// it is the same is for the caller to compare.
    ///
    /// # Errors
    /// [`ClaimError::Changed`] where the claim spares a projection that has changed; [`ClaimError::Held`] where it asks for a lease and somebody else holds one; [`ClaimError::Store`] where
    /// the store fails.
    async fn claim(&self, claim: &Claim<'_>) -> Result<Checkpoint, ClaimError>;

    /// Renews the lease of the owner since `epoch` for `time` from now on; none at all gives it up. Returns whether
    /// the checkpoint is still that owner's.
    ///
    /// # Errors
    /// [`CheckpointError`] where the store fails.
    async fn renew(&self, name: &str, epoch: u64, time: Duration) -> Result<bool, CheckpointError>;

    /// Returns one page of the dead letters of the subscription `name`, ordered by position.
    ///
    /// # Errors
    /// [`CheckpointError`] where the store fails.
    async fn dead_letters(&self, name: &str, query: LetterQuery) -> Result<Vec<DeadLetter>, CheckpointError>;

    /// Returns the dead letter at `position` of the subscription `name`, whether it waits or was dismissed; `None` where
    /// there is none.
    ///
    /// The default asks for a page of one letter.
    ///
    /// # Errors
    /// [`CheckpointError`] where the store fails.
    async fn dead_letter(&self, name: &str, position: Position) -> Result<Option<DeadLetter>, CheckpointError> {
        let Some(before) = position.value().checked_sub(1) else { return Ok(None) };
        let page = self.dead_letters(name, LetterQuery::all().after(Position::new(before)).limit(1)).await?;
        Ok(page.into_iter().find(|letter| letter.position == position))
    }

    /// Returns the dead letters behind which any of `streams` is parked for the subscription `name`, in any order. A stream
    /// that is not parked has none.
    ///
    /// # Errors
    /// [`CheckpointError`] where the store fails.
    async fn parked(&self, name: &str, streams: &[StreamId]) -> Result<Vec<DeadLetter>, CheckpointError>;

    /// Returns how many letters wait, and how many events behind them, for each of the subscriptions `names` that has any.
    /// Counting stops behind [`LetterCounts::MOST`] letters of a subscription.
    ///
    /// The default reads that many letters of each. Override it if the store can count them.
    ///
    /// # Errors
    /// [`CheckpointError`] where the store fails.
    async fn letter_counts(&self, names: &[&str]) -> Result<BTreeMap<String, LetterCounts>, CheckpointError> {
        let mut counts = BTreeMap::new();
        for &name in names {
            let counted = self.dead_letters(name, LetterQuery::parking().limit(LetterCounts::MOST + 1)).await?;
            if !counted.is_empty() {
                counts.insert(name.to_owned(), LetterCounts::of(&counted));
            }
        }
        Ok(counts)
    }

    /// Deletes the letters of the subscription `name` that were dismissed before `before`, and returns their number. Letters
    /// that wait stay, whatever their age.
    ///
    /// The default refuses.
    ///
    /// # Errors
    /// [`CheckpointError`] if the store fails; some of the letters may be deleted then. [`CheckpointError::Refused`] if it
    /// cannot delete letters.
    async fn forget_dismissed(&self, name: &str, before: DateTime<Utc>) -> Result<u64, CheckpointError> {
        let _ = before;
        Err(CheckpointError::Refused {
            action: format!("forget the dismissed letters of `{name}`"),
            reason: "this checkpoint store does not implement `CheckpointStore::forget_dismissed`".into(),
        })
    }

    /// The state that was stored last with a step of the checkpoint `name`.
    ///
    /// # Errors
    /// [`CheckpointError`] where the store fails.
    async fn snapshot(&self, name: &str) -> Result<Option<ProjectionSnapshot>, CheckpointError>;

    /// Opens a unit of work.
    ///
    /// # Errors
    /// [`CheckpointError`] where the store fails.
    async fn begin(&self) -> Result<Self::Unit, CheckpointError>;

    /// A unit of work for subscribers that are not transactional: it holds nothing open and lends nothing.
    fn detached(&self) -> Self::Unit;

    /// The generations of the read models that are kept beside the checkpoints, where projections can be rebuilt side
    /// by side.
    fn generations(&self) -> Option<&dyn Generations<Self::Unit>> {
        None
    }

    /// Who owns the tables of the read models that are kept beside the checkpoints. A store without it leaves it to each
    /// manager to see that no two of its own subscriptions declare one table.
    fn owners(&self) -> Option<&dyn TableOwners> {
        None
    }

    /// Whether checkpoints outlive the process.
    fn is_durable(&self) -> bool;
}

/// A checkpoint store failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The store did not do what was asked; the source says why. Trying again may help.
    #[error("the checkpoint store could not {action}: {source}")]
    Failed {
        /// What was asked, such as `load the checkpoint of order-rows`.
        action: String,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The store refuses what was asked, and trying again does not help.
    #[error("the checkpoint store refuses to {action}: {reason}")]
    Refused {
        /// What was asked.
        action: String,
        /// Why, in the words of the database, and the remedy.
        reason: Arc<str>,
    },
    /// Something stored cannot be read back: the store was changed from outside, or is damaged.
    #[error("the checkpoint store holds something that cannot be read: {what}")]
    Corrupt {
        /// What, and where.
        what: String,
    },
}

#[cfg(any(feature = "postgres", feature = "sqlite"))]
impl CheckpointError {
    /// The error of a failure inside a transaction, where nothing is tried again.
    pub(crate) fn failed(action: Action<'_>, failure: Failure) -> Self {
        match failure {
            Failure::Database(error) => Self::Failed { action: action.to_string(), source: explained(error) },
            Failure::Corrupt(what) => Self::Corrupt { what },
        }
    }
}
