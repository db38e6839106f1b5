//! Reading the log once for all subscriptions of a manager that stand near each other in it.
//!
//! ```text
//! a reader asks -> what was read of late has it: it is given that
//!               -> the same is being read: it waits for that
//!               -> it stands alone: it reads for itself, through its own filter
//!               -> others stand nearby: it is read through the filters of all of them, and kept until they have passed
//! ```
//!
//! What lies before a horizon never changes (law 2), so that it can be given to anybody at any time. That the log *ends*
//! at a horizon is another matter: only who asked before the log was read is told so, and everybody else looks again.
//! Who is woken by an append therefore never hears of a log that is older than the append.

mod flight;
mod seat;
mod window;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use self::flight::Flight;
use self::seat::Standing;
pub(super) use self::seat::{Coming, Seat};
pub(super) use self::window::Page;
use self::window::{Segment, Window};
use super::heads::Heads;
use crate::event::{EventFilter, Position};
use crate::store::{EventStore, LogPage, PageLimit, StoreError};

/// Reads the log for all subscriptions of a manager.
pub(super) struct LogReader {
    store: Arc<dyn EventStore>,
    state: Mutex<State>,
    heads: Heads,
}

#[derive(Default)]
struct State {
    /// Who reads, and where it stands; in a fixed order, so that a run can be repeated.
    seats: BTreeMap<u64, Standing>,
    /// Which seat or flight comes next.
    number: u64,
    window: Window,
    /// What is being read for several: as long as somebody waits for it.
    flights: Vec<(u64, Weak<Flight>)>,
}

/// What comes of a request, before anything is waited for.
enum Found {
    /// It was read already.
    Page(Page),
    /// It is being read. Whether that begins after the request.
    Flight(Arc<Flight>, bool),
    /// Nobody else wants it.
    Nothing,
}

impl LogReader {
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

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that is called under it panics half-way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks for the page after `after` for the seat `number`. One that is `anew` was given everything there was, and
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
        if let Some(found) = state.flight(after, &mine, anew) {
            return found;
        }
        let Some((filter, limit)) = state.together(number, after, &mine) else { return Found::Nothing };
        state.number += 1;
        let flight = Arc::new(Flight::begin(self, state.number, after, filter, limit));
        let number = state.number;
        state.flights.push((number, Arc::downgrade(&flight)));
        Found::Flight(flight, true)
    }

    /// Keeps a page that was read for several.
    fn land(&self, from: Position, page: LogPage, filter: Arc<EventFilter>) -> Arc<Segment> {
        self.heads.see(page.horizon);
        let segment = Arc::new(Segment::new(from, page, filter));
        let mut state = self.state();
        let limits = state.seats.values().map(|standing| standing.limit);
        let most = limits.reduce(PageLimit::or).unwrap_or(PageLimit::events(1));
        let evicted = state.window.add(Arc::clone(&segment), most);
        let passed = state.prune();
        // What nobody holds any more goes without the lock.
        drop(state);
        drop((evicted, passed));
        segment
    }

    /// Notes that the seat `number` was given everything up to `horizon`.
    fn passed(&self, number: u64, horizon: Position) {
        let passed = self.state().pass(number, horizon);
        drop(passed);
    }

    /// Whether others are near who have not come as far as the seat `number`, which is at `after`.
    fn leads(&self, number: u64, after: Position) -> bool {
        let state = self.state();
        let first = state.window.around(after).0;
        let mut others = state.seats.iter().filter(|(seat, other)| **seat != number && other.reads);
        others.any(|(_, other)| other.at.is_some_and(|at| first <= at && at < after))
    }

    /// A flight is at its end.
    fn end(&self, number: u64) {
        self.state().flights.retain(|(flight, _)| *flight != number);
    }
}

impl State {
    /// Notes that the seat `number` asks for what comes after `after`.
    fn stand(&mut self, number: u64, after: Position) -> Option<Standing> {
        let standing = self.seats.get_mut(&number)?;
        (standing.at, standing.reads) = (Some(after), true);
        Some(standing.clone())
    }

    /// Notes that the seat `number` was given everything up to `horizon`. Returns what nobody needs any more.
    fn pass(&mut self, number: u64, horizon: Position) -> Vec<Arc<Segment>> {
        if let Some(standing) = self.seats.get_mut(&number) {
            standing.at = Some(horizon);
        }
        self.prune()
    }

    /// Takes out what nobody needs any more who reads.
    fn prune(&mut self) -> Vec<Arc<Segment>> {
        let Self { seats, window, .. } = self;
        window.sift(|span| seats.values().any(|standing| standing.reads && standing.needs(span)))
    }

    /// What is being read already and serves `mine`.
    fn flight(&mut self, after: Position, mine: &Standing, anew: bool) -> Option<Found> {
        self.flights.retain(|(_, flight)| flight.strong_count() > 0);
        self.flights.iter().find_map(|(_, flight)| {
            let flight =
                flight.upgrade().filter(|flight| flight.from == after && flight.filter.covers(&mine.filter))?;
            let fresh = !flight.has_begun();
            (fresh || !anew).then_some(Found::Flight(flight, fresh))
        })
    }

    /// Through which filter to read, and how much, for all who stand near the seat `number`; `None` where nobody does.
    fn together(&self, number: u64, after: Position, mine: &Standing) -> Option<(Arc<EventFilter>, PageLimit)> {
        let (first, last) = self.window.around(after);
        let near = |standing: &Standing| {
            standing.reads && standing.at.is_none_or(|at| at == after || (first..=last).contains(&at))
        };
        let (mut filter, mut limit, mut alone) = (Arc::clone(&mine.filter), mine.limit, true);
        for (_, other) in self.seats.iter().filter(|(seat, other)| **seat != number && near(other)) {
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

impl std::fmt::Debug for LogReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogReader").finish_non_exhaustive()
    }
}
