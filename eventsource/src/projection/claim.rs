//! Who owns a checkpoint: claims, and leases on them.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::CheckpointError;
use crate::event::Position;
use crate::store::LogId;

/// A request to become the owner of a checkpoint.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Claim<'a> {
    /// The name of the subscription.
    pub name: &'a str,
    /// The fingerprint of the projection that claims it, which replaces the one before.
    pub fingerprint: &'a str,
    /// Where the checkpoint is made, where there is none.
    pub start: Position,
    /// The log in which the position counts.
    pub log: Option<LogId>,
    /// Under which lease it is to be owned; `None` takes it over from whoever has it.
    pub lease: Option<Lease>,
    /// Whether a checkpoint of another fingerprint is left alone.
    pub unless_changed: bool,
}

/// A lease on a checkpoint: as long as its owner keeps renewing it, nobody else who asks for a lease gets the checkpoint.
///
/// It only spares work that would be in vain: what keeps two owners apart is the epoch ([exactly once](crate::guarantees#exactly-once)).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lease {
    /// Who asks, in words that a status can show. The same owner renews its lease by asking again.
    pub owner: Arc<str>,
    /// For how long, by the clock of the store.
    pub time: Duration,
}

impl<'a> Claim<'a> {
    /// A claim of the checkpoint `name` for a projection of this fingerprint, which takes it over from whoever has it.
    #[must_use]
    pub const fn new(name: &'a str, fingerprint: &'a str, start: Position) -> Self {
        Self { name, fingerprint, start, log: None, lease: None, unless_changed: false }
    }

    /// The same, for a subscription that reads this log.
    #[must_use]
    pub const fn in_log(mut self, log: LogId) -> Self {
        self.log = Some(log);
        self
    }

    /// The same, but only where the checkpoint has this fingerprint, or is not there: another process may have replaced
    /// the projection since the caller looked.
    #[must_use]
    pub const fn unless_changed(mut self) -> Self {
        self.unless_changed = true;
        self
    }

    /// Whether a checkpoint of the fingerprint `found` is left alone.
    pub(crate) fn spares(&self, found: &str) -> bool {
        self.unless_changed && found != self.fingerprint
    }

    /// The same, but only where nobody else holds a lease.
    #[must_use]
    pub fn under(mut self, lease: Lease) -> Self {
        self.lease = Some(lease);
        self
    }
}

impl Lease {
    /// A lease of `owner` for `time`.
    #[must_use]
    pub fn new(owner: impl Into<Arc<str>>, time: Duration) -> Self {
        Self { owner: owner.into(), time }
    }
}

/// Why a checkpoint was not claimed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimError {
    /// Somebody else holds a lease on it. Nothing was changed.
    #[error("the checkpoint of `{name}` belongs to {owner} until {until}, and longer if that is renewed")]
    Held {
        /// The name of the subscription.
        name: String,
        /// Who has it.
        owner: String,
        /// Until when, at least, by the clock of the store.
        until: DateTime<Utc>,
    },
    /// It is another projection's by now, and the claim spares it ([`Claim::unless_changed`]). Nothing was changed.
    #[error("the checkpoint of `{name}` is that of the projection `{found}` by now")]
    Changed {
        /// The name of the subscription.
        name: String,
        /// The fingerprint that is stored.
        found: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] CheckpointError),
}

/// Why a row was not claimed.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
#[derive(Debug)]
pub(crate) enum NotClaimed {
    Held { owner: String, until: DateTime<Utc> },
    Changed { found: String },
}

#[cfg(any(feature = "postgres", feature = "sqlite"))]
impl NotClaimed {
    /// The error of the checkpoint `name`.
    pub(crate) fn of(self, name: &str) -> ClaimError {
        let name = name.to_owned();
        match self {
            Self::Held { owner, until } => ClaimError::Held { name, owner, until },
            Self::Changed { found } => ClaimError::Changed { name, found },
        }
    }
}
