//! The last rebuild of a subscription: its runner writes how far it is, and the handles of the rebuild read it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::event::Position;
use crate::store::{EventLog, StoreError};
use crate::subscription::{RebuildKind, RebuildProgress};

/// Listens to the rebuilds of a subscription.
pub(in crate::subscription) trait RebuildListener: std::fmt::Debug + Send + Sync {
    /// The rebuild has begun in this process.
    fn began(&self, tracked: &Tracked);

    /// The rebuild has passed a batch.
    fn moved(&self, tracked: &Tracked);

    /// The rebuild has ended.
    fn ended(&self, tracked: &Tracked, outcome: &Outcome);
}

/// The last rebuild of a subscription.
#[derive(Debug, Default)]
pub(in crate::subscription) struct Rebuilds {
    last: Mutex<Option<Arc<Tracked>>>,
    listener: Option<Arc<dyn RebuildListener>>,
}

/// A rebuild that has begun.
#[derive(Debug)]
pub(in crate::subscription) struct Tracked {
    pub(in crate::subscription) kind: RebuildKind,
    start: Position,
    /// The replay is complete when it has passed this position.
    pub(in crate::subscription) target: Position,
    outcome: watch::Sender<Outcome>,
    /// Whether the checkpoint of the next generation is stored.
    stored: watch::Sender<bool>,
    run: Mutex<Run>,
    listener: Option<Arc<dyn RebuildListener>>,
}

/// How a rebuild ended.
#[derive(Debug, Clone)]
pub(in crate::subscription) enum Outcome {
    Unfinished,
    Done(Position),
    /// By another rebuild or a reset.
    Replaced,
    Cancelled,
    /// For this reason.
    Failed(Arc<str>),
}

/// How far a rebuild is, and since when this process continues it.
#[derive(Debug)]
struct Run {
    since: Instant,
    from: Position,
    at: Position,
    counted: Option<Counted>,
}

/// How many events there are up to the target, and how many of them were done before this process continued the
/// rebuild.
#[derive(Debug, Clone, Copy)]
struct Counted {
    total: u64,
    before: u64,
}

impl Rebuilds {
    /// The rebuilds of a subscription, of which `listener` is told.
    pub(in crate::subscription) fn new(listener: Option<Arc<dyn RebuildListener>>) -> Self {
        Self { last: Mutex::default(), listener }
    }

    fn last(&self) -> MutexGuard<'_, Option<Arc<Tracked>>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the unfinished rebuild.
    pub(in crate::subscription) fn unfinished(&self) -> Option<Arc<Tracked>> {
        self.last().clone().filter(|tracked| tracked.is_unfinished())
    }

    /// Notes that a rebuild begins. It replaces the last one.
    pub(in crate::subscription) fn begin(&self, kind: RebuildKind, start: Position, target: Position) -> Arc<Tracked> {
        let tracked = self.track(kind, start, target);
        if let Some(listener) = &self.listener {
            listener.began(&tracked);
        }
        tracked
    }

    fn track(&self, kind: RebuildKind, start: Position, target: Position) -> Arc<Tracked> {
        let tracked = Arc::new(Tracked {
            kind,
            start,
            target,
            outcome: watch::Sender::new(Outcome::Unfinished),
            stored: watch::Sender::new(false),
            run: Mutex::new(Run { since: Instant::now(), from: start, at: start, counted: None }),
            listener: self.listener.clone(),
        });
        let before = self.last().replace(Arc::clone(&tracked));
        if let Some(before) = before {
            before.end(Outcome::Replaced);
        }
        tracked
    }

    /// Notes that a rebuild continues at `at`. Another process may have begun it.
    pub(in crate::subscription) fn resume(
        &self,
        kind: RebuildKind,
        start: Position,
        target: Position,
        at: Position,
    ) -> Arc<Tracked> {
        // The checkpoint of a next generation that has passed its target, and follows the log, remembers no target.
        let passed = |tracked: &Tracked| target == at && tracked.target <= at;
        let same = |tracked: &Arc<Tracked>| tracked.kind == kind && (tracked.target == target || passed(tracked));
        let tracked = self.unfinished().filter(same).unwrap_or_else(|| self.track(kind, start, target));
        *tracked.run() = Run { since: Instant::now(), from: at, at, counted: None };
        tracked
    }

    /// Notes that no rebuild is under way any more.
    pub(in crate::subscription) fn clear(&self) {
        let before = self.last().take();
        if let Some(before) = before {
            before.end(Outcome::Replaced);
        }
    }
}

impl Tracked {
    fn run(&self) -> MutexGuard<'_, Run> {
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(in crate::subscription) fn is_unfinished(&self) -> bool {
        matches!(*self.outcome.borrow(), Outcome::Unfinished)
    }

