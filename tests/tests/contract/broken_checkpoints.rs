//! Checkpoint stores, each broken in one place: every case of the contracts of checkpoints and leases is failed by one of
//! them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use eventsource::event::SliceRange;
use eventsource::memory::MemoryUnit;
use eventsource::projection::{
    Checkpoint, CheckpointError, CheckpointReset, CheckpointUpdate, Claim, ClaimError, CommitError, DeadLetter, Lease,
    LetterCounts, LetterFilter, LetterGroups, LetterKey, LetterPage, LetterQuery, LetterSearch, ProjectionSnapshot,
};
use eventsource::testing::contract::{CHECKPOINT_CASES, LEASE_CASES, run_on_checkpoints, run_on_leases};
use eventsource::{CheckpointStore, MemoryCheckpoints, Position, RecordedEvent, StreamId, UnitOfWork};

use crate::killed::assert_each_case_is_killed;

/// What is broken in a store.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Broken {
    Nothing,
    /// A checkpoint that does not exist is loaded as one at the start.
    Unknown,
    /// A new checkpoint is at the start of the log.
    Start,
    /// Each claim starts where it asks to.
    Restart,
    /// A claim does not compare the fingerprint.
    Changed,
    /// A commit does nothing.
    Commit,
    /// A commit of a detached unit does nothing.
    Detached,
    /// A step may come from any position.
    From,
    /// A step may have any epoch.
    Epoch,
    /// A rollback replaces the owners.
    Rollback,
    /// Epochs begin again after a reset.
    Reset,
    /// A reset does not look at its owner.
    Owner,
    /// The target of a rebuild is not stored.
    Target,
    /// The log is not stored.
    Log,
    /// The last event that an owner knows is not stored.
    Mark,
    /// Checkpoints are listed in another order.
    List,
    /// A claim of a part claims all slices.
    Slices,
    /// Each range is a subscription of its own.
    Apart,
    /// A page of letters has any length.
    Pages,
    /// Only a letter that parks a stream is found by its position.
    Position,
    /// Every stream that is parked is found.
    Parked,
    /// Dismissed letters are counted.
    Counts,
    /// Letters are found by any class.
    Class,
    /// A letter that was dismissed at the very time is forgotten.
    Forget,
    /// A search looks for errors in lower case.
    SearchedError,
    /// A page of found letters begins with its key.
    SearchedPages,
    /// A search counts dismissed letters.
    Groups,
    /// The letters of a step are stored on their own.
    Letters,
    /// The snapshot of a step is stored on its own.
    Snapshot,
    /// A snapshot is that of the present owner.
    Fingerprint,
    /// A claim does not look at the lease of another owner.
    Leases,
    /// Each claim is one of another owner.
    OwnLease,
    /// A lease keeps others out of all checkpoints.
    OneLease,
    /// A claim without a lease respects the one of another owner.
    TakeOver,
    /// A lease cannot be released.
    Release,
    /// A lease never ends.
    Forever,
    /// A renewal does nothing, and says that it did.
    Renewals,
    /// A step does not renew the lease.
    StepLease,
    /// The lease of a step is renewed on its own.
    FencedLease,
}

