//! A read of one page for several readers.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::SharedLog;
use super::window::Segment;
use crate::event::{EventFilter, Position};
use crate::store::{PageLimit, StoreError};

/// A read of one page for several readers, in a task of its own. The task is aborted when no reader waits any more.
pub(super) struct InFlightRead {
    pub(super) from: Position,
    pub(super) filter: Arc<EventFilter>,
    shared: Arc<Shared>,
    task: OnceLock<JoinHandle<()>>,
}

/// The part that the task and its readers share.
#[derive(Default)]
struct Shared {
    /// Whether the store was asked. Set under the lock of the log's state.
    begun: AtomicBool,
    landed: OnceLock<ReadOutcome>,
    /// Wakes the readers in the order in which they began to wait, so that a run can be repeated.
    arrival: Notify,
}

/// How a read ended.
#[derive(Clone)]
pub(super) enum ReadOutcome {
    Page(Arc<Segment>),
    /// Every waiting reader gets the same error.
    Failed(Arc<StoreError>),
    /// The task panicked, or its runtime was shut down.
    Lost,
}

impl InFlightRead {
    /// Creates a read of the events after `from` that match `filter`. It is begun by [`begin`](Self::begin).
    pub(super) fn new(from: Position, filter: Arc<EventFilter>) -> Self {
        Self { from, filter, shared: Arc::default(), task: OnceLock::new() }
    }

    /// Begins to read up to `limit`. The caller must not hold the lock of the log's state.
    pub(super) fn begin(&self, log: &Arc<SharedLog>, number: u64, limit: PageLimit) {
        let landing = ReadTask { log: Arc::clone(log), number, shared: Arc::clone(&self.shared) };
        self.task.get_or_init(|| tokio::spawn(landing.read(self.from, Arc::clone(&self.filter), limit)));
    }

    pub(super) fn has_begun(&self) -> bool {
        self.shared.begun.load(Ordering::Relaxed)
    }

    /// Waits for the end of the read.
    pub(super) async fn landed(&self) -> ReadOutcome {
        let mut arrival = pin!(self.shared.arrival.notified());
        arrival.as_mut().enable();
        if let Some(landed) = self.shared.landed.get() {
            return landed.clone();
        }
        arrival.await;
        self.shared.landed.get().cloned().unwrap_or(ReadOutcome::Lost)
    }
}

impl Drop for InFlightRead {
    fn drop(&mut self) {
        if let Some(task) = self.task.get() {
            task.abort();
        }
    }
}

/// Reports the outcome of a read, also if its task is dropped.
struct ReadTask {
    log: Arc<SharedLog>,
    number: u64,
    shared: Arc<Shared>,
}

impl ReadTask {
    async fn read(self, from: Position, filter: Arc<EventFilter>, limit: PageLimit) {
        {
            let _state = self.log.state();
            self.shared.begun.store(true, Ordering::Relaxed);
        }
        let landed = match self.log.store.read_log(from, &filter, limit).await {
            Ok(page) => ReadOutcome::Page(self.log.land(from, page, filter)),
            Err(error) => ReadOutcome::Failed(Arc::new(error)),
        };
        let _ = self.shared.landed.set(landed);
    }
}

impl Drop for ReadTask {
    fn drop(&mut self) {
        // Later readers find the page in the window, or read again.
        self.log.end(self.number);
        self.shared.landed.get_or_init(|| ReadOutcome::Lost);
        self.shared.arrival.notify_waiters();
    }
}
