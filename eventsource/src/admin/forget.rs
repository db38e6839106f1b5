//! Removes the checkpoint of a subscription that no process has any more.
//!
//! The checkpoint is claimed first, as an owner does: a process that starts meanwhile stands by, and is not fenced by
//! accident. Each step can be repeated, and the checkpoint is removed last but one, so a removal that was interrupted is
//! asked for again.

use std::time::Duration;

use super::AdminError;
use super::stored::Stored;
use super::view::SubscriptionView;
use crate::projection::generation::next_checkpoint;
use crate::projection::{CheckpointReset, CheckpointStore, Claim, ClaimError, CommitError, Lease, UnitOfWork as _};
use crate::text::short_name;

/// The lease of the removal.
const LEASE: Duration = Duration::from_secs(10);

/// What came out of a removal.
pub(super) enum Forgotten {
    Done(String),
    Refused(String),
}

impl<C: CheckpointStore> Stored<C> {
    pub(super) async fn forget(&self, view: &SubscriptionView, by: &str) -> Result<Forgotten, AdminError> {
        let name = &view.name;
        if let Some(refused) = refused(view, &forgetter(by)) {
            return Ok(Forgotten::Refused(refused));
        }
        for key in [next_checkpoint(name), name.clone()] {
            if let Some(refused) = self.remove(&key, by).await? {
                return Ok(Forgotten::Refused(refused));
            }
        }
        self.operations()?.forget_reports_of(name).await?;
        let done =
            "the checkpoint is removed; the tables of the read model stay: drop them before the name is used again";
        Ok(Forgotten::Done(done.to_owned()))
    }

    /// Removes the checkpoint with this key, its dead letters and its snapshot. Returns why not, if another process owns
    /// it.
    async fn remove(&self, key: &str, by: &str) -> Result<Option<String>, AdminError> {
        let Some(stored) = self.checkpoints.load(key).await? else { return Ok(None) };
        let claim = Claim::new(key, &stored.fingerprint, stored.position).under(Lease::new(forgetter(by), LEASE));
        let claimed = match self.checkpoints.claim(&claim).await {
            Ok(claimed) => claimed,
            Err(ClaimError::Store(error)) => return Err(error.into()),
            Err(refused) => return Ok(Some(refused.to_string())),
        };
        if let Some(owners) = self.checkpoints.owners() {
            owners.disown_all_but(key, &[]).await?;
        }
        self.operations()?.resume(key).await?;
        let clear = CheckpointReset::new(key).owned_since(claimed.epoch);
        match self.checkpoints.detached().clear(&clear).await {
            Ok(()) => Ok(None),
            Err(CommitError::Failed(error)) => Err(error.into()),
            Err(refused) => Ok(Some(refused.to_string())),
        }
    }
}

/// The name under which an operator owns the checkpoint during the removal.
fn forgetter(by: &str) -> String {
    format!("{by}, who forgets it")
}

/// Returns why the checkpoint is not removed. An operator whose removal was interrupted, `forgetter`, goes on with it.
fn refused(view: &SubscriptionView, forgetter: &str) -> Option<String> {
    if let Some(owner) = view.owner.as_ref().filter(|owner| !owner.is_expired && owner.manager != forgetter) {
        return Some(format!("`{}` owns it: end that process first", short_name(&owner.manager)));
    }
    let has_it = view.managers.iter().find(|manager| !manager.is_silent && manager.state != "stopped")?;
    Some(format!("`{}` has it, and is {}: end that process first", short_name(&has_it.manager), has_it.state))
}
