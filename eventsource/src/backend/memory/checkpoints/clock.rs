//! The clock of the leases in memory.

use chrono::{DateTime, Utc};
use tokio::time::Instant;

use crate::event::truncate_to_micros;

/// Tokio's clock, as times of the day. It stands still if a test pauses it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    since: Instant,
    began: DateTime<Utc>,
}

impl Default for Clock {
    fn default() -> Self {
        Self { since: Instant::now(), began: Utc::now() }
    }
}

impl Clock {
    pub(super) fn now(&self) -> DateTime<Utc> {
        truncate_to_micros(self.began + self.since.elapsed())
    }
}
