//! A request of an operator, as it is stored.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A request that is stored, for the owner of the subscription.
///
/// ```
/// use std::time::Duration;
///
/// use eventsource::event::now;
/// use eventsource::projection::operations::NewRequest;
///
/// let request = NewRequest::new("orders", "pause", "ada", now() + Duration::from_secs(30)).arguments(r#"{"reason":"upgrade"}"#);
/// assert_eq!((&*request.subscription, &*request.action), ("orders", "pause"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NewRequest {
    /// The id. A later request has a larger id.
    pub id: Uuid,
    /// The name of the subscription.
    pub subscription: String,
    /// The name of the action.
    pub action: String,
    /// The arguments of the action, as JSON.
    pub arguments: String,
    /// The operator.
    pub by: String,
    /// The time of the request.
    pub at: DateTime<Utc>,
    /// The time after which no owner begins it any more.
    pub expires_at: DateTime<Utc>,
}

impl NewRequest {
    /// Creates a request of the operator `by`, made now. Its arguments are `{}`.
    #[must_use]
    pub fn new(
        subscription: impl Into<String>,
        action: impl Into<String>,
        by: impl Into<String>,
        expires_at: DateTime<Utc>,
    ) -> Self {
        Self {
            id: Uuid::now_v7(),
            subscription: subscription.into(),
            action: action.into(),
            arguments: "{}".to_owned(),
            by: by.into(),
            at: crate::event::now(),
            expires_at,
        }
    }

    /// Sets the arguments of the action, as JSON.
    #[must_use]
    pub fn arguments(mut self, json: impl Into<String>) -> Self {
        self.arguments = json.into();
        self
    }
}
