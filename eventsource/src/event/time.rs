//! Time as the log keeps it: UTC, to the microsecond.

use chrono::{DateTime, SubsecRound as _, Utc};

/// The current time, truncated to microseconds.
///
/// Every time that this crate creates goes through here, so that a time survives a round trip through every
/// store unchanged: databases keep microseconds, the system clock gives nanoseconds.
///
/// ```
/// use chrono::Timelike as _;
/// assert_eq!(eventsource::event::now().nanosecond() % 1_000, 0);
/// ```
#[must_use]
pub fn now() -> DateTime<Utc> {
    truncate_to_micros(Utc::now())
}

/// `time` without what is below a microsecond.
#[must_use]
pub fn truncate_to_micros(time: DateTime<Utc>) -> DateTime<Utc> {
    time.trunc_subsecs(6)
}
