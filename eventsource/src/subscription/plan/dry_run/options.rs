//! The options of a dry run.

use std::fmt;
use std::sync::Arc;

use crate::subscription::plan::TrialProgress;

/// What is called after each page of the log.
type Tell = dyn Fn(&TrialProgress<'_>) + Send + Sync;

/// What a dry run applies. See [`SubscriptionManager::dry_run`](crate::SubscriptionManager::dry_run) for an example.
#[derive(Clone)]
pub struct DryRun {
    /// The number of events; `None` for all.
    pub(super) last: Option<u64>,
    pub(super) progress: Option<Arc<Tell>>,
}

impl DryRun {
    /// Applies the whole log.
    #[must_use]
    pub const fn all() -> Self {
        Self { last: None, progress: None }
    }

    /// Applies the last `events` of the log. A handler that needs what an earlier event has written can fail there and
    /// not in production: [`FailedEvent::needs_earlier`](crate::subscription::plan::FailedEvent::needs_earlier) says so.
    #[must_use]
    pub const fn last(events: u64) -> Self {
        Self { last: Some(events), progress: None }
    }

    /// Calls `tell` after each page of the log.
    #[must_use]
    pub fn on_progress(self, tell: impl Fn(&TrialProgress<'_>) + Send + Sync + 'static) -> Self {
        Self { progress: Some(Arc::new(tell)), ..self }
    }

    pub(super) fn tell(&self, progress: &TrialProgress<'_>) {
        if let Some(tell) = &self.progress {
            tell(progress);
        }
    }
}

impl Default for DryRun {
    /// The last 10,000 events.
    fn default() -> Self {
        Self::last(10_000)
    }
}

impl fmt::Debug for DryRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DryRun").field("last", &self.last).finish_non_exhaustive()
    }
}
