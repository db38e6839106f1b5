//! Times as the log stores them: UTC, in microseconds.

use chrono::{DateTime, Datelike as _, SubsecRound as _, Utc};

use super::UnstorableReason;

/// Returns the current time, truncated to microseconds.
///
/// The system clock gives nanoseconds, and databases store microseconds. This crate creates every time with this
/// function, so a time is read back from every store unchanged.
///
/// ```
/// use chrono::Timelike as _;
/// assert_eq!(eventsource::event::now().nanosecond() % 1_000, 0);
/// ```
#[must_use]
pub fn now() -> DateTime<Utc> {
    truncate_to_micros(Utc::now())
}

/// Truncates `time` to microseconds, the unit of every store.
///
/// chrono writes a leap second as second 59 with more than 1,000,000,000 nanoseconds. It becomes the second after it.
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
    // The fallback never runs: the microseconds of every chrono time are in range.
    DateTime::from_timestamp_micros(time.timestamp_micros()).unwrap_or_else(|| time.trunc_subsecs(6))
}

/// Refuses a time that PostgreSQL cannot store.
pub(crate) fn check_time(time: DateTime<Utc>) -> Result<(), UnstorableReason> {
    if time.year() >= FIRST_YEAR { Ok(()) } else { Err(UnstorableReason::Time { time }) }
}

/// The first year that PostgreSQL can store as a whole: 4712 BC, which chrono counts as -4711.
const FIRST_YEAR: i32 = -4711;