    /// Returns how it has ended, if it has.
    pub(in crate::subscription) fn outcome(&self) -> Outcome {
        self.outcome.borrow().clone()
    }

    pub(in crate::subscription) fn listen(&self) -> watch::Receiver<Outcome> {
        self.outcome.subscribe()
    }

    /// Notes that the checkpoint of the next generation is stored: other processes see the rebuild.
    pub(in crate::subscription) fn note_stored(&self) {
        self.stored.send_replace(true);
    }

    /// Waits until the checkpoint of the next generation is stored, or the rebuild has ended.
    pub(in crate::subscription) async fn until_stored(&self) {
        let (mut stored, mut outcome) = (self.stored.subscribe(), self.listen());
        tokio::select! {
            _ = stored.wait_for(|is_stored| *is_stored) => {}
            _ = outcome.wait_for(|outcome| !matches!(outcome, Outcome::Unfinished)) => {}
        }
    }

    /// Notes how the rebuild ended. The first call counts.
    pub(in crate::subscription) fn end(&self, how: Outcome) {
        let listener = self.listener.as_ref().map(|listener| (listener, how.clone()));
        let ended = self.outcome.send_if_modified(|outcome| {
            let ends = matches!(outcome, Outcome::Unfinished);
            if ends {
                *outcome = how;
            }
            ends
        });
        if let Some((listener, how)) = listener.filter(|_| ended) {
            listener.ended(self, &how);
        }
    }

    /// Tells the listener that a batch was passed, if the rebuild has not ended.
    pub(in crate::subscription) fn tell_moved(&self) {
        if let Some(listener) = self.listener.as_ref().filter(|_| self.is_unfinished()) {
            listener.moved(self);
        }
    }

    /// Notes that every event up to `position` is applied.
    pub(in crate::subscription) fn move_to(&self, position: Position) {
        self.run().at = position;
    }

    /// Returns how far the rebuild is, with the numbers of events if the event store answers.
    pub(in crate::subscription) async fn progress(&self, store: &dyn EventLog) -> RebuildProgress {
        let (since, from, known) = {
            let run = self.run();
            (run.since, run.from, run.counted)
        };
        let mut progress = self.uncounted();
        let at = progress.position;
        let Ok((counted, left)) = self.count(store, known, from, at).await else { return progress };
        self.run().counted.get_or_insert(counted);
        let done = counted.total.saturating_sub(left);
        let elapsed = since.elapsed();
        progress.events_done = Some(done);
        progress.events_total = Some(counted.total);
        let lately = done.saturating_sub(counted.before);
        if lately > 0 && !elapsed.is_zero() {
            let rate = lately as f64 / elapsed.as_secs_f64();
            progress.rate = Some(rate);
            progress.time_left = Duration::try_from_secs_f64(left as f64 / rate).ok();
        }
        progress
    }

    /// Returns the part of the rebuild that is done, from 0 to 1, and how long the rest takes at the present rate. Both
    /// are measured in positions, so the event store is not asked.
    pub(in crate::subscription) fn estimate(&self) -> (f64, Option<Duration>) {
        let (since, from, at) = {
            let run = self.run();
            (run.since, run.from, run.at.min(self.target))
        };
        let between = |from: Position, to: Position| to.value().saturating_sub(from.value()) as f64;
        let (all, left, lately) = (between(self.start, self.target), between(at, self.target), between(from, at));
        let ratio = if all > 0.0 { 1.0 - left / all } else { 1.0 };
        let time_left = Duration::try_from_secs_f64(since.elapsed().as_secs_f64() * left / lately);
        (ratio, time_left.ok())
    }

    /// Returns how far the rebuild is, without asking the event store.
    pub(in crate::subscription) fn uncounted(&self) -> RebuildProgress {
        let at = self.run().at.min(self.target);
        RebuildProgress::new(self.kind, at, self.target)
    }

    async fn count(
        &self,
        store: &dyn EventLog,
        known: Option<Counted>,
        from: Position,
        at: Position,
    ) -> Result<(Counted, u64), StoreError> {
        let asked = [self.target, at, self.start, from];
        let asked = if known.is_some() { &asked[..2] } else { &asked[..] };
        let backlogs = store.backlogs(asked, u64::MAX).await?;
        let events = |n: usize| backlogs.get(n).map_or(0, |backlog| backlog.events);
        let ahead = |n| events(n).saturating_sub(events(0));
        let left = ahead(1);
        let counted = known.unwrap_or_else(|| Counted { total: ahead(2), before: ahead(2).saturating_sub(ahead(3)) });
        Ok((counted, left))
    }
}
