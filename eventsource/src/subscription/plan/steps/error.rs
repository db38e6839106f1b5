//! What steps fail with.

use std::time::Duration;

use crate::subscription::plan::PlanError;

/// The reason why there are no steps. Nothing was changed.
///
/// ```
/// use eventsource::subscription::plan::StepError;
///
/// let error = StepError::TooFar { after: 20_000, most: 10_000 };
/// assert!(error.to_string().contains("at most 10000"));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StepError {
    /// The manager has no subscription with this name.
    #[error("there is no subscription `{subscription}` in this process; there are: {}", .known.join(", "))]
    Unknown {
        /// The name that was asked for.
        subscription: String,
        /// The names of the manager's subscriptions.
        known: Vec<String>,
    },
    /// Its handlers cannot be called without a change.
    #[error("`{subscription}` cannot be stepped through: {reason}")]
    NotTried {
        /// The name of the subscription.
        subscription: String,
        /// Why, and what to do.
        reason: String,
    },
    /// The steps need too many events before them.
    #[error(
        "steps after version {after} need all events before them, and at most {most} are applied: look at earlier versions"
    )]
    TooFar {
        /// The version after which the steps were to begin.
        after: u64,
        /// The largest number.
        most: u64,
    },
    /// The events before the first step were not applied in time.
    #[error(
        "{applied} of the {after} events before the first step were applied in {} s: look at earlier versions",
        .within.as_secs()
    )]
    TooSlow {
        /// How many events were applied.
        applied: u64,
        /// The version after which the steps were to begin.
        after: u64,
        /// The time.
        within: Duration,
    },
    /// The database does not answer. Repeat it.
    #[error(transparent)]
    Database(PlanError),
}

impl<E: Into<PlanError>> From<E> for StepError {
    fn from(error: E) -> Self {
        Self::Database(error.into())
    }
}
