//! The stored state of a subscription as one value.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Checkpoint, CheckpointReset, CheckpointUpdate, Claim, ClaimError, CommitError, DeadLetter, Letters,
    ProjectionSnapshot,
};
use crate::event::{Position, SliceRange, now};
use crate::store::{LogId, LogMark};

/// The stored state of a subscription as one value, for checkpoint stores that keep a subscription under one key: its
/// checkpoints, leases, dead letters and snapshot. After a reset, only the epoch stays.
///
/// A store loads the value, calls the method that has the name of its own, and stores the value again if the method
/// succeeds, all in one transaction.
///
/// ```
/// use eventsource::Position;
/// use eventsource::projection::{CheckpointUpdate, Claim, StoredSubscription};
///
/// let mut stored = StoredSubscription::default();
/// let claimed = stored.claim(&Claim::new("orders", "orders v1", Position::START)).unwrap();
/// let update = CheckpointUpdate::new("orders", claimed.epoch, Position::START, Position::new(7));
/// stored.update(&update).unwrap();
///
/// // Another owner has claimed the checkpoint since: this one is fenced.
/// stored.claim(&Claim::new("orders", "orders v1", Position::START)).unwrap();
/// let update = CheckpointUpdate::new("orders", claimed.epoch, Position::new(7), Position::new(8));
/// assert!(stored.update(&update).is_err());
/// ```
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct StoredSubscription {
    /// The last epoch that a claim of any slices got.
    epoch: u64,
    /// The target of the rebuild that the next claim of all slices begins.
    rebuild_to: Option<Position>,
    letters: Vec<DeadLetter>,
    checkpoints: Vec<StoredCheckpoint>,
}

/// The checkpoint of a range of slices.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct StoredCheckpoint {
    first_slice: u16,
    last_slice: u16,
    epoch: u64,
    position: Position,
    fingerprint: String,
    updated_at: DateTime<Utc>,
    rebuild_to: Option<Position>,
    log: Option<Uuid>,
    mark: Option<(Position, Uuid)>,
    snapshot: Option<(Position, String, Vec<u8>)>,
    lease: Option<(String, DateTime<Utc>)>,
}

impl StoredCheckpoint {
    /// The checkpoint that `claim` creates.
    fn begun(claim: &Claim<'_>, rebuild_to: Option<Position>) -> Self {
        Self {
            first_slice: claim.slices.first(),
            last_slice: claim.slices.last(),
            epoch: 0,
            position: claim.start,
            fingerprint: String::new(),
            updated_at: now(),
            rebuild_to,
            log: None,
            mark: None,
            snapshot: None,
            lease: None,
        }
    }

    fn slices(&self) -> SliceRange {
        SliceRange::new(self.first_slice, self.last_slice).unwrap_or_default()
    }

    fn of(&self, name: &str) -> Checkpoint {
        let checkpoint =
            Checkpoint::new(name.to_owned(), self.position, self.epoch, self.fingerprint.clone(), self.updated_at);
        let mark = self.mark.map(|(position, event)| LogMark::new(position, event));
        let checkpoint = checkpoint.rebuilding(self.rebuild_to).in_log(self.log.map(LogId::from_uuid), mark);
        checkpoint.slices(self.slices())
    }

    fn renew(&mut self, time: Option<Duration>) {
        match (time, &mut self.lease) {
            (Some(Duration::ZERO), lease) => *lease = None,
            (Some(time), Some((_, until))) => *until = now() + time,
            _ => {}
        }
    }
}

impl StoredSubscription {
    fn stored(&mut self, slices: SliceRange) -> Option<&mut StoredCheckpoint> {
        self.checkpoints.iter_mut().find(|stored| stored.slices() == slices)
    }

    /// Returns all checkpoints of the subscription `name`, ordered by their slices.
    #[must_use]
    pub fn checkpoints(&self, name: &str) -> Vec<Checkpoint> {
        let mut all: Vec<_> = self.checkpoints.iter().map(|stored| stored.of(name)).collect();
        all.sort_by_key(|checkpoint| checkpoint.slices);
        all
    }

    /// Returns the checkpoint that the subscription `name` has for `slices`.
    #[must_use]
    pub fn checkpoint(&self, name: &str, slices: SliceRange) -> Option<Checkpoint> {
        self.checkpoints.iter().find(|stored| stored.slices() == slices).map(|stored| stored.of(name))
    }

