//! Counts the events that failed lately.

use std::collections::VecDeque;

use tokio::time::Instant;

use crate::event::Position;
use crate::subscription::config::FailureLimit;

/// Counts the events that could not be applied, to find a projection that fails on all of them.
#[derive(Debug)]
pub(super) struct Failing {
    limit: FailureLimit,
    lately: VecDeque<(Instant, Position)>,
    in_a_row: usize,
}

impl Failing {
    pub(super) const fn new(limit: FailureLimit) -> Self {
        Self { limit, lately: VecDeque::new(), in_a_row: 0 }
    }

    /// Counts the event at `position`. Returns the reason to fault if it exceeds the limit.
    pub(super) fn count(&mut self, position: Position) -> Option<String> {
        if self.limit.events == usize::MAX || self.lately.iter().any(|(_, failed)| *failed == position) {
            return None;
        }
        let (now, FailureLimit { events, within }) = (Instant::now(), self.limit);
        self.in_a_row += 1;
        self.lately.push_back((now, position));
        while self.lately.front().is_some_and(|(at, _)| now.duration_since(*at) > within) {
            self.lately.pop_front();
        }
        if self.lately.len() >= events {
            return Some(format!("it is the {}th event to fail within {within:?}", self.lately.len()));
        }
        (self.in_a_row >= events).then(|| format!("it is the {}th event in a row to fail", self.in_a_row))
    }

    /// Notes that an event was applied.
    pub(super) fn success(&mut self) {
        self.in_a_row = 0;
    }
}
