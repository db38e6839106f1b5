//! When an event is stored, by clocks that step back or are wrong.

use std::time::Duration;

use chrono::{DateTime, Utc};

/// How far the last stored time may be ahead of the clock for the next event to be stored at that time as well. A
/// clock that is corrected steps back by less; a last event that is further ahead was stored by a wrong clock, and its
/// time is not carried on.
///
/// The SQL of the stores says the same.
pub(crate) const STEP_BACK: Duration = Duration::from_secs(5);

/// Returns the time of storage of an event that is appended at `now` behind one that was stored at `last`.
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