const OF_CHECKPOINTS: &[(Broken, &str)] = &[
    (Broken::Unknown, "an_unknown_checkpoint_is_none"),
    (Broken::Start, "a_claim_makes_a_checkpoint_at_the_start"),
    (Broken::Restart, "a_claim_raises_the_epoch_and_keeps_the_position"),
    (Broken::Changed, "a_claim_spares_a_projection_that_has_changed"),
    (Broken::Commit, "a_commit_moves_the_checkpoint"),
    (Broken::Detached, "a_detached_commit_moves_the_checkpoint"),
    (Broken::From, "a_step_from_another_position_is_fenced"),
    (Broken::Epoch, "a_step_of_another_epoch_is_fenced"),
    (Broken::Rollback, "a_rollback_moves_nothing"),
    (Broken::Reset, "a_reset_keeps_the_epoch_growing"),
    (Broken::Owner, "a_clear_by_an_owner_that_was_replaced_changes_nothing"),
    (Broken::Target, "a_cleared_checkpoint_knows_up_to_where_it_is_rebuilt"),
    (Broken::Log, "a_checkpoint_keeps_its_log"),
    (Broken::Mark, "a_step_keeps_an_event_of_the_log"),
    (Broken::Snapshot, "a_step_is_whole"),
    (Broken::Letters, "a_step_is_whole"),
    (Broken::Fingerprint, "a_snapshot_is_that_of_the_last_step_with_one"),
    (Broken::List, "checkpoints_are_listed_by_name"),
    (Broken::Slices, "two_ranges_of_a_subscription_are_two_checkpoints"),
    (Broken::Reset, "an_epoch_is_given_once_in_a_subscription"),
    (Broken::Apart, "an_epoch_is_given_once_in_a_subscription"),
    (Broken::Apart, "a_claim_of_a_part_fences_the_owner_of_all_slices"),
    (Broken::Apart, "ranges_that_overlap_are_refused"),
    (Broken::Pages, "letters_are_read_in_pages"),
    (Broken::Position, "a_letter_is_found_by_its_position"),
    (Broken::Parked, "parked_streams_are_found_by_their_keys"),
    (Broken::Letters, "letters_change_as_a_step_says"),
    (Broken::Counts, "letters_are_counted"),
    (Broken::Class, "letters_are_found_by_event_and_by_class"),
    (Broken::Forget, "dismissed_letters_are_forgotten_by_their_age"),
    (Broken::SearchedError, "letters_are_found_by_their_conditions"),
    (Broken::SearchedPages, "found_letters_are_read_in_pages"),
    (Broken::Groups, "found_letters_are_counted_by_their_error"),
];

const OF_LEASES: &[(Broken, &str)] = &[
    (Broken::Leases, "a_lease_keeps_other_owners_out"),
    (Broken::OwnLease, "an_owner_claims_again_under_its_own_lease"),
    (Broken::OneLease, "a_lease_of_one_checkpoint_holds_no_other"),
    (Broken::TakeOver, "a_claim_without_a_lease_takes_over"),
    (Broken::Release, "a_lease_that_was_given_up_is_free_at_once"),
    (Broken::Forever, "a_lease_that_is_not_renewed_runs_out"),
    (Broken::Renewals, "a_renewal_extends_the_lease"),
    (Broken::StepLease, "a_step_extends_the_lease"),
    (Broken::FencedLease, "a_fenced_step_leaves_the_lease"),
    (Broken::Renewals, "a_renewal_by_a_former_owner_changes_nothing"),
    (Broken::Renewals, "a_renewal_without_a_checkpoint_is_refused"),
    (Broken::Leases, "claims_at_the_same_time_have_one_winner"),
    (Broken::Slices, "two_ranges_have_leases_of_their_own"),
];

/// A lease that outlives any case.
const LONG: Duration = Duration::from_secs(1_000_000);

#[derive(Clone)]
struct BrokenCheckpoints {
    stored: Arc<Mutex<MemoryCheckpoints>>,
    broken: Broken,
}

impl BrokenCheckpoints {
    fn new(broken: Broken) -> Self {
        Self { stored: Arc::default(), broken }
    }

