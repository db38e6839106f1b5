//! A read of one page for several readers.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared, WeakShared};
use tokio::task::JoinHandle;

use super::SharedLog;
use super::window::{Freshness, Segment};
use crate::event::{EventFilter, Position};
use crate::store::{PageLimit, StoreError};

/// A read of one page, held by each reader that waits for it. Its first poll spawns a task, so that readers that ask
/// before that task runs share a fresh read. The task is aborted when no reader holds the read any more.
pub(super) type SharedRead = Shared<BoxFuture<'static, ReadOutcome>>;

/// How a read ended.
#[derive(Clone)]
pub(super) enum ReadOutcome {
    Page(Arc<Segment>),
    /// Every waiting reader gets the same error.
    Failed(Arc<StoreError>),
    /// The read panicked, or its runtime was shut down.
    Lost,
}

/// A read as the log lists it, which keeps no read from being cancelled. Under the lock of the log's state, no read is
/// polled and no hold of one is dropped: both take that lock.
pub(super) struct InFlightRead {
    pub(super) number: u64,
    pub(super) from: Position,
    pub(super) filter: Arc<EventFilter>,
    /// What the read is to a reader that asks now: stale once the store was asked.
    pub(super) freshness: Freshness,
    pub(super) read: WeakShared<BoxFuture<'static, ReadOutcome>>,
}

/// Removes a read from the list when it ends, panics or is cancelled.
struct Listed {
    log: Arc<SharedLog>,
    number: u64,
}

impl Drop for Listed {
    fn drop(&mut self) {
        // Later readers find the page in the window, or read again.
        self.log.state().end(self.number);
    }
}

/// Creates the read `number` of up to `limit` events after `from` that match `filter`.
pub(super) fn shared_read(
    log: Arc<SharedLog>,
    number: u64,
    from: Position,
    filter: Arc<EventFilter>,
    limit: PageLimit,
) -> SharedRead {
    let listed = Listed { log, number };
    let read = async move {
        let log = &listed.log;
        log.state().begin(number);
        match log.store.read_log(from, &filter, limit).await {
            Ok(page) => ReadOutcome::Page(log.land(from, page, filter)),
            Err(error) => ReadOutcome::Failed(Arc::new(error)),
        }
    };
    // A task that panics ends alone: its readers get no outcome.
    async move { Task(tokio::spawn(read)).await.unwrap_or(ReadOutcome::Lost) }.boxed().shared()
}

/// Begins `read`, if it is not begun.
pub(super) fn begin(read: &SharedRead) {
    let _ = read.clone().now_or_never();
}

/// Work that has been polled once. It goes on in a task while no caller polls it.
pub(super) enum WorkAhead<T> {
    Done(T),
    Running(Task<T>),
}

impl<T: Send + 'static> WorkAhead<T> {
    /// Polls `work` once, and spawns a task for the rest: a spawned task alone would not run before the present task
    /// waits.
    pub(super) fn begin(work: impl Future<Output = T> + Send + 'static) -> Self {
        let mut work = work.boxed();
        match (&mut work).now_or_never() {
            Some(output) => Self::Done(output),
            None => Self::Running(Task(tokio::spawn(work))),
        }
    }
}

/// A task that is aborted when this is dropped. Its output is `None` if it panicked or its runtime was shut down.
pub(super) struct Task<T>(JoinHandle<T>);

impl<T> Future for Task<T> {
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        Pin::new(&mut self.0).poll(context).map(Result::ok)
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
