//! Ownership of a checkpoint: claims and leases.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::CheckpointError;
use super::operations::Pause;
use crate::event::{Position, SliceRange};
use crate::store::LogId;

/// A request to become the owner of a checkpoint: see [`CheckpointStore::claim`](super::CheckpointStore::claim).
///
/// ```
/// use std::time::Duration;
///
/// use eventsource::Position;
/// use eventsource::projection::{Claim, Lease};
/// use eventsource::store::LogId;
///
/// let claim = Claim::new("orders", "orders v1: OrderPlaced", Position::START)
///     .in_log(LogId::from_uuid(uuid::Uuid::now_v7()))
///     .unless_changed()
///     .under(Lease::new("host-1 4711", Duration::from_secs(4)));
/// assert!(claim.unless_changed && claim.lease.is_some());
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Claim<'a> {
    /// The name of the subscription.
    pub name: &'a str,
    /// The slices of the checkpoint: [`SliceRange::ALL`], unless the subscription is partitioned.
    pub slices: SliceRange,
    /// The fingerprint of the projection, which replaces the stored one.
    pub fingerprint: &'a str,
    /// The position of the new checkpoint, if there is none yet.
    pub start: Position,
    /// The log in which the position counts.
    pub log: Option<LogId>,
    /// The lease that the caller asks for. `None` takes the checkpoint from any owner, also from one that holds a
    /// lease.
    pub lease: Option<Lease>,
    /// Whether the claim fails if the stored fingerprint is another one.
    pub unless_changed: bool,
    /// The owner of the live generation: see [`live_owned_by`](Self::live_owned_by).
    pub live_owner: Option<&'a str>,
    /// Who holds the next generation: see [`held`](Self::held).
    pub hold: Option<&'a Pause>,
}

/// A lease on a checkpoint. While the owner renews it, a claim of another owner that asks for a lease fails.
///
/// A lease only avoids useless work. The epoch is what keeps two owners apart ([exactly
/// once](crate::guarantees#exactly-once)).
///
/// ```
/// use std::time::Duration;
///
/// use eventsource::projection::Lease;
///
/// let lease = Lease::new("host-1 4711", Duration::from_secs(4));
/// assert_eq!(&*lease.owner, "host-1 4711");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lease {
    /// The name of the owner, as a status shows it. A claim by the same owner renews the lease.
    pub owner: Arc<str>,
    /// How long it lasts after each renewal, by the clock of the store.
    pub time: Duration,
}

impl<'a> Claim<'a> {
    /// Claims the checkpoint that `name` has for all slices, for the projection with this fingerprint, and takes it from
    /// any owner. If there is no checkpoint, it is created at `start`.
    #[must_use]
    pub const fn new(name: &'a str, fingerprint: &'a str, start: Position) -> Self {
        Self {
            name,
            slices: SliceRange::ALL,
            fingerprint,
            start,
            log: None,
            lease: None,
            unless_changed: false,
            live_owner: None,
            hold: None,
        }
    }

    /// Claims the checkpoint of these slices. Each range of a subscription has a checkpoint of its own. A claim of a part
    /// fences an owner of all slices, and fails if it overlaps another part ([`ClaimError::Overlaps`]).
    #[must_use]
    pub const fn slices(mut self, slices: SliceRange) -> Self {
        self.slices = slices;
        self
    }

    /// Sets the log that the subscription reads.
    #[must_use]
    pub const fn in_log(mut self, log: LogId) -> Self {
        self.log = Some(log);
        self
    }

    /// Claims the checkpoint only if it has the same fingerprint or does not exist. Another process may have replaced
    /// the projection since the caller looked.
    #[must_use]
    pub const fn unless_changed(mut self) -> Self {
        self.unless_changed = true;
        self
    }

    /// Claims the checkpoint of a next generation only if no other process than `owner` has a lease on the live one. The
    /// caller may have stood still, and may have been replaced, since it began the rebuild. Only
    /// [`Generations::claim_next`](super::Generations::claim_next) reads it.
    #[must_use]
    pub const fn live_owned_by(mut self, owner: &'a str) -> Self {
        self.live_owner = Some(owner);
        self
    }

    /// Creates the checkpoint of a next generation with this [hold](super::Generations#holds). It changes nothing if the
    /// claim continues a next generation. Only [`Generations::claim_next`](super::Generations::claim_next) reads it.
    #[must_use]
    pub const fn held(mut self, hold: &'a Pause) -> Self {
        self.hold = Some(hold);
        self
    }

    /// Returns whether the claim fails for a checkpoint with the fingerprint `found`
    /// ([`unless_changed`](Self::unless_changed)). Used by stores.
    ///
    /// # Examples
    /// ```
    /// use eventsource::Position;
    /// use eventsource::projection::Claim;
    ///
    /// let claim = Claim::new("orders", "orders v2", Position::START);
    /// assert!(!claim.refuses("orders v1"));
    /// assert!(claim.unless_changed().refuses("orders v1"));
    /// ```
    #[must_use]
    pub fn refuses(&self, found: &str) -> bool {
        self.unless_changed && found != self.fingerprint
    }

    /// Asks for a lease. The claim then fails while another owner holds one.
    #[must_use]
    pub fn under(mut self, lease: Lease) -> Self {
        self.lease = Some(lease);
        self
    }
}

impl Lease {
    /// Creates a lease of `owner` that lasts `time`.
    #[must_use]
    pub fn new(owner: impl Into<Arc<str>>, time: Duration) -> Self {
        Self { owner: owner.into(), time }
    }
}

/// The reason why a checkpoint was not claimed.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// use std::time::Duration;
///
/// use eventsource::Position;
/// use eventsource::memory::MemoryCheckpoints;
/// use eventsource::projection::{CheckpointStore, Claim, ClaimError, Lease};
///
/// let checkpoints = MemoryCheckpoints::new();
/// let lease = |owner| Lease::new(owner, Duration::from_secs(4));
/// let claim = |owner| Claim::new("orders", "orders v1", Position::START).under(lease(owner));
/// checkpoints.claim(&claim("host-1")).await.unwrap();
/// let refused = checkpoints.claim(&claim("host-2")).await.unwrap_err();
/// assert!(matches!(refused, ClaimError::Held { owner, .. } if owner == "host-1"));
/// # });
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimError {
    /// Another owner holds a lease. Nothing was changed: claim again after it ends.
    #[error("the checkpoint of `{name}` is leased by `{owner}` until {until}, or longer if the lease is renewed")]
    Held {
        /// The name of the subscription.
        name: String,
        /// The owner.
        owner: String,
        /// When the lease ends if it is not renewed, by the clock of the store.
        until: DateTime<Utc>,
    },
    /// The stored fingerprint is another one, and the claim is [`unless_changed`](Claim::unless_changed). Nothing was
    /// changed: load the checkpoint and decide again.
    #[error("the checkpoint of `{name}` belongs to another projection or version, `{found}`")]
    Changed {
        /// The name of the subscription.
        name: String,
        /// The stored fingerprint.
        found: String,
    },
    /// The subscription has a checkpoint for some of the slices, but not for the same ones: two owners would apply the same
    /// events. Nothing was changed: claim the stored range, or give the subscription another name.
    #[error(
        "the checkpoint of `{name}` for the slices {slices} overlaps the stored one for {found}: claim {found}, or give \
         the subscription another name"
    )]
    Overlaps {
        /// The name of the subscription.
        name: String,
        /// The slices of the claim.
        slices: SliceRange,
        /// The slices of the stored checkpoint.
        found: SliceRange,
    },
    /// The checkpoint store failed.
    #[error(transparent)]
    Store(#[from] CheckpointError),
}
