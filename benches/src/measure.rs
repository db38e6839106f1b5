//! How two ways of doing the same are compared: in turn, in one run.

use std::future::Future;
use std::time::Duration;

use crate::settings::Settings;

/// What a row of the table is to reach.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Reach {
    /// A rate of at least so much of the limit's.
    AtLeast(f64),
    /// A time of at most so much of the limit's.
    AtMost(f64),
    /// No rate is asked for.
    #[default]
    NoRate,
    /// No time is asked for.
    NoTime,
}

/// What both ways took, repeat by repeat.
#[derive(Debug, Clone, Default)]
pub struct Pairs {
    /// The limit's time and ours.
    pub times: Vec<(Duration, Duration)>,
}

/// The median of values, and the lowest and the highest of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// The value in the middle.
    pub median: f64,
    /// The lowest.
    pub min: f64,
    /// The highest.
    pub max: f64,
}

impl Spread {
    /// That of `values`, of which there is at least one.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        let median =
            if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) };
        Self { median, min: values[0], max: values[values.len() - 1] }
    }
}

impl Pairs {
    /// How often our time goes into the limit's: the ratio of the rates.
    #[must_use]
    pub fn rates(&self) -> Spread {
        Spread::of(self.times.iter().map(|(limit, ours)| limit.as_secs_f64() / ours.as_secs_f64()))
    }

    /// How often the limit's time goes into ours.
    #[must_use]
    pub fn ratio_of_times(&self) -> Spread {
        Spread::of(self.times.iter().map(|(limit, ours)| ours.as_secs_f64() / limit.as_secs_f64()))
    }

    /// The limit's times, in seconds.
    #[must_use]
    pub fn limit(&self) -> Spread {
        Spread::of(self.times.iter().map(|(limit, _)| limit.as_secs_f64()))
    }

    /// Our times, in seconds.
    #[must_use]
    pub fn ours(&self) -> Spread {
        Spread::of(self.times.iter().map(|(_, ours)| ours.as_secs_f64()))
    }
}

/// Does both in turn: once for nothing, so that caches and connections are there, then as often as the settings say. Each
/// call prepares what it needs, and returns the time that counts.
pub async fn compare<L, O>(settings: &Settings, mut limit: impl FnMut() -> L, mut ours: impl FnMut() -> O) -> Pairs
where
    L: Future<Output = Duration> + Send + 'static,
    O: Future<Output = Duration> + Send + 'static,
{
    let mut pairs = Pairs::default();
    for repeat in 0..=settings.repeats {
        // On the workers of the runtime, where a service runs as well.
        let times = (tokio::spawn(limit()).await.unwrap(), tokio::spawn(ours()).await.unwrap());
        if repeat > 0 || settings.tiny {
            pairs.times.push(times);
        }
        if settings.tiny {
            break;
        }
    }
    pairs
}
