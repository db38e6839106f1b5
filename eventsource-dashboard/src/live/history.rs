//! The last hour of each subscription, in intervals of 10 s.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use eventsource::admin::{Overview, SubscriptionView};
use serde::Serialize;

/// The length of an interval, and of what is remembered.
pub(crate) const INTERVAL: TimeDelta = TimeDelta::seconds(10);
pub(crate) const LENGTH: TimeDelta = TimeDelta::hours(1);

/// The largest number of subscriptions that are remembered. It takes about 10 MB for them.
const MOST_SUBSCRIPTIONS: usize = 1_024;

/// What is compared for a trend: the present with a minute ago, or with what is known from at least 20 s ago.
const AGO: TimeDelta = TimeDelta::seconds(60);
const SHORTEST: TimeDelta = TimeDelta::seconds(20);

/// A subscription that is behind and stays where it is makes no progress after this time.
const STUCK: TimeDelta = TimeDelta::seconds(60);

/// The end of the log and the positions of the subscriptions at one time.
struct Point {
    at: DateTime<Utc>,
    head: u64,
    positions: BTreeMap<Arc<str>, u64>,
    /// The positions of the next generations that are built.
    next: BTreeMap<Arc<str>, u64>,
}

/// The last hour, for all pages of this process.
#[derive(Default)]
pub(crate) struct History(Mutex<VecDeque<Point>>);

/// Where the log and a subscription were at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Moment {
    pub(crate) at: DateTime<Utc>,
    /// The last position of the log.
    pub(crate) head: u64,
    /// The position of the subscription.
    pub(crate) position: u64,
}

impl Moment {
    /// Returns how many positions the subscription was behind.
    pub(crate) const fn behind(&self) -> u64 {
        self.head.saturating_sub(self.position)
    }
}

/// How the number of positions behind changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "trend", rename_all = "snake_case")]
pub(crate) enum Trend {
    /// It is not known yet.
    Unknown {},
    /// The subscription is at the end of the log.
    CaughtUp {},
    Rising {
        before: u64,
    },
    Falling {
        before: u64,
    },
    Steady {},
}

