//! A pause that an operator wants.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A pause of a subscription, as an operator wants it. It is stored next to the checkpoint: the owner of the checkpoint
/// obeys it, also after a restart and a takeover, until it is [removed](super::Operations::resume).
///
/// ```
/// use eventsource::event::now;
/// use eventsource::projection::operations::Pause;
///
/// let pause = Pause::new("ada", "the mail server is down", now());
/// assert_eq!(pause.reason, "the mail server is down");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Pause {
    /// The operator.
    pub by: String,
    /// The reason, as the operator gave it.
    pub reason: String,
    /// The time at which the operator asked for it.
    pub at: DateTime<Utc>,
}

impl Pause {
    /// Creates a pause that the operator `by` asked for at the time `at`.
    #[must_use]
    pub fn new(by: impl Into<String>, reason: impl Into<String>, at: DateTime<Utc>) -> Self {
        Self { by: by.into(), reason: reason.into(), at }
    }
}
