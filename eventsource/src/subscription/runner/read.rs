//! Reading the log, one page ahead.

use std::sync::Arc;

use tokio::task::JoinHandle;

use super::{End, Runner};
use crate::event::Position;
use crate::projection::CheckpointStore;
use crate::store::{LogPage, StoreError};

/// A page that is being read while the one before it is applied.
pub(super) struct Prefetched {
    after: Position,
    task: JoinHandle<Result<LogPage, StoreError>>,
}

impl Drop for Prefetched {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl<C: CheckpointStore> Runner<C> {
    /// Begins to read the page after `after`.
    pub(super) fn prefetch(&mut self, after: Position) {
        let core = Arc::clone(&self.core);
        let task = tokio::spawn(async move { core.store.read_log(after, &core.filter, core.config.batch_size).await });
        self.prefetched = Some(Prefetched { after, task });
    }

    /// The page after the runner's position.
    pub(super) async fn next_page(&mut self) -> Result<LogPage, End> {
        let prefetched = self.prefetched.take().filter(|page| page.after == self.position);
        // A page that could not be read ahead is read again, in the loop that waits an outage out.
        if let Some(mut prefetched) = prefetched
            && let Ok(Ok(page)) = self.or_stop(&mut prefetched.task).await?
        {
            return Ok(page);
        }
        let (core, after) = (Arc::clone(&self.core), self.position);
        self.ask(|| core.store.read_log(after, &core.filter, core.config.batch_size)).await
    }

    /// The head of the log.
    pub(super) async fn head(&mut self) -> Result<Position, End> {
        let store = Arc::clone(&self.core.store);
        self.ask(|| store.head()).await
    }
}
