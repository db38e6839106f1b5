//! The lease of an owner, as it is stored.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The lease of the owner of a checkpoint, as it is stored. It may have ended: a standby takes over when it claims the
/// checkpoint the next time.
///
/// ```
/// use eventsource::event::now;
/// use eventsource::projection::Leased;
///
/// let lease = Leased::new("process 7 on web-1", now());
/// assert_eq!(lease.owner, "process 7 on web-1");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Leased {
    /// The owner, as it named itself.
    pub owner: String,
    /// The time at which the lease ends, by the clock of the store, unless the owner renews it.
    pub until: DateTime<Utc>,
}

impl Leased {
    /// Creates the lease of `owner`, which ends at `until`. For authors of checkpoint stores.
    #[must_use]
    pub fn new(owner: impl Into<String>, until: DateTime<Utc>) -> Self {
        Self { owner: owner.into(), until }
    }
}
