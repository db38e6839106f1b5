//! The errors of this crate that become the cause of a handler error: what a projection lacks, whether a retry helps,
//! and what the database refused.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// A projection without a truncate hook was reset.
///
/// ```
/// use eventsource::HandlerError;
/// use eventsource::projection::NoTruncateHook;
///
/// fn lacks_a_hook(error: &HandlerError) -> bool {
///     error.is_caused_by::<NoTruncateHook>()
/// }
/// ```
#[derive(Debug, thiserror::Error)]
#[error(
    "the projection has no truncate hook: give it a method marked `#[truncate]`, or implement `EventSubscriber::truncate`"
)]
#[non_exhaustive]
pub struct NoTruncateHook;

/// A durable memory projection has no snapshot.
///
/// ```
/// use eventsource::HandlerError;
/// use eventsource::projection::NoSnapshot;
///
/// fn lacks_a_snapshot(error: &HandlerError) -> bool {
///     error.is_caused_by::<NoSnapshot>()
/// }
/// ```
#[derive(Debug, thiserror::Error)]
#[error(
    "the projection says that its memory is durable, but has no state to store: write `#[projection(snapshot)]`, or \
     implement `Subscriber::snapshot` and `Subscriber::restore`"
)]
#[non_exhaustive]
pub struct NoSnapshot;

/// Marks an error as permanent: it stands at the end of the error's causes.
///
/// ```
/// use eventsource::projection::{ErrorClass, Permanent};
/// use eventsource::{HandlerError, ReadModelError};
///
/// let error = HandlerError::from(ReadModelError::CursorOfAnotherQuery {
///     table: "orders",
///     cursor: "`orders` by id asc".into(),
///     query: "`orders` by total desc".into(),
/// });
/// assert!(error.is_caused_by::<Permanent>() && error.class() == ErrorClass::Permanent);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a retry does not help")]
#[non_exhaustive]
pub struct Permanent;

/// Marks an error that no event causes: it stands at the end of the error's causes. Something that the projection needs
/// is not set up, such as a missing table. The subscription stops at that event
/// ([`Faulted`](crate::SubscriptionState::Faulted)), whatever its [policy](crate::subscription::FailurePolicy) says:
/// dead letters would not help.
///
/// ```
/// use eventsource::projection::NotSetUp;
/// use eventsource::{HandlerError, ReadModelError};
///
/// let error = HandlerError::from(ReadModelError::NoTable { table: "orders" });
/// assert!(error.is_caused_by::<NotSetUp>());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no event causes this, so no dead letter is kept: set it up, then start the subscription again")]
#[non_exhaustive]
pub struct NotSetUp;

/// The database refused the changes of handlers at the end of the batch. An earlier event of the batch may have caused
/// it: the runner applies the events one by one to find it.
///
/// ```
/// use std::error::Error;
///
/// use eventsource::projection::ChangesRefused;
///
/// let refused = ChangesRefused::new(std::io::Error::other("a constraint is violated"));
/// assert_eq!(refused.source().unwrap().to_string(), "a constraint is violated");
/// ```
#[derive(Debug, Clone)]
pub struct ChangesRefused(Arc<dyn Error + Send + Sync>);

impl ChangesRefused {
    /// Creates the error with the cause `source`.
    pub fn new(source: impl Error + Send + Sync + 'static) -> Self {
        Self(Arc::new(source))
    }
}

impl fmt::Display for ChangesRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the changes of the batch could not be written")
    }
}

impl Error for ChangesRefused {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}
