//! The stored state of a subscription as one value.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::operations::Pause;
use super::owner::renamed;
use super::stored_checkpoint::StoredCheckpoint;
use super::{
    Checkpoint, CheckpointReset, CheckpointUpdate, Claim, ClaimError, CommitError, Letters, ProjectionSnapshot,
};
use crate::event::{Position, SliceRange};

/// The stored state of a subscription as one value, for checkpoint stores that keep a subscription under one key: its
/// checkpoints, leases, dead letters and snapshots. After a reset, only the epoch stays.
///
/// A store loads the value, calls the method that has the name of its own, and stores the value again if the method
/// succeeds, all in one transaction. The store passes its current time in: leases end by its clock.
///
/// ```
/// use eventsource::Position;
/// use eventsource::event::now;
/// use eventsource::projection::{CheckpointUpdate, Claim, StoredSubscription};
///
/// let mut stored = StoredSubscription::default();
/// let claimed = stored.claim(&Claim::new("orders", "orders v1", Position::START), now()).unwrap();
/// let update = CheckpointUpdate::new("orders", claimed.epoch, Position::START, Position::new(7));
/// stored.update(&update, now()).unwrap();
///
/// // Another owner has claimed the checkpoint since: this one is fenced.
/// stored.claim(&Claim::new("orders", "orders v1", Position::START), now()).unwrap();
/// let update = CheckpointUpdate::new("orders", claimed.epoch, Position::new(7), Position::new(8));
/// assert!(stored.update(&update, now()).is_err());
/// ```
///
/// # The stored form
/// Store the value with serde, in a format that names its fields, such as JSON. A later version reads what this version
/// has written: fields keep their names, and a new field is optional. To read a value that no version writes is an error
/// that says what is wrong, such as a range that has no slices, two checkpoints for one slice, or an epoch after the last one.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct StoredSubscription {
    /// The last epoch that a claim of any slices got.
    epoch: u64,
    /// The target of the rebuild that the next claim of all slices begins.
    rebuild_to: Option<Position>,
    letters: Letters,
    /// The pause that an operator wants. It stays when the checkpoints are cleared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pause: Option<Pause>,
    /// Ordered by their slices.
    checkpoints: Vec<StoredCheckpoint>,
}

impl StoredSubscription {
    fn index(&self, slices: SliceRange) -> Result<usize, usize> {
        self.checkpoints.binary_search_by_key(&slices, |stored| stored.checkpoint.slices)
    }

    fn stored(&self, slices: SliceRange) -> Option<&StoredCheckpoint> {
        self.index(slices).ok().and_then(|at| self.checkpoints.get(at))
    }

    fn stored_mut(&mut self, slices: SliceRange) -> Option<&mut StoredCheckpoint> {
        self.index(slices).ok().and_then(|at| self.checkpoints.get_mut(at))
    }

    /// Returns all checkpoints of the subscription, ordered by their slices.
    pub fn checkpoints(&self) -> impl Iterator<Item = &Checkpoint> {
        self.checkpoints.iter().map(|stored| &stored.checkpoint)
    }

    /// Returns the checkpoint that the subscription has for `slices`.
    #[must_use]
    pub fn checkpoint(&self, slices: SliceRange) -> Option<&Checkpoint> {
        Some(&self.stored(slices)?.checkpoint)
    }

