//! The errors of checkpoint stores.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

/// The error of a [`CheckpointStore`](super::CheckpointStore). The cause is its [`source`](Error::source).
///
/// ```
/// use eventsource::projection::CheckpointError;
///
/// let action = "load the checkpoint of `orders`".into();
/// let error = CheckpointError::Refused { action, reason: "read only".into() };
/// assert_eq!(error.to_string(), "the checkpoint store refuses to load the checkpoint of `orders`: read only");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The store could not do it. A retry may help; the source says why it failed.
    #[error("the checkpoint store could not {action}")]
    Failed {
        /// What was asked, such as ``load the checkpoint of `orders` ``.
        action: String,
        /// The cause.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The store refuses to do it. A retry does not help.
    #[error("the checkpoint store refuses to {action}: {reason}")]
    Refused {
        /// What was asked.
        action: String,
        /// Why, in the words of the database, and what helps.
        reason: Arc<str>,
    },
    /// The store did not answer in time. Ask again later; look for a session that locks the tables, or for a server that
    /// hangs.
    #[error("the checkpoint store could not {action}: it did not answer within {waited:?}")]
    Unanswered {
        /// What was asked.
        action: String,
        /// How long the answer was waited for.
        waited: Duration,
    },
    /// A stored value cannot be read: another program changed the store, or it is damaged.
    #[error("the checkpoint store holds a value that cannot be read: {what}")]
    Corrupt {
        /// Which value, and where.
        what: String,
    },
}
