//! How two ways of doing the same are compared: in turn, in one run.

use std::future::Future;
use std::time::Duration;

use crate::settings::Settings;

/// What both ways took, repeat by repeat.
#[derive(Debug, Clone, Default)]
pub struct Pairs {
    /// The limit's value and ours: seconds, or bytes.
    pub values: Vec<(f64, f64)>,
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
    /// How often our value goes into the limit's: of times it is the ratio of the rates.
    #[must_use]
    pub fn inverse(&self) -> Spread {
        Spread::of(self.values.iter().map(|(limit, ours)| limit / ours))
    }

    /// How often the limit's value goes into ours.
    #[must_use]
    pub fn ratio(&self) -> Spread {
        Spread::of(self.values.iter().map(|(limit, ours)| ours / limit))
    }

    /// The limit's values.
    #[must_use]
    pub fn limit(&self) -> Spread {
        Spread::of(self.values.iter().map(|(limit, _)| *limit))
    }

    /// Our values.
    #[must_use]
    pub fn ours(&self) -> Spread {
        Spread::of(self.values.iter().map(|(_, ours)| *ours))
    }
}

/// Does both in turn: once for nothing, so that caches and connections are there, then as often as the settings say. Each
/// call prepares what it needs, and returns the time that counts.
pub async fn compare<L, O>(settings: &Settings, mut limit: impl FnMut() -> L, mut ours: impl FnMut() -> O) -> Pairs
where
    L: Future<Output = Duration> + Send + 'static,
    O: Future<Output = Duration> + Send + 'static,
{
    let mut limit = || {
        let time = limit();
        async { [time.await] }
    };
    let mut ours = || {
        let time = ours();
        async { [time.await] }
    };
    let [pairs] = compare_all(settings, &mut limit, &mut ours).await;
    pairs
}

/// The same with several times a call.
pub async fn compare_all<L, O, const N: usize>(
    settings: &Settings,
    mut limit: impl FnMut() -> L,
    mut ours: impl FnMut() -> O,
) -> [Pairs; N]
where
    L: Future<Output = [Duration; N]> + Send + 'static,
    O: Future<Output = [Duration; N]> + Send + 'static,
{
    let mut pairs = [const { Pairs { values: Vec::new() } }; N];
    for repeat in 0..=settings.repeats {
        // On the workers of the runtime, where a service runs as well.
        let limit = tokio::spawn(limit()).await.unwrap();
        let ours = tokio::spawn(ours()).await.unwrap();
        if repeat > 0 {
            for (pairs, (limit, ours)) in pairs.iter_mut().zip(limit.into_iter().zip(ours)) {
                pairs.values.push((limit.as_secs_f64(), ours.as_secs_f64()));
            }
        }
    }
    pairs
}
