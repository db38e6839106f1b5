//! Reads the log once for all subscriptions of a manager that are near each other in it.
//!
//! ```text
//! a reader asks for a page -> the window has it: it gets a part of the window
//!                          -> the same page is being read: it waits for that read
//!                          -> no other reader is near: it reads for itself, with its own filter
//!                          -> others are near: one read with the union of the filters; the window keeps the page until
//!                             they have passed it
//! ```
//!
//! Events before a horizon never change ([no gaps](crate::guarantees#no-gaps)), so every reader can get them at any
//! time. But only readers that asked before the read began learn that the log *ends* at a horizon; the others read
//! again. So a reader that an append has woken never gets the end of the log as it was before that append.

pub(super) mod catalogue;
pub(super) mod heads;
mod in_flight;
mod looked;
mod reader;
pub(super) mod recognise;
pub(super) mod unknown_types;
mod window;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::in_flight::{InFlightRead, SharedRead, shared_read};
use self::reader::ReaderState;
pub(super) use self::reader::{PendingPage, Reader};
pub(super) use self::window::Page;
use self::window::{Freshness, Segment, Window};
use crate::event::{EventFilter, Position};
use crate::store::{EventLog, LogPage, PageLimit, StoreError};
use crate::subscription::log::heads::Heads;

/// Reads the log for all subscriptions of a manager.
pub(super) struct SharedLog {
    store: Arc<dyn EventLog>,
    state: Mutex<LogState>,
    heads: Heads,
}

#[derive(Default)]
struct LogState {
    /// The readers, in a fixed order, so that a run can be repeated.
    readers: BTreeMap<u64, ReaderState>,
    /// The number of the last reader or read.
    number: u64,
    window: Window,
    /// The reads that have not ended.
    reads: Vec<InFlightRead>,
}

/// The answer to a request for a page.
enum Found {
    /// The window has the page.
    Page(Page),
    /// The page is being read, or will be.
    InFlight(SharedRead, Freshness),
    /// No other reader wants it: the reader reads for itself.
    Nothing,
}

impl SharedLog {
    pub(super) fn new(store: Arc<dyn EventLog>) -> Self {
        Self { store, state: Mutex::default(), heads: Heads::default() }
    }

    /// Returns the samples of the end of the log.
    pub(super) const fn heads(&self) -> &Heads {
        &self.heads
    }

    /// Reads the end of the log.
    pub(super) async fn head(&self) -> Result<Position, StoreError> {
        let head = self.store.head().await?;
        self.heads.see(head);
        Ok(head)
    }

    fn state(&self) -> MutexGuard<'_, LogState> {
        // No code that runs under the lock can panic in the middle of a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks for the page after `after` for the reader `number`.
    fn look(self: &Arc<Self>, number: u64, after: Position) -> Found {
        let mut state = self.state();
        let Some(mine) = state.stand(number, after) else { return Found::Nothing };
        if let Some(page) = state.window.page(after, &mine.filter, mine.limit) {
            let passed = state.pass(number, page.horizon);
            drop(state);
            drop(passed);
            return Found::Page(page);
        }
        match state.read(after, &mine, Freshness::Stale) {
            Some(found) => found,
            None => self.read_together(&mut state, number, after, &mine),
        }
    }

    /// Looks for a fresh read of the page after `after` for the reader `number`, which has all that was read before.
    fn look_for_fresh(self: &Arc<Self>, number: u64, after: Position) -> Found {
        let mut state = self.state();
        let Some(mine) = state.stand(number, after) else { return Found::Nothing };
        match state.read(after, &mine, Freshness::Fresh) {
            Some(found) => found,
            None => self.read_together(&mut state, number, after, &mine),
        }
    }

    /// Creates a read for all readers near the reader `number`, if there are any.
    fn read_together(
        self: &Arc<Self>,
        state: &mut LogState,
        number: u64,
        after: Position,
        mine: &ReaderState,
    ) -> Found {
        let Some((filter, limit)) = state.together(number, after, mine) else { return Found::Nothing };
        state.number += 1;
        let number = state.number;
        let read = shared_read(Arc::clone(self), number, after, Arc::clone(&filter), limit);
        if let Some(weak) = read.downgrade() {
            state.reads.push(InFlightRead { number, from: after, filter, freshness: Freshness::Fresh, read: weak });
        }
        Found::InFlight(read, Freshness::Fresh)
    }

