//! A recorder of metrics that a test reads.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};

/// Keeps the values of all series. Clones are the same recorder.
#[derive(Clone, Default)]
pub(crate) struct Recorded(Arc<Mutex<Values>>);

#[derive(Default)]
struct Values {
    series: BTreeMap<Series, Vec<f64>>,
    described: BTreeMap<String, (&'static str, Option<Unit>)>,
}

/// A kind, a name, and labels that are ordered by key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Series {
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    pub(crate) labels: BTreeMap<String, String>,
}

/// One series of the recorder.
struct Handle {
    series: Series,
    recorded: Recorded,
}

impl Recorded {
    fn handle(&self, kind: &'static str, key: &Key) -> Arc<Handle> {
        let labels = key.labels().map(|label| (label.key().to_owned(), label.value().to_owned())).collect();
        Arc::new(Handle { series: Series { kind, name: key.name().to_owned(), labels }, recorded: self.clone() })
    }

    /// Returns the numbers that were written to a series: the sum of a counter, the last of a gauge, all of a histogram.
    pub(crate) fn values(&self, name: &str, labels: &[(&str, &str)]) -> Vec<f64> {
        let values = self.0.lock().unwrap();
        let has_labels = |series: &Series| {
            series.name == name
                && series.labels.len() == labels.len()
                && labels.iter().all(|(key, value)| series.labels.get(*key).is_some_and(|found| found == value))
        };
        values.series.iter().filter(|(series, _)| has_labels(series)).flat_map(|(_, values)| values.clone()).collect()
    }

    /// Returns the only number of a series, and 0 if it was never written.
    pub(crate) fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let values = self.values(name, labels);
        assert!(values.len() <= 1, "{name} {labels:?}: {values:?}");
        values.first().copied().unwrap_or_default()
    }

    pub(crate) fn series(&self) -> BTreeSet<Series> {
        self.0.lock().unwrap().series.keys().cloned().collect()
    }

    pub(crate) fn described(&self) -> BTreeMap<String, (&'static str, Option<Unit>)> {
        self.0.lock().unwrap().described.clone()
    }

    fn describe(&self, kind: &'static str, key: &KeyName, unit: Option<Unit>) {
        self.0.lock().unwrap().described.insert(key.as_str().to_owned(), (kind, unit));
    }
}

impl Handle {
    fn write(&self, change: impl FnOnce(&mut Vec<f64>)) {
        change(self.recorded.0.lock().unwrap().series.entry(self.series.clone()).or_default());
    }
}

impl CounterFn for Handle {
    fn increment(&self, value: u64) {
        self.write(|values| *values = vec![values.first().copied().unwrap_or_default() + value as f64]);
    }

    fn absolute(&self, value: u64) {
        self.write(|values| *values = vec![value as f64]);
    }
}

impl GaugeFn for Handle {
    fn increment(&self, _: f64) {
        panic!("the gauges are set");
    }

    fn decrement(&self, _: f64) {
        panic!("the gauges are set");
    }

    fn set(&self, value: f64) {
        self.write(|values| *values = vec![value]);
    }
}

impl HistogramFn for Handle {
    fn record(&self, value: f64) {
        self.write(|values| values.push(value));
    }
}

impl Recorder for Recorded {
    fn describe_counter(&self, key: KeyName, unit: Option<Unit>, _: SharedString) {
        self.describe("counter", &key, unit);
    }

    fn describe_gauge(&self, key: KeyName, unit: Option<Unit>, _: SharedString) {
        self.describe("gauge", &key, unit);
    }

    fn describe_histogram(&self, key: KeyName, unit: Option<Unit>, _: SharedString) {
        self.describe("histogram", &key, unit);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.handle("counter", key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.handle("gauge", key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.handle("histogram", key))
    }
}
