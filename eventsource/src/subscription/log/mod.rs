//! Reading the log once for all subscriptions of a manager that stand near each other in it.
//!
//! ```text
//! a reader asks -> what was read of late has it: it is given that
//!               -> the same is being read: it waits for that
//!               -> it stands alone: it reads for itself, through its own filter
//!               -> others stand nearby: it is read through the filters of all of them, and kept until they have passed
//! ```
//!
//! What lies before a horizon never changes ([no gaps](crate::guarantees#no-gaps)), so that it can be given to anybody at any time. That the log *ends*
//! at a horizon is another matter: only who asked before the log was read is told so, and everybody else looks again.
//! Who is woken by an append therefore never hears of a log that is older than the append.

mod in_flight;
mod reader;
mod window;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use self::in_flight::InFlightRead;
use self::reader::ReaderState;
pub(super) use self::reader::{PendingPage, Reader};
pub(super) use self::window::Page;
use self::window::{Segment, Window};
use super::heads::Heads;
use crate::event::{EventFilter, Position};
use crate::store::{EventStore, LogPage, PageLimit, StoreError};

/// Reads the log for all subscriptions of a manager.
pub(super) struct SharedLog {
    store: Arc<dyn EventStore>,
    state: Mutex<LogState>,
    heads: Heads,
}

#[derive(Default)]
struct LogState {
    /// Who reads, and where it stands; in a fixed order, so that a run can be repeated.
    readers: BTreeMap<u64, ReaderState>,
    /// Which reader or flight comes next.
    number: u64,
    window: Window,
    /// What is being read for several: as long as somebody waits for it.
    reads: Vec<(u64, Weak<InFlightRead>)>,
}

/// What comes of a request, before anything is waited for.
enum Found {
    /// It was read already.
    Page(Page),
    /// It is being read. Whether that begins after the request.
    InFlightRead(Arc<InFlightRead>, bool),
    /// Nobody else wants it.
    Nothing,
}

impl SharedLog {
    pub(super) fn new(store: Arc<dyn EventStore>) -> Self {
        Self { store, state: Mutex::default(), heads: Heads::default() }
    }

    /// Where the log ended, and when that was seen.
    pub(super) const fn heads(&self) -> &Heads {
        &self.heads
    }

    /// The head of the log.
    ///
    /// # Errors
    /// [`StoreError`] where the store fails.
    pub(super) async fn head(&self) -> Result<Position, StoreError> {
        let head = self.store.head().await?;
        self.heads.see(head);
        Ok(head)
    }

    fn state(&self) -> MutexGuard<'_, LogState> {
        // Nothing that is called under it panics half-way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks for the page after `after` for the reader `number`. One that is `anew` was given everything there was, and
    /// wants the log to be read after it asks.
    fn look(self: &Arc<Self>, number: u64, after: Position, anew: bool) -> Found {
        let mut state = self.state();
        let Some(mine) = state.stand(number, after) else { return Found::Nothing };
        if !anew && let Some(page) = state.window.page(after, &mine.filter, mine.limit) {
            let passed = state.pass(number, page.horizon);
            drop(state);
            drop(passed);
            return Found::Page(page);
        }
        if let Some(found) = state.read(after, &mine, anew) {
            return found;
        }
        let Some((filter, limit)) = state.together(number, after, &mine) else { return Found::Nothing };
        state.number += 1;
        let read = Arc::new(InFlightRead::begin(self, state.number, after, filter, limit));
        let number = state.number;
        state.reads.push((number, Arc::downgrade(&read)));
        Found::InFlightRead(read, true)
    }

    /// Keeps a page that was read for several.
    fn land(&self, from: Position, page: LogPage, filter: Arc<EventFilter>) -> Arc<Segment> {
        self.heads.see(page.horizon);
        let segment = Arc::new(Segment::new(from, page, filter));
        let mut state = self.state();
        let limits = state.readers.values().map(|reader_state| reader_state.limit);
        let most = limits.reduce(PageLimit::or).unwrap_or(PageLimit::events(1));
        let evicted = state.window.add(Arc::clone(&segment), most);
        let passed = state.prune();
        // What nobody holds any more goes without the lock.
        drop(state);
        drop((evicted, passed));
        segment
    }

    /// Notes that the reader `number` was given everything up to `horizon`.
    fn passed(&self, number: u64, horizon: Position) {
        let passed = self.state().pass(number, horizon);
        drop(passed);
    }

    /// Whether others are near who have not come as far as the reader `number`, which is at `after`.
    fn leads(&self, number: u64, after: Position) -> bool {
        let state = self.state();
        let first = state.window.around(after).0;
        let mut others = state.readers.iter().filter(|(reader, other)| **reader != number && other.reads);
        others.any(|(_, other)| other.at.is_some_and(|at| first <= at && at < after))
    }

    /// A flight is at its end.
    fn end(&self, number: u64) {
        self.state().reads.retain(|(read, _)| *read != number);
    }
}

impl LogState {
    /// Notes that the reader `number` asks for what comes after `after`.
    fn stand(&mut self, number: u64, after: Position) -> Option<ReaderState> {
        let reader_state = self.readers.get_mut(&number)?;
        (reader_state.at, reader_state.reads) = (Some(after), true);
        Some(reader_state.clone())
    }

    /// Notes that the reader `number` was given everything up to `horizon`. Returns what nobody needs any more.
    fn pass(&mut self, number: u64, horizon: Position) -> Vec<Arc<Segment>> {
        if let Some(reader_state) = self.readers.get_mut(&number) {
            reader_state.at = Some(horizon);
        }
        self.prune()
    }

    /// Takes out what nobody needs any more who reads.
    fn prune(&mut self) -> Vec<Arc<Segment>> {
        let Self { readers, window, .. } = self;
        window.sift(|span| readers.values().any(|reader_state| reader_state.reads && reader_state.needs(span)))
    }

    /// What is being read already and serves `mine`.
    fn read(&mut self, after: Position, mine: &ReaderState, anew: bool) -> Option<Found> {
        self.reads.retain(|(_, read)| read.strong_count() > 0);
        self.reads.iter().find_map(|(_, read)| {
            let read = read.upgrade().filter(|read| read.from == after && read.filter.covers(&mine.filter))?;
            let fresh = !read.has_begun();
            (fresh || !anew).then_some(Found::InFlightRead(read, fresh))
        })
    }

    /// Through which filter to read, and how much, for all who stand near the reader `number`; `None` where nobody does.
    fn together(&self, number: u64, after: Position, mine: &ReaderState) -> Option<(Arc<EventFilter>, PageLimit)> {
        let (first, last) = self.window.around(after);
        let near = |reader_state: &ReaderState| {
            reader_state.reads && reader_state.at.is_none_or(|at| at == after || (first..=last).contains(&at))
        };
        let (mut filter, mut limit, mut alone) = (Arc::clone(&mine.filter), mine.limit, true);
        for (_, other) in self.readers.iter().filter(|(reader, other)| **reader != number && near(other)) {
            // Nobody waits for what nobody wants: a filter that lets more pass than all of them is not read through.
            let Some(either) = filter.or(&other.filter) else { continue };
            if either != *filter {
                filter = Arc::new(either);
            }
            (limit, alone) = (limit.or(other.limit), false);
        }
        (!alone).then_some((filter, limit))
    }
}

impl std::fmt::Debug for SharedLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedLog").finish_non_exhaustive()
    }
}
