//! The port to the store of checkpoints.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::operations::Operations;
use super::search::{self, LetterSource};
use super::{
    Checkpoint, CheckpointError, Claim, ClaimError, DeadLetter, Finding, Generations, LetterCounts, LetterGroups,
    LetterKey, LetterPage, LetterQuery, LetterSearch, ProjectionSnapshot, TableOwners, Trials, UnitOfWork,
};
use crate::event::{Position, SliceRange, StreamId};

/// Keeps checkpoints, and opens the units of work in which they move.
///
/// The stores are [`MemoryCheckpoints`](crate::MemoryCheckpoints), and those of the features `sqlite` and `postgres`. A
/// [`SubscriptionManager`](crate::SubscriptionManager) calls the store; you only choose it. To write a store of your
/// own, implement this trait and run `eventsource::checkpoint_store_contract!` and `eventsource::lease_contract!`
/// (feature `testing`) on it. Run `eventsource::read_model_contract!` too if its units of work give repositories to
/// handlers, `eventsource::generation_contract!` if it has [`generations`](Self::generations), and
/// `eventsource::table_owner_contract!` if it has [`owners`](Self::owners).
///
/// # Contract
/// * **Exactly once** ([guarantee](crate::guarantees#exactly-once)). What handlers write through a unit of work and the
///   checkpoint are committed together, or neither is. An update is applied only if the checkpoint is at the update's
///   `from` and has its `epoch`.
/// * **An update is whole.** The dead letters, the snapshot and the lease of an update are stored with it, or nothing
///   is.
/// * **A checkpoint knows its log.** It stores the log of its first claim, and the last event that an update names. A
///   reset removes both.
/// * **Epochs only grow**, also across a reset. An owner that was replaced can never move the checkpoint again. All
///   ranges of slices of one subscription share one counter: no epoch is given twice within a subscription.
/// * **A range has a checkpoint of its own**, with a position, an epoch and a lease. Dead letters belong to the
///   subscription.
///
/// # Errors
/// [`CheckpointError::Failed`] may be temporary: the caller retries. [`CheckpointError::Refused`] and
/// [`CheckpointError::Corrupt`] are not: an operator must act.
///
/// # Examples
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// use eventsource::Position;
/// use eventsource::memory::MemoryCheckpoints;
/// use eventsource::projection::{CheckpointStore, CheckpointUpdate, Claim, UnitOfWork};
///
/// let checkpoints = MemoryCheckpoints::new();
/// let owned = checkpoints.claim(&Claim::new("orders", "orders v1: OrderPlaced", Position::START)).await?;
/// let unit = checkpoints.begin().await?;
/// unit.commit(&CheckpointUpdate::new("orders", owned.epoch, owned.position, Position::new(7))).await?;
///
/// let stored = checkpoints.load("orders").await?.ok_or("no checkpoint")?;
/// assert_eq!((stored.position, stored.epoch), (Position::new(7), 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[async_trait]
pub trait CheckpointStore: Send + Sync + 'static {
    /// The type of its units of work.
    type Unit: UnitOfWork;

    /// Returns the checkpoint that the subscription `name` has for all slices; `None` if it never ran, was reset, or is
    /// partitioned.
    ///
    /// # Errors
    /// [`CheckpointError::Failed`] if the store fails: call it again. [`CheckpointError::Corrupt`] if a stored value
    /// cannot be read: an operator must act.
    #[doc = include_str!("checkpoint_store/load.md")]
    async fn load(&self, name: &str) -> Result<Option<Checkpoint>, CheckpointError>;

    /// Returns the checkpoint that the subscription `name` has for `slices`; `None` if it has none.
    ///
    /// The default looks it up in [`list`](Self::list). Override it if the store can read one.
    ///
    /// # Errors
    /// The errors of [`load`](Self::load).
    ///
    #[doc = include_str!("checkpoint_store/load_slices.md")]
    async fn load_slices(&self, name: &str, slices: SliceRange) -> Result<Option<Checkpoint>, CheckpointError> {
        let all = self.list().await?;
        Ok(all.into_iter().find(|checkpoint| checkpoint.name == name && checkpoint.slices == slices))
    }

    /// Returns all checkpoints, ordered by name and range of slices.
    ///
    /// # Errors
    /// The errors of [`load`](Self::load).
    #[doc = include_str!("checkpoint_store/list.md")]
    async fn list(&self) -> Result<Vec<Checkpoint>, CheckpointError>;

    /// Makes the caller the owner of a checkpoint: raises its epoch and replaces its fingerprint. If there is no
    /// checkpoint, creates one at the claim's start. Stores the claim's log if the checkpoint has none; the caller
    /// compares the returned log with its own.
    ///
    /// # Errors
    /// * [`ClaimError::Changed`] if the checkpoint has another fingerprint and the claim is
    ///   [`unless_changed`](Claim::unless_changed).
    /// * [`ClaimError::Overlaps`] if another checkpoint has some of the slices of a part.
    /// * [`ClaimError::Held`] if the claim asks for a lease and another owner holds one: claim again after it ends.
    /// * [`ClaimError::Store`] if the store fails: claim again. The checkpoint may have been claimed, which raises the
    ///   epoch once more.
    #[doc = include_str!("checkpoint_store/claim.md")]
    async fn claim(&self, claim: &Claim<'_>) -> Result<Checkpoint, ClaimError>;

    /// Renews the lease of the owner with `epoch`, on a checkpoint of any slices: it ends after `time` from now.
    /// [`Duration::ZERO`] releases it. Returns `false` if the checkpoint has another owner or was reset.
    ///
    /// # Errors
    /// [`CheckpointError::Failed`] if the store fails: call it again.
    #[doc = include_str!("checkpoint_store/renew.md")]
    async fn renew(&self, name: &str, epoch: u64, time: Duration) -> Result<bool, CheckpointError>;

    /// Returns one page of the dead letters of the subscription `name`, ordered by position.
    ///
    /// # Errors
    /// The errors of [`load`](Self::load).
    #[doc = concat!(include_str!("checkpoint_store/letter.md"), include_str!("checkpoint_store/dead_letters.md"))]
    async fn dead_letters(&self, name: &str, query: LetterQuery) -> Result<Vec<DeadLetter>, CheckpointError>;

    /// Returns the dead letter at `position` of the subscription `name`, in any state; `None` if there is none.
    ///
    /// The default asks for a page of one letter.
    ///
    /// # Errors
    /// The errors of [`load`](Self::load).
    #[doc = concat!(include_str!("checkpoint_store/letter.md"), include_str!("checkpoint_store/dead_letter.md"))]
    async fn dead_letter(&self, name: &str, position: Position) -> Result<Option<DeadLetter>, CheckpointError> {
        let Some(before) = position.value().checked_sub(1) else { return Ok(None) };
        let page = self.dead_letters(name, LetterQuery::all().after(Position::new(before)).limit(1)).await?;
        Ok(page.into_iter().find(|letter| letter.position == position))
    }

    /// Returns the dead letters behind which any of `streams` is parked for the subscription `name`, in any order. A
    /// stream that is not parked has no letter.
    ///
    /// # Errors
    /// The errors of [`load`](Self::load).
    #[doc = concat!(include_str!("checkpoint_store/letter.md"), include_str!("checkpoint_store/parked.md"))]
    async fn parked(&self, name: &str, streams: &[StreamId]) -> Result<Vec<DeadLetter>, CheckpointError>;

    /// Returns, for each of the subscriptions `names` with waiting letters, how many letters wait and how many events
    /// wait behind them. Counting stops after [`LetterCounts::MOST`] letters of a subscription.
    ///
    /// The default reads that many letters of each. Override it if the store can count them.
    ///
    /// # Errors
    /// The errors of [`load`](Self::load).
    #[doc = concat!(include_str!("checkpoint_store/letter.md"), include_str!("checkpoint_store/letter_counts.md"))]
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

    /// Returns the first `limit` dead letters after the key `after` that `search` finds, ordered by their keys. `None`
    /// begins with the first letter. A `limit` is 1 to [`LetterPage::MOST`].
    ///
    /// One call looks at 100,000 letters at most. A page that is not full has a [`next`](LetterPage::next) if letters
    /// follow: ask again.
    ///
    /// The default reads the letters in pages. Override it if the store can search.
    ///
    /// # Errors
    /// The errors of [`load`](Self::load).
    #[doc = concat!(include_str!("checkpoint_store/letter.md"), include_str!("checkpoint_store/find_letters.md"))]
    async fn find_letters(
        &self,
        search: &LetterSearch,
        after: Option<&LetterKey>,
        limit: usize,
    ) -> Result<LetterPage, CheckpointError> {
        search::find(&Scanned(self), search, after, limit).await
    }

    /// Counts the dead letters that `search` finds, by the first line of their error and their event type. Counting stops
    /// after [`LetterCounts::MOST`] letters, and after it has looked at 100,000.
    ///
    /// The default reads the letters in pages. Override it if the store can count.
    ///
    /// # Errors
    /// The errors of [`load`](Self::load).
    #[doc = concat!(include_str!("checkpoint_store/letter.md"), include_str!("checkpoint_store/letter_groups.md"))]
    async fn letter_groups(&self, search: &LetterSearch) -> Result<LetterGroups, CheckpointError> {
        search::group(&Scanned(self), search).await
    }

    /// Deletes the letters of the subscription `name` that were dismissed before `before`, and returns their number.
    /// Waiting letters are kept, whatever their age.
    ///
    /// The default fails with [`CheckpointError::Refused`].
    ///
    /// # Errors
    /// [`CheckpointError::Failed`] if the store fails; then some of the letters may be deleted: call it again.
    /// [`CheckpointError::Refused`] if the store does not support it.
    #[doc = concat!(include_str!("checkpoint_store/letter.md"), include_str!("checkpoint_store/forget_dismissed.md"))]
    async fn forget_dismissed(&self, name: &str, before: DateTime<Utc>) -> Result<u64, CheckpointError> {
        let _ = before;
        Err(CheckpointError::Refused {
            action: format!("forget the dismissed letters of `{name}`"),
            reason: "this checkpoint store does not implement `CheckpointStore::forget_dismissed`".into(),
        })
    }

    /// Returns the state that the last update with a snapshot stored for the subscription `name`; `None` if there is
    /// none.
    ///
    /// # Errors
    /// The errors of [`load`](Self::load).
    #[doc = include_str!("checkpoint_store/diagnose.md")]
    async fn diagnose(&self) -> Result<Vec<Finding>, CheckpointError> {
        Ok(Vec::new())
    }

    #[doc = include_str!("checkpoint_store/snapshot.md")]
    async fn snapshot(&self, name: &str) -> Result<Option<ProjectionSnapshot>, CheckpointError>;

    /// Opens a unit of work.
    ///
    /// # Errors
    /// [`CheckpointError::Failed`] if the store fails: call it again.
    #[doc = include_str!("checkpoint_store/begin.md")]
    async fn begin(&self) -> Result<Self::Unit, CheckpointError>;

    /// Returns a unit of work for subscribers that are not transactional. It holds no transaction open and gives
    /// handlers nothing.
    #[doc = include_str!("checkpoint_store/detached.md")]
    fn detached(&self) -> Self::Unit;

    /// Returns the generations of the read models that are stored with the checkpoints. `None`, the default, means that
    /// projections cannot be rebuilt side by side.
    fn generations(&self) -> Option<&dyn Generations<Self::Unit>> {
        None
    }

    /// Returns what applies events without a change. `None`, the default, means that a
    /// [dry run](crate::SubscriptionManager::dry_run) does not try transactional projections.
    fn trials(&self) -> Option<&dyn Trials<Self::Unit>> {
        None
    }

    /// Returns the owners of the tables of the read models that are stored with the checkpoints. `None` is the default:
    /// then each manager checks only that no two of its own subscriptions declare the same table.
    fn owners(&self) -> Option<&dyn TableOwners> {
        None
    }

    /// Returns what operators ask of subscriptions, and what managers report. `None`, the default, means that a
    /// subscription can be seen and steered only in the process that runs it.
    fn operations(&self) -> Option<&dyn Operations> {
        None
    }

    /// Returns whether checkpoints survive the end of the process.
    fn is_durable(&self) -> bool;
}

/// Reads the letters of a store in pages.
struct Scanned<'a, C: ?Sized>(&'a C);

impl<C: CheckpointStore + ?Sized> LetterSource for Scanned<'_, C> {
    async fn names(&self) -> Result<Vec<String>, CheckpointError> {
        Ok(self.0.list().await?.into_iter().map(|checkpoint| checkpoint.name).collect())
    }

    async fn page(&self, name: &str, query: LetterQuery) -> Result<Vec<DeadLetter>, CheckpointError> {
        self.0.dead_letters(name, query).await
    }
}
