//! A binary search over the positions of a log for a time.

use chrono::{DateTime, Utc};

use crate::event::Position;

/// Finds the first event that was stored at or after a time.
///
/// Positions can have gaps. So each probe asks for the first event in a range, and whether that event is late enough.
#[derive(Debug)]
pub(crate) struct Bisection {
    /// All events before this position are too early.
    low: u64,
    /// No event from this position on is the result, except `found`.
    high: u64,
    found: Option<Position>,
}

/// A range of positions. Both ends belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Probe {
    pub(crate) from: Position,
    pub(crate) to: Position,
}

/// The first event of a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Probed {
    pub(crate) position: Position,
    /// Whether the event was stored at or after the time.
    pub(crate) is_late: bool,
}

impl Bisection {
    /// Begins a search over a log with this head.
    pub(crate) fn new(head: Position) -> Self {
        Self { low: 1, high: head.value().saturating_add(1), found: None }
    }

    /// Returns the next probe; `None` at the end of the search.
    pub(crate) fn probe(&self) -> Option<Probe> {
        let to = Position::new(self.high.checked_sub(1)?);
        (self.low < self.high).then(|| Probe { from: self.middle(), to })
    }

    /// Notes the first event of the last probe; `None` if the range has no event.
    pub(crate) fn note(&mut self, first: Option<Probed>) {
        match first {
            Some(Probed { position, is_late: false }) => self.low = position.value().saturating_add(1),
            Some(Probed { position, is_late: true }) => {
                self.found = Some(position);
                self.high = self.middle().value();
            }
            None => self.high = self.middle().value(),
        }
    }

    /// Returns the result.
    pub(crate) const fn found(self) -> Option<Position> {
        self.found
    }

    const fn middle(&self) -> Position {
        Position::new(self.low + (self.high - self.low) / 2)
    }
}

/// Returns the first microsecond at or after `time`, since 1970. Times are stored in microseconds.
pub(crate) fn micros_at(time: DateTime<Utc>) -> i64 {
    let is_between = !time.timestamp_subsec_nanos().is_multiple_of(1_000);
    time.timestamp_micros().saturating_add(i64::from(is_between))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Searches the events `(position, time)` for `time`. Returns the result and the number of probes.
    fn search(events: &[(u64, i64)], time: i64) -> (Option<u64>, usize) {
        let mut bisection = Bisection::new(Position::new(events.last().map_or(0, |last| last.0)));
        let mut probes = 0;
        while let Some(Probe { from, to }) = bisection.probe() {
            assert!(from <= to);
            let first = events.iter().find(|(position, _)| (from.value()..=to.value()).contains(position));
            bisection
                .note(first.map(|&(position, at)| Probed { position: Position::new(position), is_late: at >= time }));
            probes += 1;
        }
        (bisection.found().map(Position::value), probes)
    }

    #[test]
    fn bisection_finds_the_first_event_at_or_after_a_time_between_gaps() {
        let logs: [&[(u64, i64)]; 5] = [
            &[],
            &[(1, 10)],
            &[(5, 10), (6, 10), (7, 20)],
            &[(1, 10), (2, 20), (900, 30), (901, 30), (5_000, 40)],
            &[(281_474_976_710_654, 10), (281_474_976_710_655, 20)],
        ];
        for events in logs {
            for time in 0..50 {
                let expected = events.iter().find(|(_, at)| *at >= time).map(|(position, _)| *position);
                let (found, probes) = search(events, time);
                assert_eq!(found, expected, "{time} in {events:?}");
                assert!(probes <= 50, "{probes} probes");
            }
        }
    }

    #[test]
    fn bisection_of_times_that_step_back_ends_between_an_early_and_a_late_event() {
        let events: Vec<(u64, i64)> = (1..=500).map(|n| (n * 3, (n * 7 % 40 + n) as i64)).collect();
        for time in 0..600 {
            let (found, _) = search(&events, time);
            let Some(index) = events.iter().position(|(position, _)| Some(*position) == found) else { continue };
            assert!(events[index].1 >= time);
            assert!(index == 0 || events[index - 1].1 < time);
        }
    }

    #[test]
    fn micros_of_a_time_between_two_microseconds_are_rounded_up() {
        let at = |nanos| DateTime::from_timestamp(7, nanos).map(micros_at);
        assert_eq!([at(0), at(1), at(999), at(1_000)], [7_000_000, 7_000_001, 7_000_001, 7_000_001].map(Some));
        assert!(micros_at(DateTime::<Utc>::MAX_UTC) > micros_at(DateTime::<Utc>::MIN_UTC));
    }
}
