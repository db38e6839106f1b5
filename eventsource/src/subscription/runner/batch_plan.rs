//! Which events of a page are applied next, as one batch ([contained
//! failure](crate::guarantees#contained-failure)).
//!
//! ```text
//! batch -> applied
//!       -> an event failed -> the events before it, as a batch -> the event alone, again and again
//!                             -> applied, or given up -> the rest, as a batch
//!       -> it is unknown which event is the cause -> half of the batch -> ... -> one event
//! ```
//!
//! The plan is a plain value: it applies nothing and waits for nothing. `F` is a failure that counts, and `O` is what is
//! known of an event that meets outages while it runs alone.

use std::ops::Range;

/// The events of a page that are still to be applied.
#[derive(Debug)]
pub(super) struct BatchPlan<F, O> {
    len: usize,
    /// The events before this index are applied or given up.
    next: usize,
    /// The event that failed. It runs alone when it is reached.
    failed: Option<(usize, F)>,
    /// The event that may be the cause of an outage or of another event's failure. The batch ends before it, and then
    /// contains it alone.
    suspect: Option<(usize, Option<O>)>,
    /// How many outages were met in a row.
    outages: u32,
    /// The size of the next batch at most.
    at_most: usize,
    /// The largest size of a batch.
    most: usize,
}

/// The next batch.
#[derive(Debug, PartialEq)]
pub(super) struct Step<'p, F> {
    /// The indexes of its events. Never empty.
    pub(super) events: Range<usize>,
    /// The failure of its only event, if that has failed before.
    pub(super) failed: Option<&'p F>,
}

impl<F, O: Copy> BatchPlan<F, O> {
    /// Plans a page of `len` events, in batches of up to `most` events.
    pub(super) const fn new(len: usize, most: usize) -> Self {
        Self { len, next: 0, failed: None, suspect: None, outages: 0, at_most: most, most }
    }

    /// Returns the next batch, and `None` if every event is applied or given up.
    pub(super) fn step(&self) -> Option<Step<'_, F>> {
        let next = self.next;
        if next >= self.len {
            return None;
        }
        let mut until = self.len.min(next + self.at_most);
        let mut alone = None;
        match &self.failed {
            Some((index, failure)) if *index == next => {
                alone = Some(failure);
                until = next + 1;
            }
            Some((index, _)) => until = until.min(*index),
            None => {}
        }
        if let Some((index, _)) = self.suspect {
            until = until.min(index.max(next + 1));
        }
        Some(Step { events: next..until, failed: alone })
    }

    /// Notes that the events before `until` are applied.
    pub(super) fn applied(&mut self, until: usize) {
        self.pass(until);
        self.at_most = (self.at_most * 2).min(self.most);
        self.outages = 0;
    }

    /// Notes that the event at `index` is given up.
    pub(super) fn gave_up(&mut self, index: usize) {
        self.pass(index + 1);
    }

    /// Notes that the events before `index` stay applied, although the batch failed there.
    pub(super) const fn kept(&mut self, index: usize) {
        self.next = index;
    }

    fn pass(&mut self, until: usize) {
        self.next = until;
        self.failed = self.failed.take().filter(|(index, _)| *index >= until);
        self.suspect = self.suspect.filter(|(index, _)| *index >= until);
    }

    /// Notes that the event at `index` has failed. It runs alone when it is reached.
    pub(super) fn fail(&mut self, index: usize, failure: F) {
        self.failed = Some((index, failure));
    }

    /// Takes the last failure of the event at `index` out of the plan.
    pub(super) fn take_failure(&mut self, index: usize) -> Option<F> {
        self.failed.take().filter(|(failed, _)| *failed == index).map(|(_, failure)| failure)
    }

    /// Returns the index of the event that has failed.
    pub(super) fn failed(&self) -> Option<usize> {
        self.failed.as_ref().map(|(index, _)| *index)
    }

    /// Notes that the event at `index` may be the cause. `obstruction` says what is known about its outages.
    pub(super) const fn suspect(&mut self, index: usize, obstruction: Option<O>) {
        self.suspect = Some((index, obstruction));
    }

    /// Returns what is known about the outages of the event at `index`.
    pub(super) fn obstruction(&self, index: usize) -> Option<O> {
        self.suspect.filter(|(suspect, _)| *suspect == index).and_then(|(_, obstruction)| obstruction)
    }

    /// Counts an outage, and returns how many there were in a row.
    pub(super) const fn outage(&mut self) -> u32 {
        self.outages += 1;
        self.outages
    }

    /// Makes the next batch half as large as `tried`, because it is unknown which event is the cause.
    pub(super) fn halve(&mut self, tried: &Range<usize>) {
        self.at_most = tried.len().div_ceil(2);
    }

    /// Makes every further batch contain one event.
    pub(super) const fn go_one_by_one(&mut self) {
        self.most = 1;
        self.at_most = 1;
    }
}

#[cfg(test)]
mod tests;
