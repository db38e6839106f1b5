//! A handler that would wait for itself.

/// A handler asked its own subscription, or the manager, for something that waits until the handler has returned. It
/// would never end, so it fails at once.
///
/// ```
/// use eventsource::subscription::{InsideHandler, ManagerError};
///
/// fn describe(error: &ManagerError) -> String {
///     match error {
///         ManagerError::InsideHandler(InsideHandler { action, .. }) => format!("a handler cannot {action}"),
///         other => other.to_string(),
///     }
/// }
/// # let _ = describe;
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a handler of `{subscription}` asked the manager to {action}, which waits for the handler itself: ask from outside, or \
     from a task of its own"
)]
#[non_exhaustive]
pub struct InsideHandler {
    /// The name of the subscription.
    pub subscription: String,
    /// What the handler asked for.
    pub action: &'static str,
}

impl InsideHandler {
    pub(in crate::subscription) const fn new(subscription: String, action: &'static str) -> Self {
        Self { subscription, action }
    }
}
