//! Time as the log keeps it: UTC, to the microsecond.

use chrono::{DateTime, Datelike as _, SubsecRound as _, Utc};

use super::UnstorableReason;

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

/// Returns `time` as every store keeps it: without what is below a microsecond. A leap second, which chrono writes as second
/// 59 with more than a second's nanoseconds, becomes the second after it.
///
/// ```
/// use chrono::DateTime;
/// use eventsource::event::truncate_to_micros;
///
/// let leap = DateTime::from_timestamp(1_483_228_799, 1_500_000_900).unwrap();
/// let next = DateTime::from_timestamp(1_483_228_800, 500_000_000).unwrap();
/// assert_eq!(truncate_to_micros(leap), next);
/// ```
#[must_use]
pub fn truncate_to_micros(time: DateTime<Utc>) -> DateTime<Utc> {
    // Every time of chrono's has microseconds that fit.
    DateTime::from_timestamp_micros(time.timestamp_micros()).unwrap_or_else(|| time.trunc_subsecs(6))
}

/// Refuses a time that not every database can store.
pub(crate) fn check_time(time: DateTime<Utc>) -> Result<(), UnstorableReason> {
    if time.year() >= FIRST_YEAR { Ok(()) } else { Err(UnstorableReason::Time { time }) }
}

/// With which the times of PostgreSQL begin, as chrono counts years: 4712 BC.
const FIRST_YEAR: i32 = -4711;
