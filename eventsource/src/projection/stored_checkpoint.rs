//! A checkpoint as a value, with its snapshot.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Checkpoint, CheckpointUpdate, Claim, ClaimError, Leased, ProjectionSnapshot};
use crate::event::Position;

/// The checkpoint of a range of slices, with what is stored with it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "Form", into = "Form")]
pub(super) struct StoredCheckpoint {
    pub(super) checkpoint: Checkpoint,
    pub(super) snapshot: Option<ProjectionSnapshot>,
}

/// The stored form: the lease is next to the checkpoint.
#[derive(Serialize, Deserialize)]
struct Form {
    checkpoint: Checkpoint,
    snapshot: Option<ProjectionSnapshot>,
    lease: Option<Leased>,
}

impl From<Form> for StoredCheckpoint {
    fn from(Form { checkpoint, snapshot, lease }: Form) -> Self {
        Self { checkpoint: checkpoint.leased(lease), snapshot }
    }
}

impl From<StoredCheckpoint> for Form {
    fn from(StoredCheckpoint { mut checkpoint, snapshot }: StoredCheckpoint) -> Self {
        let lease = checkpoint.lease.take();
        Self { checkpoint, snapshot, lease }
    }
}

impl StoredCheckpoint {
    /// Returns what `claim` makes of the checkpoint `before`. A new checkpoint is rebuilt up to `rebuild_to`.
    pub(super) fn claimed(
        before: Option<Self>,
        claim: &Claim<'_>,
        epoch: u64,
        rebuild_to: Option<Position>,
        now: DateTime<Utc>,
    ) -> Self {
        let checkpoint = before.as_ref().map(|before| &before.checkpoint);
        let checkpoint = Checkpoint::claimed(checkpoint, claim, epoch, rebuild_to, now);
        let lease = claim.lease.as_ref().map(|lease| Leased::new(&*lease.owner, end(now, lease.time)));
        Self { checkpoint: checkpoint.leased(lease), snapshot: before.and_then(|before| before.snapshot) }
    }

    /// Returns why the claim fails.
    pub(super) fn check(&self, claim: &Claim<'_>, now: DateTime<Utc>) -> Result<(), ClaimError> {
        let found = &self.checkpoint.fingerprint;
        if claim.refuses(found) {
            return Err(ClaimError::Changed { name: claim.name.to_owned(), found: found.clone() });
        }
        let holder =
            self.holder(now).filter(|holder| claim.lease.as_ref().is_some_and(|it| *it.owner != *holder.owner));
        let Some(Leased { owner, until }) = holder else { return Ok(()) };
        Err(ClaimError::Held { name: claim.name.to_owned(), owner: owner.clone(), until: *until })
    }

    /// Returns the lease, if it has not ended.
    fn holder(&self, now: DateTime<Utc>) -> Option<&Leased> {
        self.checkpoint.lease.as_ref().filter(|lease| lease.until > now)
    }

    /// Returns the owner of the lease, if it has not ended.
    pub(super) fn owner(&self, now: DateTime<Utc>) -> Option<&str> {
        Some(&self.holder(now)?.owner)
    }

    /// Moves the checkpoint, if it has the position and the epoch of `update`. Returns whether it has. The letters of the
    /// update belong to the subscription.
    pub(super) fn advance(&mut self, update: &CheckpointUpdate, now: DateTime<Utc>) -> bool {
        if (self.checkpoint.position, self.checkpoint.epoch) != (update.from, update.epoch) {
            return false;
        }
        self.checkpoint.advance(update, now);
        if let Some(state) = &update.snapshot {
            let fingerprint = self.checkpoint.fingerprint.clone();
            self.snapshot = Some(ProjectionSnapshot::new(update.to, fingerprint, state.clone()));
        }
        if let Some(time) = update.lease.filter(|time| !time.is_zero()) {
            self.renew(time, now);
        }
        true
    }

    /// Sets the end of the lease, if there is one: `time` from now. [`Duration::ZERO`] releases it.
    pub(super) fn renew(&mut self, time: Duration, now: DateTime<Utc>) {
        if time.is_zero() {
            self.checkpoint.lease = None;
        } else if let Some(lease) = &mut self.checkpoint.lease {
            lease.until = end(now, time);
        }
    }
}

/// Returns the time `time` after `now`, or the last one that exists.
fn end(now: DateTime<Utc>, time: Duration) -> DateTime<Utc> {
    let end = TimeDelta::from_std(time).ok().and_then(|time| now.checked_add_signed(time));
    end.unwrap_or(DateTime::<Utc>::MAX_UTC)
}
