//! The metrics of the write side.

use std::collections::BTreeMap;

use ::metrics::{counter, histogram};

use super::{Metrics, names};
use crate::store::{AppendSeen, LoadSeen, WriteObserver};

impl WriteObserver for Metrics {
    fn appended(&self, seen: &AppendSeen<'_>) {
        let aggregate_type = seen.aggregate_type.unwrap_or(names::OTHER).to_owned();
        let duration = match seen.failure {
            None => histogram!(names::APPEND_DURATION, names::AGGREGATE_TYPE => aggregate_type),
            Some(failure) => histogram!(
                names::APPEND_DURATION,
                names::AGGREGATE_TYPE => aggregate_type,
                names::ERROR_TYPE => failure.as_str()
            ),
        };
        duration.record(seen.duration);
        let mut counts = BTreeMap::<&str, u64>::new();
        for event_type in seen.event_types {
            let known = self.0.event_types.get(*event_type).map_or(names::OTHER, String::as_str);
            *counts.entry(known).or_default() += 1;
        }
        for (event_type, count) in counts {
            counter!(names::APPEND_EVENTS, names::EVENT_TYPE => event_type.to_owned()).increment(count);
        }
    }

    fn loaded(&self, seen: &LoadSeen<'_>) {
        histogram!(names::LOAD_EVENTS, names::AGGREGATE_TYPE => seen.aggregate_type.to_owned())
            .record(seen.events as f64);
    }
}
