//! The time at which an event is stored, if clocks step back or are wrong.

use std::time::Duration;

use chrono::{DateTime, Utc};

/// If the last stored time is ahead of the clock by at most this duration, the next event gets the last stored time.
///
/// A clock that is corrected steps back by less. If the last stored time is further ahead, a wrong clock stored it, and
/// new events do not follow it. The SQL of the stores contains the same rule.
pub(crate) const STEP_BACK: Duration = Duration::from_secs(5);

/// Returns the time at which an event is stored that is appended at `now`, after an event that was stored at `last`.
pub(crate) fn stored_at(now: DateTime<Utc>, last: Option<DateTime<Utc>>) -> DateTime<Utc> {
    match last {
        Some(last) if last > now && last <= now + STEP_BACK => last,
        _ => now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_time_does_not_step_back_with_the_clock_and_does_not_follow_a_wrong_one() {
        let now = Utc::now();
        let ahead = |seconds| Some(now + Duration::from_secs(seconds));
        assert_eq!(stored_at(now, None), now);
        assert_eq!(stored_at(now, Some(now - Duration::from_secs(9))), now);
        assert_eq!(stored_at(now, ahead(3)), now + Duration::from_secs(3));
        assert_eq!(stored_at(now, ahead(3_600)), now);
    }
}
