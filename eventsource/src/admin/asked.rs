//! Who asks for an action.

use std::time::Duration;

use crate::event::now;
use crate::projection::operations::NewRequest;
use crate::subscription::Action;

/// Who asks for an action, and for how long the request is valid.
///
/// ```
/// use std::time::Duration;
///
/// use eventsource::admin::Asked;
///
/// let asked = Asked::by("ada").within(Duration::from_secs(5));
/// assert_eq!((&*asked.by, asked.within.as_secs()), ("ada", 5));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Asked {
    /// The operator, for the record.
    pub by: String,
    /// The time after which no process begins the request: 30 seconds by default.
    pub within: Duration,
}

impl Asked {
    /// Names the operator.
    #[must_use]
    pub fn by(operator: impl Into<String>) -> Self {
        Self { by: operator.into(), within: Duration::from_secs(30) }
    }

    /// Sets the time after which no process begins the request.
    #[must_use]
    pub const fn within(mut self, time: Duration) -> Self {
        self.within = time;
        self
    }

    /// Returns the request for `action`.
    pub(super) fn request(&self, subscription: &str, action: &Action) -> NewRequest {
        let within = chrono::TimeDelta::from_std(self.within).unwrap_or(chrono::TimeDelta::days(1));
        action.request(subscription, &self.by, now() + within)
    }
}
