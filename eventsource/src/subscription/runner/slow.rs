//! Reports a store, or a handler in a transaction, that does not answer: while a lock in the database blocks a
//! subscription, its state must not be `live`.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::Context;
use crate::projection::CheckpointStore;
use crate::subscription::subscription_shared::SubscriptionShared;

/// How long a call may take before the state reports it. Longer than a healthy store needs for a page or a commit, and
/// much shorter than the default limits of health.
const SLOW: Duration = Duration::from_secs(2);

/// Reports calls that take long.
pub(super) struct SlowWatch {
    core: Arc<SubscriptionShared>,
}

impl<C: CheckpointStore> Context<C> {
    pub(super) fn watch(&self) -> SlowWatch {
        SlowWatch { core: Arc::clone(&self.core) }
    }
}

impl SlowWatch {
    /// Runs `work`. If it takes longer than [`SLOW`], the state is waiting for `what` until the end of `work`, and then
    /// the same as before.
    pub(super) async fn tell<T>(&self, what: impl FnOnce() -> String, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        if let Ok(done) = timeout(SLOW, work.as_mut()).await {
            return done;
        }
        let reason: Arc<str> =
            format!("{} for more than {SLOW:?}: find what blocks the database, such as a lock", what()).into();
        tracing::warn!(subscription = self.core.name, %reason, "waiting");
        let before = self.core.wait_for_store(reason);
        let done = work.await;
        self.core.progress.restore(before);
        done
    }
}