impl History {
    fn points(&self) -> MutexGuard<'_, VecDeque<Point>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers an overview. Within an interval, the last one counts.
    pub(super) fn note(&self, overview: &Overview) {
        let mut points = self.points();
        // The clock of the process was set back.
        while points.back().is_some_and(|last| last.at > overview.at) {
            points.pop_back();
        }
        while points.front().is_some_and(|first| first.at <= overview.at - LENGTH) {
            points.pop_front();
        }
        let names = points.back().map(|last| last.positions.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
        let named = |name: &str| match names.binary_search_by(|known| (**known).cmp(name)) {
            Ok(at) => names.get(at).cloned().unwrap_or_else(|| name.into()),
            Err(_) => name.into(),
        };
        let views = overview.subscriptions.iter().take(MOST_SUBSCRIPTIONS);
        let next = views.clone().filter_map(|view| Some((named(&view.name), view.next_generation?.value()))).collect();
        let positions = views.map(|view| (named(&view.name), view.position.value())).collect();
        let number = |at: DateTime<Utc>| at.timestamp().div_euclid(INTERVAL.num_seconds());
        if points.back().is_some_and(|last| number(last.at) == number(overview.at)) {
            points.pop_back();
        }
        points.push_back(Point { at: overview.at, head: overview.head.value(), positions, next });
    }

    /// Returns whether something was remembered in the last interval.
    pub(super) fn is_current(&self) -> bool {
        let now = Utc::now();
        self.points().back().is_some_and(|last| last.at > now - INTERVAL && last.at <= now)
    }

    /// Returns the last hour of a subscription, the oldest first.
    pub(crate) fn of(&self, name: &str) -> Vec<Moment> {
        let points = self.points();
        let moment =
            |point: &Point| Some(Moment { at: point.at, head: point.head, position: *point.positions.get(name)? });
        points.iter().filter_map(moment).collect()
    }

    /// Returns since when a subscription that is behind has stayed at its position. `None`: it makes progress.
    pub(crate) fn stuck_since(&self, name: &str) -> Option<DateTime<Utc>> {
        stuck_since(&self.of(name))
    }

    /// Returns about how long the unfinished rebuild of a subscription takes, by its speed in the last minute.
    pub(crate) fn time_left(&self, view: &SubscriptionView) -> Option<TimeDelta> {
        let points = self.points();
        let name = &*view.name;
        match (view.rebuild_to, view.next_generation) {
            (Some(target), _) => {
                let places = points.iter().filter_map(|point| Some((point.at, *point.positions.get(name)?)));
                time_left(&places.collect::<Vec<_>>(), target.value())
            }
            (None, Some(_)) => {
                let places = points.iter().filter_map(|point| Some((point.at, *point.next.get(name)?)));
                time_left(&places.collect::<Vec<_>>(), view.position.value())
            }
            (None, None) => None,
        }
    }

    /// Returns how many events were appended in a minute, lately. `None`: it is not known yet.
    pub(crate) fn appended_a_minute(&self) -> Option<u64> {
        let points = self.points();
        let (last, before) = (points.back()?, before(points.iter().map(|point| point.at))?);
        let before = points.get(before)?;
        let seconds = (last.at - before.at).num_seconds().max(1).unsigned_abs();
        Some(last.head.saturating_sub(before.head) * 60 / seconds)
    }
}

/// Returns the index of the time that the last one is compared with.
fn before(times: impl DoubleEndedIterator<Item = DateTime<Utc>> + ExactSizeIterator + Clone) -> Option<usize> {
    let last = times.clone().next_back()?;
    // The latest one that is long enough ago, else the first one.
    let found = times.clone().rposition(|at| at <= last - AGO).unwrap_or(0);
    times.clone().nth(found).filter(|at| *at <= last - SHORTEST)?;
    Some(found)
}

fn stuck_since(moments: &[Moment]) -> Option<DateTime<Utc>> {
    let last = moments.last()?;
    let stays = |moment: &&Moment| moment.position == last.position && moment.behind() > 0;
    let first = moments.iter().rev().take_while(stays).last()?;
    Some(first.at).filter(|at| last.at - *at >= STUCK)
}

/// Returns how long it takes from the last place to the target, at the speed of the last minute.
fn time_left(places: &[(DateTime<Utc>, u64)], target: u64) -> Option<TimeDelta> {
    let (now, position) = *places.last()?;
    // Before the rebuild began, the position was a later one.
    let of_rebuild = places.iter().rev().take_while(|place| place.1 <= position && now - place.0 <= AGO);
    let (at, from) = *of_rebuild.last()?;
    let (seconds, done) = ((now - at).num_milliseconds() as f64 / 1_000.0, position.saturating_sub(from));
    if done == 0 || seconds <= 0.0 {
        return None;
    }
    let left = target.saturating_sub(position) as f64 * seconds / done as f64;
    TimeDelta::try_seconds(left.ceil() as i64)
}

/// Returns the trend of the last minute.
pub(crate) fn trend(moments: &[Moment]) -> Trend {
    let Some(last) = moments.last() else { return Trend::Unknown {} };
    let now = last.behind();
    if now == 0 {
        return Trend::CaughtUp {};
    }
    let found = before(moments.iter().map(|moment| moment.at)).and_then(|at| moments.get(at));
    let Some(before) = found.map(Moment::behind) else { return Trend::Unknown {} };
    // A few events more or less are no trend.
    let noise = (before / 20).max(1);
    if now > before + noise {
        Trend::Rising { before }
    } else if now + noise < before {
        Trend::Falling { before }
    } else {
        Trend::Steady {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(behind: &[u64]) -> Vec<Moment> {
        let moment = |(at, behind): (i64, &u64)| Moment {
            at: DateTime::UNIX_EPOCH + INTERVAL * i32::try_from(at).unwrap(),
            head: 1_000,
            position: 1_000 - behind,
        };
        (0..).zip(behind).map(moment).collect()
    }

    #[test]
    fn subscription_that_is_behind_and_stays_for_a_minute_makes_no_progress() {
        let since = DateTime::UNIX_EPOCH + INTERVAL;
        assert_eq!(stuck_since(&moments(&[0, 7, 7, 7, 7, 7, 7, 7])), Some(since));
        assert_eq!(stuck_since(&moments(&[0, 7, 7, 7, 7, 7, 7])), None, "50 s are too short");
        assert_eq!(stuck_since(&moments(&[7, 7, 7, 7, 7, 7, 7, 6])), None);
        assert_eq!(stuck_since(&moments(&[0; 9])), None, "it is at the end of the log");
        assert_eq!(stuck_since(&[]), None);
    }

    #[test]
    fn time_left_of_a_rebuild_is_told_by_its_speed() {
        let places = |positions: &[u64]| -> Vec<_> {
            let place = |(at, position): (i32, &u64)| (DateTime::UNIX_EPOCH + INTERVAL * at, *position);
            (0..).zip(positions).map(place).collect()
        };
        assert_eq!(time_left(&places(&[900, 100, 200, 300]), 1_000), Some(TimeDelta::seconds(70)));
        assert_eq!(time_left(&places(&[900, 100]), 1_000), None, "it has just begun");
        assert_eq!(time_left(&places(&[100, 100]), 1_000), None, "it stands still");
        assert_eq!(time_left(&places(&[100, 1_200]), 1_000), Some(TimeDelta::zero()), "it has passed its target");
    }

    #[test]
    fn trend_compares_with_a_minute_ago() {
        assert_eq!(trend(&[]), Trend::Unknown {});
        assert_eq!(trend(&moments(&[7, 7])), Trend::Unknown {}, "10 s are too short");
        assert_eq!(trend(&moments(&[7, 3, 0])), Trend::CaughtUp {});
        assert_eq!(trend(&moments(&[7, 3, 4, 7])), Trend::Steady {});
        assert_eq!(trend(&moments(&[7, 3, 40])), Trend::Rising { before: 7 });
        // The first one is 70 s ago: the second one counts.
        assert_eq!(trend(&moments(&[1, 200, 3, 4, 5, 6, 7, 100])), Trend::Falling { before: 200 });
    }
}