    /// Claims a checkpoint, and creates it if there is none.
    ///
    /// # Errors
    /// [`ClaimError::Held`] and [`ClaimError::Changed`]: see [`CheckpointStore::claim`](super::CheckpointStore::claim).
    pub fn claim(&mut self, claim: &Claim<'_>) -> Result<Checkpoint, ClaimError> {
        let name = claim.name.to_owned();
        let stored = self.stored(claim.slices);
        if let Some(found) = stored.as_ref().filter(|found| claim.refuses(&found.fingerprint)) {
            return Err(ClaimError::Changed { name, found: found.fingerprint.clone() });
        }
        if let (Some(lease), Some((owner, until))) = (&claim.lease, stored.and_then(|stored| stored.lease.as_ref()))
            && (*lease.owner != **owner && *until > now())
        {
            return Err(ClaimError::Held { name, owner: owner.clone(), until: *until });
        }
        // The epochs of all ranges come from one counter. A claim of a part fences an owner of all slices.
        self.epoch += 1;
        let epoch = self.epoch;
        if let Some(all) = self.stored(SliceRange::ALL) {
            all.epoch = epoch;
        }
        let rebuild_to = if claim.slices.is_all() { self.rebuild_to.take() } else { None };
        let at = self.checkpoints.iter().position(|stored| stored.slices() == claim.slices);
        let at = at.unwrap_or_else(|| {
            self.checkpoints.push(StoredCheckpoint::begun(claim, rebuild_to));
            self.checkpoints.len() - 1
        });
        let stored = &mut self.checkpoints[at];
        stored.epoch = epoch;
        claim.fingerprint.clone_into(&mut stored.fingerprint);
        stored.updated_at = now();
        stored.log = stored.log.or(claim.log.map(|log| *log.as_uuid()));
        stored.lease = claim.lease.as_ref().map(|lease| (lease.owner.to_string(), now() + lease.time));
        Ok(stored.of(claim.name))
    }

    /// Renews the lease of the owner with `epoch`: it ends after `time` from now. [`Duration::ZERO`] releases it. Returns
    /// whether an owner has this epoch.
    #[must_use = "the lease is lost if this is false"]
    pub fn renew(&mut self, epoch: u64, time: Duration) -> bool {
        let mut owned = self.checkpoints.iter_mut().filter(|stored| stored.epoch == epoch).peekable();
        let is_owned = owned.peek().is_some();
        owned.for_each(|stored| stored.renew(Some(time)));
        is_owned
    }

    /// Moves a checkpoint, with everything that the update contains.
    ///
    /// # Errors
    /// [`CommitError::Fenced`] if the checkpoint has another position or owner.
    pub fn update(&mut self, update: &CheckpointUpdate) -> Result<(), CommitError> {
        let is_owner = |found: &&mut StoredCheckpoint| (found.position, found.epoch) == (update.from, update.epoch);
        let Some(stored) = self.stored(update.slices).filter(is_owner) else {
            let (step, found) = (Box::new(update.clone()), self.checkpoint(&update.name, update.slices).map(Box::new));
            return Err(CommitError::Fenced { step, found });
        };
        (stored.position, stored.updated_at) = (update.to, now());
        stored.mark = update.mark.map(|mark| (mark.position, mark.event_id)).or(stored.mark);
        stored.rebuild_to = stored.rebuild_to.filter(|target| *target > update.to);
        if let Some(state) = &update.snapshot {
            stored.snapshot = Some((update.to, stored.fingerprint.clone(), state.clone()));
        }
        stored.renew(update.lease.filter(|time| !time.is_zero()));
        let mut letters = self.letters();
        update.letters.iter().for_each(|change| letters.change(change));
        self.letters = letters.iter().cloned().collect();
        Ok(())
    }

    /// Removes the checkpoint of all slices, its dead letters and its snapshot.
    ///
    /// # Errors
    /// [`CommitError::NotOwned`] if the request names another owner.
    pub fn clear(&mut self, reset: &CheckpointReset) -> Result<(), CommitError> {
        let epoch = self.stored(SliceRange::ALL).map(|stored| stored.epoch);
        if reset.owner.is_some() && epoch != reset.owner {
            return Err(CommitError::NotOwned { clear: Box::new(reset.clone()) });
        }
        self.checkpoints.retain(|stored| !stored.slices().is_all());
        self.epoch += 1;
        self.rebuild_to = reset.rebuild_to;
        self.letters.clear();
        Ok(())
    }

    /// Removes the letters that were dismissed before `before`, and returns their number.
    pub fn forget_dismissed(&mut self, before: DateTime<Utc>) -> u64 {
        let mut letters = self.letters();
        let forgotten = letters.forget_dismissed(before);
        self.letters = letters.iter().cloned().collect();
        forgotten
    }

    /// Returns the snapshot that was stored with the checkpoint of all slices.
    #[must_use]
    pub fn snapshot(&self) -> Option<ProjectionSnapshot> {
        let stored = self.checkpoints.iter().find(|stored| stored.slices().is_all())?;
        let (position, fingerprint, state) = stored.snapshot.clone()?;
        Some(ProjectionSnapshot::new(position, fingerprint, state))
    }

    /// Returns the dead letters.
    #[must_use]
    pub fn letters(&self) -> Letters {
        self.letters.iter().cloned().collect()
    }
}