    /// Claims a checkpoint at the time `now`, and creates it if there is none.
    ///
    /// # Errors
    /// [`ClaimError::Held`], [`ClaimError::Changed`] and [`ClaimError::Overlaps`]: see
    /// [`CheckpointStore::claim`](super::CheckpointStore::claim).
    pub fn claim(&mut self, claim: &Claim<'_>, now: DateTime<Utc>) -> Result<Checkpoint, ClaimError> {
        let slices = claim.slices;
        if let Some(found) = self.checkpoints().map(|other| other.slices).find(|other| exclude(*other, slices)) {
            return Err(ClaimError::Overlaps { name: claim.name.to_owned(), slices, found });
        }
        let at = self.index(claim.slices);
        if let Some(found) = at.ok().and_then(|at| self.checkpoints.get(at)) {
            found.check(claim, now)?;
        }
        // The epochs of all ranges come from one counter. A claim of a part fences an owner of all slices.
        self.epoch += 1;
        let epoch = self.epoch;
        if let Some(all) = self.stored_mut(SliceRange::ALL) {
            all.checkpoint.epoch = epoch;
        }
        let rebuild_to = if claim.slices.is_all() { self.rebuild_to.take() } else { None };
        let before = at.ok().map(|at| self.checkpoints.remove(at));
        let mut claimed = StoredCheckpoint::claimed(before, claim, epoch, rebuild_to, now);
        claimed.checkpoint.pause.clone_from(&self.pause);
        let checkpoint = claimed.checkpoint.clone();
        self.checkpoints.insert(at.unwrap_or_else(|at| at), claimed);
        Ok(checkpoint)
    }

    /// Renews the lease of the owner with `epoch`: it ends after `time` from `now`. [`Duration::ZERO`] releases it.
    /// Returns whether an owner has this epoch.
    #[must_use = "the lease is lost if this is false"]
    pub fn renew(&mut self, epoch: u64, time: Duration, now: DateTime<Utc>) -> bool {
        let mut owned = self.checkpoints.iter_mut().filter(|stored| stored.checkpoint.epoch == epoch).peekable();
        let is_owned = owned.peek().is_some();
        owned.for_each(|stored| stored.renew(time, now));
        is_owned
    }

    /// Moves a checkpoint at the time `now`, with everything that the update contains.
    ///
    /// # Errors
    /// [`CommitError::Fenced`] if the checkpoint has another position or owner.
    pub fn update(&mut self, update: &CheckpointUpdate, now: DateTime<Utc>) -> Result<(), CommitError> {
        if !self.stored_mut(update.slices).is_some_and(|stored| stored.advance(update, now)) {
            let found = self.checkpoint(update.slices).cloned().map(Box::new);
            return Err(CommitError::Fenced { step: Box::new(update.clone()), found });
        }
        update.letters.iter().for_each(|change| self.letters.change(change));
        Ok(())
    }

    /// Removes the checkpoint of all slices, its dead letters and its snapshot.
    ///
    /// # Errors
    /// [`CommitError::NotOwned`] if the request names another owner.
    pub fn clear(&mut self, reset: &CheckpointReset) -> Result<(), CommitError> {
        let at = self.index(SliceRange::ALL).ok();
        let epoch = self.checkpoint(SliceRange::ALL).map(|checkpoint| checkpoint.epoch);
        if reset.owner.is_some() && epoch != reset.owner {
            return Err(CommitError::NotOwned { clear: Box::new(reset.clone()) });
        }
        if let Some(at) = at {
            self.checkpoints.remove(at);
        }
        self.epoch += 1;
        self.rebuild_to = reset.rebuild_to;
        self.letters = Letters::default();
        Ok(())
    }

    /// Sets the pause that an operator wants, or removes it. Returns the one before.
    pub fn set_pause(&mut self, pause: Option<Pause>) -> Option<Pause> {
        for stored in &mut self.checkpoints {
            stored.checkpoint.pause.clone_from(&pause);
        }
        std::mem::replace(&mut self.pause, pause)
    }

    /// Returns the pause that an operator wants.
    #[must_use]
    pub const fn pause(&self) -> Option<&Pause> {
        self.pause.as_ref()
    }

    /// Removes the letters that were dismissed before `before`, and returns their number.
    pub fn forget_dismissed(&mut self, before: DateTime<Utc>) -> u64 {
        self.letters.forget_dismissed(before)
    }

    /// Returns the snapshot that was stored with the checkpoint of all slices.
    #[must_use]
    pub fn snapshot(&self) -> Option<&ProjectionSnapshot> {
        self.stored(SliceRange::ALL)?.snapshot.as_ref()
    }

