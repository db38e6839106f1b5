//! The mark of a task that runs inside a unit of work, so that it does not wait for itself.

use std::future::Future;
use std::sync::Arc;

tokio::task_local! {
    static HELD: HeldLock;
}

/// A lock that a unit of work holds while it is open, known by a name such as the path of the database file.
///
/// A handler that waits for the lock that its own batch holds would wait for ever. So the runner marks a handler's
/// task with the lock ([`HeldLock::scope`]), and whoever is about to wait for it asks first ([`HeldLock::is_held_here`]).
/// Tasks that a handler spawns are not marked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HeldLock(Arc<str>);

impl HeldLock {
    /// The lock of this name.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self(name.into())
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }

    /// Runs `work` marked as holding this lock.
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        HELD.scope(self, work).await
    }

    /// Whether the code that asks runs inside a unit of work that holds this lock.
    #[must_use]
    pub fn is_held_here(&self) -> bool {
        HELD.try_with(|held| held == self).unwrap_or(false)
    }
}
