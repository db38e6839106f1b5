//! A reader of the shared log.

use std::future::{Future as _, poll_fn};
use std::sync::Arc;
use std::task::Poll;

use tokio::task::JoinHandle;

use super::in_flight::{InFlightRead, ReadOutcome};
use super::window::Page;
use super::{Found, SharedLog};
use crate::event::{EventFilter, Position};
use crate::store::{LogPage, PageLimit, StoreError};

/// What the other readers know of a reader.
#[derive(Clone)]
pub(super) struct ReaderState {
    pub(super) filter: Arc<EventFilter>,
    pub(super) limit: PageLimit,
    /// It has everything up to this position; `None` before its first request.
    pub(super) at: Option<Position>,
    /// Whether it is active: it reads, or will read soon.
    pub(super) reads: bool,
}

impl ReaderState {
    /// Whether it will reach a segment that ends at `horizon`. The window has everything from `first` to the segment.
    pub(super) fn needs(&self, (first, horizon): (Position, Position)) -> bool {
        self.at.is_none_or(|at| first <= at && at < horizon)
    }
}

/// A reader of the shared log.
pub(in crate::subscription) struct Reader {
    log: Arc<SharedLog>,
    number: u64,
    filter: Arc<EventFilter>,
    limit: PageLimit,
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut state = self.log.state();
        state.readers.remove(&self.number);
        let passed = state.prune();
        drop(state);
        drop(passed);
    }
}

/// A page that was asked for.
pub(in crate::subscription) struct PendingPage(PageSource);

enum PageSource {
    Page(Page),
    InFlightRead(Arc<InFlightRead>, bool),
    /// Read for this reader alone, and complete at once.
    Read(Result<LogPage, StoreError>),
    /// Read for this reader alone, in a task.
    Alone(Task),
}

/// A task that is aborted when this is dropped.
struct Task(JoinHandle<Result<LogPage, StoreError>>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl SharedLog {
    /// Creates a reader of the events that match `filter`, in pages up to `limit`.
    pub(in crate::subscription) fn reader(self: &Arc<Self>, filter: EventFilter, limit: PageLimit) -> Reader {
        let (log, filter) = (Arc::clone(self), Arc::new(filter));
        let mut state = self.state();
        state.number += 1;
        let number = state.number;
        let reader_state = ReaderState { filter: Arc::clone(&filter), limit, at: None, reads: true };
        state.readers.insert(number, reader_state);
        drop(state);
        Reader { log, number, filter, limit }
    }
}

impl Reader {
    /// Notes that it does not read for a while: no other reader reads for it, and the window keeps nothing for it.
    pub(in crate::subscription) fn suspend(&self) {
        let mut state = self.log.state();
        if let Some(reader_state) = state.readers.get_mut(&self.number) {
            reader_state.reads = false;
        }
        let passed = state.prune();
        drop(state);
        drop(passed);
    }

    /// Begins to read the page after `after`. The store has been asked when this returns: a spawned task alone would
    /// not run before the present task waits.
    pub(in crate::subscription) async fn begin(&self, after: Position) -> PendingPage {
        match self.log.look(self.number, after, false) {
            Found::Page(page) => PendingPage(PageSource::Page(page)),
            Found::InFlightRead(in_flight, fresh) => {
                if fresh {
                    tokio::task::yield_now().await;
                }
                PendingPage(PageSource::InFlightRead(in_flight, fresh))
            }
            Found::Nothing => {
                let (store, filter, limit) = (Arc::clone(&self.log.store), Arc::clone(&self.filter), self.limit);
                let mut read = Box::pin(async move { store.read_log(after, &filter, limit).await });
                match poll_fn(|context| Poll::Ready(read.as_mut().poll(context))).await {
                    Poll::Ready(read) => PendingPage(PageSource::Read(read)),
                    Poll::Pending => PendingPage(PageSource::Alone(Task(tokio::spawn(read)))),
                }
            }
        }
    }

    /// Waits for the page after `after`, which was begun as `coming`. Returns `None` if it must be read again.
    pub(in crate::subscription) async fn arrival(&self, after: Position, coming: PendingPage) -> Option<Page> {
        match coming.0 {
            PageSource::Page(page) => Some(page),
            PageSource::InFlightRead(in_flight, fresh) => self.wait(after, in_flight, fresh).await.ok().flatten(),
            PageSource::Read(read) => Some(self.alone(read.ok()?)),
            PageSource::Alone(mut task) => Some(self.alone((&mut task.0).await.ok()?.ok()?)),
        }
    }

    /// Notes a page that was read for this reader alone.
    fn alone(&self, page: LogPage) -> Page {
        let page = Page::alone(page);
        self.log.heads.see(page.horizon);
        self.log.passed(self.number, page.horizon);
        page
    }

    /// Reads the page after `after`. Readers that share a read get the same error.
    pub(in crate::subscription) async fn read(&self, after: Position) -> Result<Page, Arc<StoreError>> {
        let page = match self.log.look(self.number, after, false) {
            Found::Page(page) => return Ok(page),
            Found::InFlightRead(in_flight, fresh) => self.wait(after, in_flight, fresh).await?,
            Found::Nothing => None,
        };
        if let Some(page) = page {
            return Ok(page);
        }
        Ok(self.alone(self.log.store.read_log(after, &self.filter, self.limit).await?))
    }

    /// Waits for `in_flight`. If that read began before the request and has no new event, waits for another one.
    /// Returns `None` if the reader must read for itself.
    async fn wait(
        &self,
        after: Position,
        in_flight: Arc<InFlightRead>,
        fresh: bool,
    ) -> Result<Option<Page>, Arc<StoreError>> {
        let (mut in_flight, mut fresh) = (in_flight, fresh);
        if self.log.leads(self.number, after) {
            // Let the readers behind catch up, while the window still has the pages for them.
            tokio::task::yield_now().await;
        }
        loop {
            let segment = match in_flight.landed().await {
                ReadOutcome::Page(segment) => segment,
                ReadOutcome::Failed(error) => return Err(error),
                ReadOutcome::Lost => return Ok(None),
            };
            if fresh || segment.horizon > after {
                let page = segment.page(after, &self.filter, self.limit, fresh);
                self.log.passed(self.number, page.horizon);
                return Ok(Some(page));
            }
            match self.log.look(self.number, after, true) {
                Found::InFlightRead(other, is_fresh) => (in_flight, fresh) = (other, is_fresh),
                Found::Page(page) => return Ok(Some(page)),
                Found::Nothing => return Ok(None),
            }
        }
    }
}
