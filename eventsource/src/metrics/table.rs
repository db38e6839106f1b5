//! All metrics: their kinds, units and labels.

use std::fmt;

use super::names;

/// A metric of this crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MetricInfo {
    /// The name, with dots.
    pub name: &'static str,
    /// The kind.
    pub kind: Kind,
    /// The unit.
    pub unit: Unit,
    /// The keys of its labels.
    pub labels: &'static [&'static str],
    /// What it measures.
    pub description: &'static str,
}

/// The kind of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A number that only grows.
    Counter,
    /// A number at one moment.
    Gauge,
    /// The distribution of numbers.
    Histogram,
}

/// The unit of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// A number of things, such as events.
    Count(&'static str),
    /// A number without a unit, from 0 to 1.
    One,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        })
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seconds => f.write_str("s"),
            Self::Count(of) => write!(f, "{{{of}}}"),
            Self::One => f.write_str("1"),
        }
    }
}

impl MetricInfo {
    /// Returns the name in Prometheus: with `_` for each dot, `_seconds` after a time, and `_total` after a counter. A
    /// histogram has three series, which end with `_bucket`, `_sum` and `_count`.
    ///
    /// ```
    /// let duration = &eventsource::metrics::ALL[0];
    /// assert_eq!(duration.prometheus_name(), "eventsource_append_duration_seconds");
    /// ```
    #[must_use]
    pub fn prometheus_name(&self) -> String {
        let unit = if self.unit == Unit::Seconds { "_seconds" } else { "" };
        let kind = if self.kind == Kind::Counter { "_total" } else { "" };
        format!("{}{unit}{kind}", self.name.replace('.', "_"))
    }
}

const fn info(
    name: &'static str,
    kind: Kind,
    unit: Unit,
    labels: &'static [&'static str],
    description: &'static str,
) -> MetricInfo {
    MetricInfo { name, kind, unit, labels, description }
}

const EVENTS: Unit = Unit::Count("event");
const POSITIONS: Unit = Unit::Count("position");
const NAME: &[&str] = &[names::SUBSCRIPTION];
const NAME_AND_ERROR: &[&str] = &[names::SUBSCRIPTION, names::ERROR_TYPE];
const NAME_AND_KIND: &[&str] = &[names::SUBSCRIPTION, names::REBUILD_KIND];

/// All metrics of this crate.
pub const ALL: &[MetricInfo] = &[
    info(
        names::APPEND_DURATION,
        Kind::Histogram,
        Unit::Seconds,
        &[names::AGGREGATE_TYPE, names::ERROR_TYPE],
        "How long an append took.",
    ),
    info(names::APPEND_EVENTS, Kind::Counter, EVENTS, &[names::EVENT_TYPE], "Events that were appended."),
    info(
        names::LOAD_EVENTS,
        Kind::Histogram,
        EVENTS,
        &[names::AGGREGATE_TYPE],
        "Events that were replayed to load an aggregate.",
    ),
    info(
        names::EVENTS,
        Kind::Counter,
        EVENTS,
        &[names::SUBSCRIPTION, names::OUTCOME],
        "Events that a subscription has passed.",
    ),
    info(
        names::PROCESS_DURATION,
        Kind::Histogram,
        Unit::Seconds,
        NAME_AND_ERROR,
        "How long the handlers of a batch ran.",
    ),
    info(names::COMMIT_DURATION, Kind::Histogram, Unit::Seconds, NAME_AND_ERROR, "How long a commit took."),
    info(
        names::READ_DURATION,
        Kind::Histogram,
        Unit::Seconds,
        NAME,
        "How long a subscription waited for a page of the log.",
    ),
    info(names::BATCH_SIZE, Kind::Histogram, EVENTS, NAME, "Events in a batch."),
    info(
        names::DELAY,
        Kind::Histogram,
        Unit::Seconds,
        NAME,
        "The time from the append of the first event of a batch until it is visible in the read model.",
    ),
    info(
        names::ATTEMPTS_FAILED,
        Kind::Counter,
        Unit::Count("attempt"),
        NAME_AND_ERROR,
        "Attempts to apply a batch that have failed.",
    ),
    info(names::POSITION, Kind::Gauge, POSITIONS, NAME, "The position of a subscription."),
    info(names::LOG_HEAD, Kind::Gauge, POSITIONS, &[], "The furthest end of the log that this process has read."),
    info(names::LAG_EVENTS, Kind::Gauge, EVENTS, NAME, "Positions between a subscription and the end of the log."),
    info(
        names::LAG_TIME,
        Kind::Gauge,
        Unit::Seconds,
        NAME,
        "How long the first event that a subscription has not passed has waited.",
    ),
    info(
        names::STATE,
        Kind::Gauge,
        Unit::One,
        &[names::SUBSCRIPTION, names::STATE_NAME],
        "1 for the present state of a subscription, 0 for the others.",
    ),
    info(
        names::OWNED,
        Kind::Gauge,
        Unit::One,
        NAME,
        "1 in the process that owns the checkpoint of a subscription, 0 in the others.",
    ),
    info(names::LETTER_COUNT, Kind::Gauge, Unit::Count("letter"), NAME, "Dead letters that wait, in the owner."),
    info(names::LETTER_HELD, Kind::Gauge, EVENTS, NAME, "Events that wait behind dead letters, in the owner."),
    info(
        names::LETTER_OLDEST_AGE,
        Kind::Gauge,
        Unit::Seconds,
        NAME,
        "How long ago the dead letter with the first position failed for the first time, in the owner.",
    ),
    info(
        names::REBUILD_RATIO,
        Kind::Gauge,
        Unit::One,
        NAME_AND_KIND,
        "The part of a rebuild that is done, in positions.",
    ),
    info(
        names::REBUILD_TIME_LEFT,
        Kind::Gauge,
        Unit::Seconds,
        NAME_AND_KIND,
        "How long a rebuild will still take at its present rate.",
    ),
    info(
        names::HORIZON_HELD_TIME,
        Kind::Gauge,
        Unit::Seconds,
        &[],
        "How long the log could not be read further, because of an open append.",
    ),
    info(
        names::REQUESTS,
        Kind::Counter,
        Unit::Count("request"),
        &[names::ACTION, names::OUTCOME],
        "Requests of operators that a subscription of this process has answered.",
    ),
];

/// Describes all metrics to the recorder that is installed. [`Metrics::new`](super::Metrics::new) calls it.
pub fn describe() {
    for metric in ALL {
        let unit = match metric.unit {
            Unit::Seconds => ::metrics::Unit::Seconds,
            Unit::Count(_) | Unit::One => ::metrics::Unit::Count,
        };
        match metric.kind {
            Kind::Counter => ::metrics::describe_counter!(metric.name, unit, metric.description),
            Kind::Gauge => ::metrics::describe_gauge!(metric.name, unit, metric.description),
            Kind::Histogram => ::metrics::describe_histogram!(metric.name, unit, metric.description),
        }
    }
}
