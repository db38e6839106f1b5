//! Who reads the log, and how it is given what it asks for.

use std::future::{Future as _, poll_fn};
use std::sync::Arc;
use std::task::Poll;

use tokio::task::JoinHandle;

use super::in_flight::{InFlightRead, ReadOutcome};
use super::window::Page;
use super::{Found, SharedLog};
use crate::event::{EventFilter, Position};
use crate::store::{LogPage, PageLimit, StoreError};

/// Where a reader stands, as the others are told.
#[derive(Clone)]
pub(super) struct ReaderState {
    pub(super) filter: Arc<EventFilter>,
    pub(super) limit: PageLimit,
    /// Everything up to here was given to it; `None` before it has asked for anything.
    pub(super) at: Option<Position>,
    /// Whether it goes on reading, as far as is known.
    pub(super) reads: bool,
}

impl ReaderState {
    /// Whether it is going to come by a segment that ends at the second position, and to which everything from the first
    /// one on can be had.
    pub(super) fn needs(&self, (first, horizon): (Position, Position)) -> bool {
        self.at.is_none_or(|at| first <= at && at < horizon)
    }
}

/// The place of one reader.
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

/// A page that is on its way.
pub(in crate::subscription) struct PendingPage(PageSource);

enum PageSource {
    Page(Page),
    InFlightRead(Arc<InFlightRead>, bool),
    /// Read by nobody else, at once.
    Read(Result<LogPage, StoreError>),
    /// The same, in a task.
    Alone(Task),
}

/// A task that ends with whoever waits for it.
struct Task(JoinHandle<Result<LogPage, StoreError>>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl SharedLog {
    /// A place for a reader that asks for pages up to `limit` of the events that pass `filter`.
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
    /// It does not read for a while: nobody reads for it as well, and nothing is kept for it.
    pub(in crate::subscription) fn suspend(&self) {
        let mut state = self.log.state();
        if let Some(reader_state) = state.readers.get_mut(&self.number) {
            reader_state.reads = false;
        }
        let passed = state.prune();
        drop(state);
        drop(passed);
    }

    /// Begins to read the page after `after`, so that the store is at it when this returns: a task that was spawned would
    /// not be run before the one that has spawned it waits for something.
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

    /// The page after `after`, which is `coming`; `None` where it has to be asked for again.
    pub(in crate::subscription) async fn arrival(&self, after: Position, coming: PendingPage) -> Option<Page> {
        match coming.0 {
            PageSource::Page(page) => Some(page),
            PageSource::InFlightRead(in_flight, fresh) => self.wait(after, in_flight, fresh).await.ok().flatten(),
            PageSource::Read(read) => Some(self.alone(read.ok()?)),
            PageSource::Alone(mut task) => Some(self.alone((&mut task.0).await.ok()?.ok()?)),
        }
    }

    /// A page that nobody else has read.
    fn alone(&self, page: LogPage) -> Page {
        let page = Page::alone(page);
        self.log.heads.see(page.horizon);
        self.log.passed(self.number, page.horizon);
        page
    }

    /// The page after `after`.
    ///
    /// # Errors
    /// [`StoreError`] where the store fails: that of whoever has read it.
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

    /// What comes of `in_flight`, and of another one where that had begun before the page was asked for and has nothing new.
    /// `None` where it comes to nothing.
    async fn wait(
        &self,
        after: Position,
        in_flight: Arc<InFlightRead>,
        fresh: bool,
    ) -> Result<Option<Page>, Arc<StoreError>> {
        let (mut in_flight, mut fresh) = (in_flight, fresh);
        if self.log.leads(self.number, after) {
            // The others are let come up, so that they still find what it has passed.
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
