//! The state of a projection, for operators.

use serde_json::Value;

/// The state that a memory projection has. [`Subscriber::inspect`](super::Subscriber::inspect) returns it.
///
/// ```
/// use eventsource::projection::Inspected;
///
/// let state = Inspected::Json(serde_json::json!({ "orders": 7 }));
/// assert!(matches!(state, Inspected::Json(_)));
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Inspected {
    /// The state as JSON.
    Json(Value),
    /// The state as text, such as that of [`Debug`](std::fmt::Debug).
    Text(String),
}
