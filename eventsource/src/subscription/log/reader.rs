//! A reader of the shared log.

use std::sync::Arc;

use super::in_flight::{self, ReadOutcome, SharedRead, WorkAhead};
use super::window::{Freshness, Page};
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
    InFlight(SharedRead, Freshness),
    /// Read for this reader alone.
    Alone(WorkAhead<Result<LogPage, StoreError>>),
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

    /// Begins to read the page after `after`. The store has been asked when this returns.
    pub(in crate::subscription) async fn begin(&self, after: Position) -> PendingPage {
        PendingPage(match self.log.look(self.number, after) {
            Found::Page(page) => PageSource::Page(page),
            Found::InFlight(read, freshness) => {
                in_flight::begin(&read);
                if freshness == Freshness::Fresh {
                    tokio::task::yield_now().await;
                }
                PageSource::InFlight(read, freshness)
            }
            Found::Nothing => {
                let (store, filter, limit) = (Arc::clone(&self.log.store), Arc::clone(&self.filter), self.limit);
                PageSource::Alone(WorkAhead::begin(async move { store.read_log(after, &filter, limit).await }))
            }
        })
    }

    /// Waits for the page after `after`, which was begun as `coming`. Returns `None` if it must be read again.
    pub(in crate::subscription) async fn arrival(&self, after: Position, coming: PendingPage) -> Option<Page> {
        match coming.0 {
            PageSource::Page(page) => Some(page),
            PageSource::InFlight(read, freshness) => self.wait(after, read, freshness).await.ok().flatten(),
            PageSource::Alone(WorkAhead::Done(page)) => Some(self.alone(page.ok()?)),
            PageSource::Alone(WorkAhead::Running(task)) => Some(self.alone(task.await?.ok()?)),
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
        let page = match self.log.look(self.number, after) {
            Found::Page(page) => return Ok(page),
            Found::InFlight(read, freshness) => self.wait(after, read, freshness).await?,
            Found::Nothing => None,
        };
        if let Some(page) = page {
            return Ok(page);
        }
        Ok(self.alone(self.log.store.read_log(after, &self.filter, self.limit).await?))
    }

    /// Waits for `read`. If it began before the request and has no new event, waits for another one. Returns `None` if
    /// the reader must read for itself.
    async fn wait(
        &self,
        after: Position,
        mut read: SharedRead,
        mut freshness: Freshness,
    ) -> Result<Option<Page>, Arc<StoreError>> {
        in_flight::begin(&read);
        if self.log.leads(self.number, after) {
            // Let the readers behind catch up, while the window still has the pages for them.
            tokio::task::yield_now().await;
        }
        loop {
            let segment = match read.await {
                ReadOutcome::Page(segment) => segment,
                ReadOutcome::Failed(error) => return Err(error),
                ReadOutcome::Lost => return Ok(None),
            };
            if freshness == Freshness::Fresh || segment.horizon > after {
                let page = segment.page(after, &self.filter, self.limit, freshness);
                self.log.passed(self.number, page.horizon);
                return Ok(Some(page));
            }
            (read, freshness) = match self.log.look_for_fresh(self.number, after) {
                Found::InFlight(read, freshness) => (read, freshness),
                Found::Page(page) => return Ok(Some(page)),
                Found::Nothing => return Ok(None),
            };
        }
    }
}
