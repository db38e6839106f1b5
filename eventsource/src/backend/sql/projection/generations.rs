//! What the next generations of read models share in every database.

use super::claim::NotClaimed;
use crate::projection::{Checkpoint, Switch, Switched};

/// The result of a claim of a next generation.
pub(in crate::backend) enum Claimed {
    /// It continues.
    GoesOn(Checkpoint),
    /// It begins. `replaces` says whether tables of an earlier next generation exist.
    Begins { checkpoint: Checkpoint, replaces: bool },
    /// It was not claimed.
    Not(NotClaimed),
}

/// Returns why the next generation may not replace the live one; `None` if it may.
pub(in crate::backend) fn refused(
    switch: &Switch,
    next: Option<&Checkpoint>,
    live: Option<Checkpoint>,
) -> Option<Switched> {
    if next.is_none_or(|next| (next.epoch, next.position) != (switch.epoch, switch.position)) {
        return Some(Switched::Fenced);
    }
    let live = live?;
    if switch.replaces.as_ref().is_some_and(|replaces| *replaces != live.fingerprint) {
        return Some(Switched::Changed { found: live.fingerprint });
    }
    (live.position > switch.position && !switch.from_lost_log).then_some(Switched::Behind(live.position))
}
