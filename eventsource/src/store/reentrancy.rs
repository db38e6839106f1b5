//! Marks the task of a handler with the lock of its unit of work, so that the task does not wait for itself.

use std::future::Future;
use std::sync::Arc;

tokio::task_local! {
    static HELD: Vec<ReentrancyMark>;
}

/// A lock that a unit of work holds while it is open.
///
/// A handler that waits for the lock of its own batch would never continue. So the runner marks the task of a handler
/// with the lock ([`scope`](Self::scope)), and a store checks for the mark before it waits ([`any`](Self::any)). Tasks
/// that a handler spawns are not marked. Only authors of stores and units of work need this type.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use eventsource::store::ReentrancyMark;
///
/// let lock = ReentrancyMark::new("orders.db", 1);
/// assert_eq!((lock.resource(), lock.through()), ("orders.db", 1));
///
/// let is_held = || ReentrancyMark::any(|held| held.resource() == "orders.db");
/// assert!(lock.scope(async { is_held() }).await);
/// assert!(!is_held());
/// # });
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ReentrancyMark {
    resource: Arc<str>,
    through: u64,
}

impl ReentrancyMark {
    /// Creates the mark of a lock on `resource`, such as a database file, held by a connection of the pool `through`.
    #[must_use]
    pub fn new(resource: impl Into<Arc<str>>, through: u64) -> Self {
        Self { resource: resource.into(), through }
    }

    /// Returns the name of the locked resource.
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// Returns the number of the connection pool that holds the lock.
    #[must_use]
    pub const fn through(&self) -> u64 {
        self.through
    }

    /// Runs `work` with this mark, in addition to the marks of the current task.
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        let mut all = HELD.try_with(Clone::clone).unwrap_or_default();
        all.push(self);
        HELD.scope(all, work).await
    }

    /// Returns whether the current task runs inside a unit of work that holds a lock for which `is` returns true.
    pub fn any(is: impl Fn(&Self) -> bool) -> bool {
        HELD.try_with(|all| all.iter().any(is)).unwrap_or(false)
    }
}
