//! Measures how long an open append holds the log back.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Measures how long the horizon has been held at one position.
#[derive(Debug)]
pub(super) struct StallWatch {
    after: Duration,
    held: Mutex<Option<Held>>,
}

#[derive(Debug)]
struct Held {
    at: i64,
    since: Instant,
    times_logged: u32,
}

impl StallWatch {
    pub(super) fn new(after: Duration) -> Self {
        Self { after, held: Mutex::default() }
    }

    /// Returns the position at which the horizon is held, and for how long, if that is longer than the configured time.
    pub(super) fn lasted(&self) -> Option<(i64, Duration)> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().map(|held| (held.at, held.since.elapsed())).filter(|(_, lasted)| *lasted >= self.after)
    }

    /// Returns whether to log what holds the horizon at the position `at`: once for each configured time.
    pub(super) fn is_due(&self, at: Option<i64>) -> bool {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(at) = at else {
            *held = None;
            return false;
        };
        match &mut *held {
            Some(held) if held.at == at => {
                let due = held.since.elapsed() >= self.after.saturating_mul(held.times_logged + 1);
                held.times_logged += u32::from(due);
                due
            }
            _ => {
                *held = Some(Held { at, since: Instant::now(), times_logged: 0 });
                false
            }
        }
    }
}