    fn stored(&self) -> MemoryCheckpoints {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns why an owner of another checkpoint refuses the claim.
    async fn held_elsewhere(&self, claim: &Claim<'_>) -> Result<(), ClaimError> {
        for other in self.list().await? {
            let mut of_other = claim.clone();
            of_other.name = &other.name;
            self.stored().claim(&of_other).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl CheckpointStore for BrokenCheckpoints {
    type Unit = BrokenUnit;

    async fn load(&self, name: &str) -> Result<Option<Checkpoint>, CheckpointError> {
        let found = self.stored().load(name).await?;
        Ok(match self.broken {
            Broken::Unknown => {
                let unknown = || Checkpoint::new(name.to_owned(), Position::START, 0, String::new(), Utc::now());
                Some(found.unwrap_or_else(unknown))
            }
            _ => found,
        })
    }

    async fn load_slices(&self, name: &str, slices: SliceRange) -> Result<Option<Checkpoint>, CheckpointError> {
        self.stored().load_slices(name, slices).await
    }

    async fn list(&self) -> Result<Vec<Checkpoint>, CheckpointError> {
        let mut all = self.stored().list().await?;
        if self.broken == Broken::List {
            all.reverse();
        }
        Ok(all)
    }

    async fn claim(&self, claim: &Claim<'_>) -> Result<Checkpoint, ClaimError> {
        static OWNERS: AtomicU64 = AtomicU64::new(0);
        let mut claim = claim.clone();
        let apart = format!("{} {}", claim.name, claim.slices);
        match self.broken {
            Broken::Start => claim.start = Position::START,
            Broken::Changed => claim.unless_changed = false,
            Broken::Log => claim.log = None,
            Broken::Slices => claim.slices = SliceRange::ALL,
            Broken::Apart if !claim.slices.is_all() => claim.name = &apart,
            Broken::Leases => claim.lease = None,
            Broken::OwnLease => {
                let number = OWNERS.fetch_add(1, Ordering::Relaxed);
                claim.lease = claim.lease.map(|lease| Lease::new(format!("{} {number}", lease.owner), lease.time));
            }
            Broken::OneLease => self.held_elsewhere(&claim).await?,
            Broken::TakeOver => claim.lease = claim.lease.or_else(|| Some(Lease::new("", LONG))),
            Broken::Forever => claim.lease = claim.lease.map(|lease| Lease::new(lease.owner, LONG)),
            _ => {}
        }
        let mut claimed = self.stored().claim(&claim).await?;
        if self.broken == Broken::Restart {
            claimed.position = claim.start;
        }
        Ok(claimed)
    }

    async fn renew(&self, name: &str, epoch: u64, time: Duration) -> Result<bool, CheckpointError> {
        match self.broken {
            Broken::Renewals => Ok(true),
            Broken::Release if time.is_zero() => self.stored().renew(name, epoch, LONG).await,
            _ => self.stored().renew(name, epoch, time).await,
        }
    }

    async fn dead_letters(&self, name: &str, mut query: LetterQuery) -> Result<Vec<DeadLetter>, CheckpointError> {
        match self.broken {
            Broken::Pages => query.limit = usize::MAX,
            Broken::Class if matches!(query.filter, LetterFilter::Failed(_)) => query.filter = LetterFilter::All,
            _ => {}
        }
        self.stored().dead_letters(name, query).await
    }

    async fn dead_letter(&self, name: &str, position: Position) -> Result<Option<DeadLetter>, CheckpointError> {
        let found = self.stored().dead_letter(name, position).await?;
        Ok(found.filter(|letter| self.broken != Broken::Position || letter.parks()))
    }

    async fn parked(&self, name: &str, streams: &[StreamId]) -> Result<Vec<DeadLetter>, CheckpointError> {
        match self.broken {
            Broken::Parked => self.stored().dead_letters(name, LetterQuery::parking()).await,
            _ => self.stored().parked(name, streams).await,
        }
    }

    async fn letter_counts(&self, names: &[&str]) -> Result<BTreeMap<String, LetterCounts>, CheckpointError> {
        let mut counts = self.stored().letter_counts(names).await?;
        if self.broken == Broken::Counts {
            for (name, counted) in &mut counts {
                counted.waiting = self.stored().dead_letters(name, LetterQuery::all()).await?.len();
            }
        }
        Ok(counts)
    }

    async fn find_letters(
        &self,
        search: &LetterSearch,
        after: Option<&LetterKey>,
        limit: usize,
    ) -> Result<LetterPage, CheckpointError> {
        let mut search = search.clone();
        let mut after = after.cloned();
        match (self.broken, &mut after) {
            (Broken::SearchedError, _) => search.error = search.error.map(|text| text.to_lowercase()),
            (Broken::SearchedPages, Some(after)) => {
                after.position = Position::new(after.position.value().saturating_sub(1));
            }
            _ => {}
        }
        self.stored().find_letters(&search, after.as_ref(), limit).await
    }

    async fn letter_groups(&self, search: &LetterSearch) -> Result<LetterGroups, CheckpointError> {
        let mut search = search.clone();
        if self.broken == Broken::Groups {
            search.standing = None;
        }
        self.stored().letter_groups(&search).await
    }

    async fn forget_dismissed(&self, name: &str, before: DateTime<Utc>) -> Result<u64, CheckpointError> {
        let later = TimeDelta::microseconds(i64::from(self.broken == Broken::Forget));
        self.stored().forget_dismissed(name, before + later).await
    }

    async fn snapshot(&self, name: &str) -> Result<Option<ProjectionSnapshot>, CheckpointError> {
        let mut snapshot = self.stored().snapshot(name).await?;
        if let (Broken::Fingerprint, Some(snapshot)) = (self.broken, &mut snapshot) {
            let owner = self.stored().load(name).await?;
            snapshot.fingerprint = owner.map_or_else(String::new, |owner| owner.fingerprint);
        }
        Ok(snapshot)
    }

    async fn begin(&self) -> Result<BrokenUnit, CheckpointError> {
        Ok(BrokenUnit { inner: self.stored().begin().await?, store: self.clone(), is_detached: false })
    }

    fn detached(&self) -> BrokenUnit {
        BrokenUnit { inner: self.stored().detached(), store: self.clone(), is_detached: true }
    }

    fn is_durable(&self) -> bool {
        false
    }
}

struct BrokenUnit {
    inner: MemoryUnit,
    store: BrokenCheckpoints,
    is_detached: bool,
}

impl UnitOfWork for BrokenUnit {
    async fn commit(self, step: &CheckpointUpdate) -> Result<(), CommitError> {
        let (mut step, stored) = (step.clone(), self.store.stored());
        let found = stored.load_slices(&step.name, step.slices).await?;
        match (self.store.broken, found) {
            (Broken::Commit, _) => return Ok(()),
            (Broken::Detached, _) if self.is_detached => return Ok(()),
            (Broken::From, Some(found)) => step.from = found.position,
            (Broken::Epoch, Some(found)) => step.epoch = found.epoch,
            (Broken::Mark, _) => step.mark = None,
            (Broken::StepLease, _) => step.lease = None,
            (Broken::FencedLease, Some(found)) => {
                if let Some(time) = step.lease.filter(|time| !time.is_zero()) {
                    stored.renew(&step.name, found.epoch, time).await?;
                }
            }
            (Broken::Letters | Broken::Snapshot, Some(found)) => {
                // A step of its own, which no other owner can fence.
                let mut own = CheckpointUpdate::new(&*step.name, found.epoch, found.position, found.position);
                match self.store.broken {
                    Broken::Letters => own.letters = std::mem::take(&mut step.letters),
                    _ => own.snapshot = step.snapshot.take(),
                }
                stored.detached().commit(&own).await?;
            }
            _ => {}
        }
        self.inner.commit(&step).await
    }

    async fn clear(self, clear: &CheckpointReset) -> Result<(), CommitError> {
        let mut clear = clear.clone();
        match self.store.broken {
            Broken::Owner => clear.owner = None,
            Broken::Target => clear.rebuild_to = None,
            _ => {}
        }
        self.inner.clear(&clear).await?;
        if self.store.broken == Broken::Reset {
            *self.store.stored.lock().unwrap_or_else(PoisonError::into_inner) = MemoryCheckpoints::new();
        }
        Ok(())
    }

    async fn rollback(self) {
        self.inner.rollback().await;
        if self.store.broken == Broken::Rollback {
            for found in self.store.stored().list().await.unwrap() {
                let claim = Claim::new(&found.name, &found.fingerprint, found.position);
                self.store.stored().claim(&claim).await.unwrap();
            }
        }
    }

    fn begin_batch(&mut self, events: &[Arc<RecordedEvent>]) {
        self.inner.begin_batch(events);
    }

    fn begin_event(&mut self, event: &RecordedEvent) {
        self.inner.begin_event(event);
    }
}

#[tokio::test]
async fn each_case_of_checkpoints_is_failed_by_a_broken_store() {
    let fails = async |case, broken| run_on_checkpoints(case, &BrokenCheckpoints::new(broken)).await.is_err();
    assert_each_case_is_killed(CHECKPOINT_CASES, Broken::Nothing, OF_CHECKPOINTS, fails).await;
}

/// The clock of the leases is paused, so a lease that never ends costs no time.
#[tokio::test(start_paused = true)]
async fn each_case_of_leases_is_failed_by_a_broken_store() {
    let fails = async |case, broken| run_on_leases(case, &Arc::new(BrokenCheckpoints::new(broken))).await.is_err();
    assert_each_case_is_killed(LEASE_CASES, Broken::Nothing, OF_LEASES, fails).await;
}
