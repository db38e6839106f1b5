//! What a manager reports about a subscription.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What a manager reports about one of its subscriptions, so that other processes see it.
///
/// The values are texts where a newer program may have new ones: an older tool can show them.
///
/// ```
/// use eventsource::projection::operations::SubscriptionReport;
///
/// let mut report = SubscriptionReport::new("orders", "live");
/// report.handled = 7;
/// assert_eq!((&*report.subscription, &*report.state), ("orders", "live"));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SubscriptionReport {
    /// The name of the subscription.
    pub subscription: String,
    /// The [kind](crate::projection::ProjectionKind) of its projection, such as `transactional`.
    pub kind: String,
    /// What is [guaranteed](crate::projection::Guarantee) for it, such as `exactly once`.
    pub guarantee: String,
    /// The [name of its state](crate::SubscriptionState::name), such as `catching up`.
    pub state: String,
    /// The reason of the state, if it has one.
    pub reason: Option<String>,
    /// Its last failure, if there was one since the start.
    pub failure: Option<String>,
    /// The number of events that it has handled since the manager was started.
    pub handled: u64,
    /// The number of events that it handles in a second, lately.
    pub rate: f64,
    /// The fingerprint of its projection, in the program of the manager.
    pub fingerprint: String,
    /// The types of the events that it handles. `None`: all types.
    #[serde(default)]
    pub handles: Option<Vec<String>>,
}

impl SubscriptionReport {
    /// Creates a report about `subscription` in the state of this name. The other values are empty.
    #[must_use]
    pub fn new(subscription: impl Into<String>, state: impl Into<String>) -> Self {
        Self {
            subscription: subscription.into(),
            kind: String::new(),
            guarantee: String::new(),
            state: state.into(),
            reason: None,
            failure: None,
            handled: 0,
            rate: 0.0,
            fingerprint: String::new(),
            handles: None,
        }
    }
}

/// A report as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StoredReport {
    /// The manager that reported it: the name under which it owns checkpoints.
    pub manager: String,
    /// The report.
    pub report: SubscriptionReport,
    /// The time at which it was reported.
    pub at: DateTime<Utc>,
}

impl StoredReport {
    /// Creates a report that `manager` stored at the time `at`. Used by stores.
    #[must_use]
    pub fn new(manager: impl Into<String>, report: SubscriptionReport, at: DateTime<Utc>) -> Self {
        Self { manager: manager.into(), report, at }
    }
}