    /// Adds a page that was read for several readers to the window.
    fn land(&self, from: Position, page: LogPage, filter: Arc<EventFilter>) -> Arc<Segment> {
        self.heads.see(page.horizon);
        let segment = Arc::new(Segment::new(from, page, filter));
        let mut state = self.state();
        let limits = state.readers.values().map(|reader_state| reader_state.limit);
        let most = limits.reduce(PageLimit::or).unwrap_or(PageLimit::events(1));
        let evicted = state.window.add(Arc::clone(&segment), most);
        let passed = state.prune();
        // Segments are dropped without the lock.
        drop(state);
        drop((evicted, passed));
        segment
    }

    /// Notes that the reader `number` has everything up to `horizon`.
    fn passed(&self, number: u64, horizon: Position) {
        let passed = self.state().pass(number, horizon);
        drop(passed);
    }

    /// Returns whether other readers are near and behind the reader `number`, which is at `after`.
    fn leads(&self, number: u64, after: Position) -> bool {
        let state = self.state();
        let first = state.window.around(after).0;
        let mut others = state.readers.iter().filter(|(reader, other)| **reader != number && other.reads);
        others.any(|(_, other)| other.at.is_some_and(|at| first <= at && at < after))
    }
}

impl LogState {
    /// Notes that the reader `number` asks for the page after `after`.
    fn stand(&mut self, number: u64, after: Position) -> Option<ReaderState> {
        let reader_state = self.readers.get_mut(&number)?;
        (reader_state.at, reader_state.reads) = (Some(after), true);
        Some(reader_state.clone())
    }

    /// Notes that the reader `number` has everything up to `horizon`. Returns the segments that no reader needs any
    /// more.
    fn pass(&mut self, number: u64, horizon: Position) -> Vec<Arc<Segment>> {
        if let Some(reader_state) = self.readers.get_mut(&number) {
            reader_state.at = Some(horizon);
        }
        self.prune()
    }

    /// Removes the segments that no active reader needs.
    fn prune(&mut self) -> Vec<Arc<Segment>> {
        let Self { readers, window, .. } = self;
        window.sift(|span| readers.values().any(|reader_state| reader_state.reads && reader_state.needs(span)))
    }

    /// Notes that the store is asked for the read `number`.
    fn begin(&mut self, number: u64) {
        if let Some(read) = self.reads.iter_mut().find(|read| read.number == number) {
            read.freshness = Freshness::Stale;
        }
    }

    /// Notes that the read `number` has ended.
    fn end(&mut self, number: u64) {
        self.reads.retain(|read| read.number != number);
    }

    /// Returns a read that serves `mine`. If `wanted` is fresh, the store was not asked yet.
    fn read(&mut self, after: Position, mine: &ReaderState, wanted: Freshness) -> Option<Found> {
        let serves = |read: &&InFlightRead| {
            let is_in_time = wanted == Freshness::Stale || read.freshness == Freshness::Fresh;
            is_in_time && read.from == after && read.filter.covers(&mine.filter)
        };
        self.reads.iter().filter(serves).find_map(|read| Some(Found::InFlight(read.read.upgrade()?, read.freshness)))
    }

    /// Returns the filter and the limit for one read for all readers near the reader `number`, and `None` if there are
    /// none.
    fn together(&self, number: u64, after: Position, mine: &ReaderState) -> Option<(Arc<EventFilter>, PageLimit)> {
        let (first, last) = self.window.around(after);
        let near = |reader_state: &ReaderState| {
            reader_state.reads && reader_state.at.is_none_or(|at| at == after || (first..=last).contains(&at))
        };
        let (mut filter, mut limit, mut alone) = (Arc::clone(&mine.filter), mine.limit, true);
        for (_, other) in self.readers.iter().filter(|(reader, other)| **reader != number && near(other)) {
            // `or` returns no filter if the union would match more events than both: then they do not read together.
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
