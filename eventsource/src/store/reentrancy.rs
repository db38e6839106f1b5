//! The mark of a task that runs inside a unit of work, so that it does not wait for itself.

use std::future::Future;
use std::sync::Arc;

tokio::task_local! {
    static HELD: Vec<ReentrancyMark>;
}

/// A lock that a unit of work holds while it is open.
///
/// A handler that waits for the lock that its own batch holds would wait for ever. So the runner marks a handler's
/// task with the lock ([`ReentrancyMark::scope`]), and whoever is about to wait for it asks first ([`ReentrancyMark::any`]).
/// Tasks that a handler spawns are not marked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ReentrancyMark {
    resource: Arc<str>,
    through: u64,
}

impl ReentrancyMark {
    /// The lock on `resource`, such as a database file, held through the pool of connections `through`.
    #[must_use]
    pub fn new(resource: impl Into<Arc<str>>, through: u64) -> Self {
        Self { resource: resource.into(), through }
    }

    /// What is locked.
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// Through which pool of connections it is locked.
    #[must_use]
    pub const fn through(&self) -> u64 {
        self.through
    }

    /// Runs `work` marked as holding this lock.
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        let mut all = HELD.try_with(Clone::clone).unwrap_or_default();
        all.push(self);
        HELD.scope(all, work).await
    }

    /// Whether the code that asks runs inside a unit of work that holds a lock for which `is` is true.
    pub fn any(is: impl Fn(&Self) -> bool) -> bool {
        HELD.try_with(|all| all.iter().any(is)).unwrap_or(false)
    }
}