    /// Returns the dead letters.
    #[must_use]
    pub const fn letters(&self) -> &Letters {
        &self.letters
    }

    /// Returns whether it has a checkpoint of all slices, or the next claim creates one that is being rebuilt.
    pub(crate) fn is_in_use(&self) -> bool {
        self.checkpoint(SliceRange::ALL).is_some() || self.rebuild_to.is_some()
    }

    /// Returns an owner whose lease has not ended.
    pub(crate) fn owner(&self, now: DateTime<Utc>) -> Option<&str> {
        self.checkpoints.iter().find_map(|stored| stored.owner(now))
    }

    /// Moves everything to `name`, in place of `replaced`, and leaves the epoch. `from` and `to` are the names of the
    /// projection in the fingerprints.
    pub(crate) fn hand_over(&mut self, name: &str, replaced: Option<&Self>, from: &str, to: &str) -> Self {
        // Both names continue with an epoch that no owner has had.
        let epoch = self.epoch.max(replaced.map_or(0, |replaced| replaced.epoch)) + 1;
        let mut moved = std::mem::replace(self, Self { epoch, ..Self::default() });
        for stored in &mut moved.checkpoints {
            let StoredCheckpoint { checkpoint, snapshot } = stored;
            checkpoint.fingerprint = renamed(&checkpoint.fingerprint, from, to);
            name.clone_into(&mut checkpoint.name);
            if checkpoint.slices.is_all() {
                checkpoint.epoch = epoch;
            }
            if let Some(snapshot) = snapshot {
                snapshot.fingerprint = renamed(&snapshot.fingerprint, from, to);
            }
            checkpoint.lease = None;
        }
        moved.letters.rename(name);
        moved.epoch = epoch;
        moved
    }
}

/// Returns whether no subscription has checkpoints of both ranges. A checkpoint of all slices may stand next to parts.
fn exclude(one: SliceRange, other: SliceRange) -> bool {
    one != other && !one.is_all() && !other.is_all() && one.overlaps(other)
}

/// The stored value before it is checked.
#[derive(Deserialize)]
struct Unchecked {
    epoch: u64,
    rebuild_to: Option<Position>,
    letters: Letters,
    #[serde(default)]
    pause: Option<Pause>,
    checkpoints: Vec<StoredCheckpoint>,
}

impl TryFrom<Unchecked> for StoredSubscription {
    type Error = NotASubscription;

    fn try_from(unchecked: Unchecked) -> Result<Self, NotASubscription> {
        let Unchecked { epoch, rebuild_to, letters, pause, mut checkpoints } = unchecked;
        checkpoints.sort_by_key(|stored| stored.checkpoint.slices);
        let ranges: Vec<_> = checkpoints.iter().map(|stored| stored.checkpoint.slices).collect();
        for (n, &one) in ranges.iter().enumerate() {
            if let Some(&other) = ranges[n + 1..].iter().find(|other| one == **other || exclude(one, **other)) {
                return Err(NotASubscription::Overlap { name: checkpoints[n].checkpoint.name.clone(), one, other });
            }
        }
        if let Some(ahead) = checkpoints.iter().map(|stored| &stored.checkpoint).find(|it| it.epoch > epoch) {
            return Err(NotASubscription::Epoch { name: ahead.name.clone(), found: ahead.epoch, last: epoch });
        }
        Ok(Self { epoch, rebuild_to, letters, pause, checkpoints })
    }
}

/// The reason why a stored value is not a subscription.
#[derive(Debug, thiserror::Error)]
enum NotASubscription {
    #[error("the subscription `{name}` has two checkpoints of the same slices: {one} and {other}")]
    Overlap { name: String, one: SliceRange, other: SliceRange },
    #[error("a checkpoint of the subscription `{name}` has the epoch {found}, after the last one, {last}")]
    Epoch { name: String, found: u64, last: u64 },
}

#[cfg(test)]
mod tests;
