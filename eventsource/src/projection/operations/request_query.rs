//! Which requests are listed.

use uuid::Uuid;

/// Selects stored requests, the latest first.
///
/// ```
/// use eventsource::projection::operations::RequestQuery;
///
/// let query = RequestQuery::latest(50).of("orders");
/// assert_eq!((query.subscription.as_deref(), query.limit), (Some("orders"), 50));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestQuery {
    /// Only the requests about this subscription.
    pub subscription: Option<String>,
    /// Only the requests for this action. Stores look at it together with a subscription only.
    pub action: Option<String>,
    /// Only the requests before this one: the last of the page before.
    pub before: Option<Uuid>,
    /// At most this many.
    pub limit: usize,
}

impl RequestQuery {
    /// Selects the latest requests, at most `limit`.
    #[must_use]
    pub const fn latest(limit: usize) -> Self {
        Self { subscription: None, action: None, before: None, limit }
    }

    /// Selects only the requests about this subscription.
    #[must_use]
    pub fn of(mut self, subscription: impl Into<String>) -> Self {
        self.subscription = Some(subscription.into());
        self
    }

    /// Selects only the requests about this subscription for this [action](crate::subscription::Action::name).
    ///
    /// ```
    /// use eventsource::projection::operations::RequestQuery;
    ///
    /// assert_eq!(RequestQuery::latest(50).for_action("orders", "skip").action.as_deref(), Some("skip"));
    /// ```
    #[must_use]
    pub fn for_action(mut self, subscription: impl Into<String>, action: impl Into<String>) -> Self {
        self.subscription = Some(subscription.into());
        self.action = Some(action.into());
        self
    }

    /// Selects only the requests before `id`: the next page, after one that ended with it.
    #[must_use]
    pub const fn before(mut self, id: Uuid) -> Self {
        self.before = Some(id);
        self
    }
}
