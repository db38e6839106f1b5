//! What a verification fails with.

use crate::event::Position;
use crate::subscription::plan::PlanError;

/// The reason why a read model was not compared with its log. Nothing was changed.
///
/// ```
/// use eventsource::subscription::plan::VerifyError;
///
/// let error = VerifyError::Unknown { subscription: "smus".into(), known: vec!["sums".into()] };
/// assert_eq!(error.to_string(), "there is no subscription `smus`; there are: sums");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The manager has no subscription with this name.
    #[error("there is no subscription `{subscription}`; there are: {}", .known.join(", "))]
    Unknown {
        /// The name that was asked for.
        subscription: String,
        /// The names of the manager's subscriptions.
        known: Vec<String>,
    },
    /// Its read model cannot be compared.
    #[error("the read model of `{subscription}` cannot be compared with its log: {reason}")]
    Refused {
        /// The name of the subscription.
        subscription: String,
        /// Why, and what to do.
        reason: String,
    },
    /// The read model was rebuilt or reset, or its dead letters have changed, while it was compared. Repeat it.
    #[error("the read model of `{subscription}` was compared up to position {position} when {what}: repeat it")]
    Changed {
        /// The name of the subscription.
        subscription: String,
        /// The position up to which the log was applied.
        position: Position,
        /// What has changed.
        what: &'static str,
    },
    /// The database does not answer. Repeat it.
    #[error(transparent)]
    Database(PlanError),
}

impl<E: Into<PlanError>> From<E> for VerifyError {
    fn from(error: E) -> Self {
        Self::Database(error.into())
    }
}
