//! Tells the observers of a manager what its runners do. Without an observer, nothing is measured.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Context, Owner};
use crate::event::{Position, RecordedEvent, now};
use crate::projection::{CheckpointStore, Delivered, HandlerError};
use crate::subscription::Failure;
use crate::subscription::erased::Applied;
use crate::subscription::log::Page;
use crate::subscription::observer::{
    AttemptFailed, BatchSeen, BatchSource, FailureKind, LetterSeen, LetterStep, Observer, PageSeen,
};

/// The measurements of the present batch.
#[derive(Debug, Default)]
pub(super) struct BatchMeter {
    /// How long handlers ran.
    handlers: Duration,
    /// How many events were handled, and their effects kept.
    pub(super) handled: usize,
}

/// A dead letter that was changed.
pub(super) struct ToldLetter<'a> {
    pub(super) step: LetterStep,
    pub(super) position: Position,
    pub(super) event_type: &'a str,
    pub(super) failure: Option<&'a Failure>,
}

impl<C: CheckpointStore> Context<C> {
    pub(super) fn tell(&self, call: impl Fn(&dyn Observer)) {
        self.core.observers.tell(call);
    }

    /// Tells of a page that has arrived after a wait.
    pub(super) fn tell_page(&self, after: Position, page: &Page, waited: Duration) {
        let seen = PageSeen {
            subscription: self.core.observed_name(),
            generation: self.core.generation(),
            after,
            horizon: page.horizon,
            events: page.events().len(),
            has_more: page.more,
            waited,
        };
        self.tell(|observer| observer.page(&seen));
    }

    /// Tells of a dead letter that was changed.
    pub(super) fn tell_letter(&self, letter: &ToldLetter<'_>) {
        let seen = LetterSeen {
            subscription: self.core.observed_name(),
            generation: self.core.generation(),
            step: letter.step,
            position: letter.position,
            event_type: letter.event_type,
            failure: letter.failure,
        };
        self.tell(|observer| observer.letter(&seen));
    }

    pub(super) fn tell_attempt(&self, kind: FailureKind, event: Option<&RecordedEvent>, error: &HandlerError) {
        let seen = AttemptFailed {
            subscription: self.core.observed_name(),
            generation: self.core.generation(),
            kind,
            position: event.map(RecordedEvent::position),
            event_type: event.map(RecordedEvent::event_type),
            error,
        };
        self.tell(|observer| observer.attempt_failed(&seen));
    }
}

impl<C: CheckpointStore> Owner<'_, C> {
    /// Calls the handlers of `events`, which come from there, and measures how long they run.
    pub(super) async fn call_handlers(
        &mut self,
        events: &[Arc<RecordedEvent>],
        from: Delivered,
        unit: &mut C::Unit,
    ) -> Applied {
        let Self { context, active } = self;
        let begun = context.core.observers.now();
        let applied = context.subscriber.apply(&context.core, events, from, unit).await;
        if let Some(begun) = begun {
            active.meter.handlers += begun.elapsed();
        }
        applied
    }

    /// Tells of a batch that was committed before the end of the runner, with a lost answer.
    pub(super) fn tell_settled(&mut self, handled: usize) {
        if handled > 0 && !self.context.core.observers.is_empty() {
            self.tell_meter(BatchSource::Log, handled, handled, self.active.position, None, None);
        }
    }

    pub(super) fn tell_meter(
        &mut self,
        source: BatchSource,
        events: usize,
        passed: usize,
        to: Position,
        failure: Option<FailureKind>,
        oldest: Option<DateTime<Utc>>,
    ) {
        let Self { context, active } = self;
        let BatchMeter { handlers, handled } = std::mem::take(&mut active.meter);
        let replays = active.replay.tracked().is_some() || !active.is_replayed();
        let is_measured = handled > 0 && !replays;
        let seen = BatchSeen {
            subscription: context.core.observed_name(),
            generation: context.core.generation(),
            source,
            events,
            handled,
            parked: passed.saturating_sub(handled),
            to,
            duration: handlers,
            failure,
            // The clock of the store can be ahead.
            delay: oldest.filter(|_| is_measured).map(|at| (now() - at).to_std().unwrap_or_default()),
        };
        context.tell(|observer| observer.batch(&seen));
        if let Some(tracked) = active.replay.tracked() {
            tracked.tell_moved();
        }
    }
}
