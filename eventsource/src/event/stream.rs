//! The id of a stream.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Name;

/// The id of a stream. A stream contains the events of one aggregate, which is one business object, such as one order.
/// The id consists of the type of the aggregate (`Order`) and a UUID.
///
/// If your system identifies the object by a text, such as `invoice-2026-17`, derive the UUID from it: always the same
/// one for the same text, with a [UUID of version 5](https://docs.rs/uuid/latest/uuid/struct.Uuid.html#method.new_v5).
///
/// ```
/// use eventsource::StreamId;
/// use uuid::Uuid;
///
/// let stream = StreamId::new("Order", Uuid::nil());
/// assert_eq!((stream.aggregate_type(), stream.aggregate_id()), ("Order", Uuid::nil()));
/// assert_eq!(stream.to_string(), "Order/00000000-0000-0000-0000-000000000000");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StreamId {
    aggregate_type: Name,
    aggregate_id: Uuid,
}

impl StreamId {
    /// Creates the id of the stream of the aggregate `aggregate_id` of the type `aggregate_type`.
    ///
    /// An append refuses a type of more than [`MAX_NAME`](super::MAX_NAME) bytes, or with the character NUL.
    ///
    /// # Examples
    /// ```
    /// use eventsource::StreamId;
    /// use uuid::Uuid;
    ///
    /// let order = StreamId::new("Order", Uuid::now_v7());
    /// assert_eq!(order.aggregate_type(), "Order");
    /// ```
    #[must_use]
    pub fn new(aggregate_type: impl Into<Name>, aggregate_id: Uuid) -> Self {
        Self { aggregate_type: aggregate_type.into(), aggregate_id }
    }

    /// Returns the type of the aggregate, such as `Order`.
    #[must_use]
    pub fn aggregate_type(&self) -> &str {
        &self.aggregate_type
    }

    /// Returns the id of the aggregate.
    #[must_use]
    pub const fn aggregate_id(&self) -> Uuid {
        self.aggregate_id
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.aggregate_type, self.aggregate_id)
    }
}
