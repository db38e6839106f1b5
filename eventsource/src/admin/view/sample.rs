//! The overview that a sampler read last.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{FORMAT, Overview};
use crate::event::now;

/// The overview as it was read last, and why it could not be read again since, if it could not.
///
/// ```
/// use eventsource::admin::OverviewSample;
///
/// fn heading(sample: &OverviewSample) -> String {
///     match (sample.age(), &sample.failure) {
///         (Some(age), Some(failure)) => format!("last sample {} s old: {failure}", age.as_secs()),
///         (None, Some(failure)) => format!("no sample yet: {failure}"),
///         (_, None) => String::new(),
///     }
/// }
/// assert_eq!(heading(&OverviewSample::default()), "");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OverviewSample {
    /// The version of this view as JSON: 1. Keys are added without a new version.
    pub format: u32,
    /// The time of this message.
    pub at: DateTime<Utc>,
    /// The overview that was read last. `None` before the first one is read.
    pub overview: Option<Overview>,
    /// Why the last attempt to read it failed. `None` if it did not fail.
    pub failure: Option<String>,
}

impl Default for OverviewSample {
    fn default() -> Self {
        Self { format: FORMAT, at: now(), overview: None, failure: None }
    }
}

impl OverviewSample {
    /// Returns how long ago the overview was read. `None` if it was not read yet.
    #[must_use]
    pub fn age(&self) -> Option<Duration> {
        let read_at = self.overview.as_ref()?.at;
        Some((now() - read_at).to_std().unwrap_or_default())
    }

    pub(in crate::admin) fn of(overview: Overview) -> Self {
        Self { overview: Some(overview), ..Self::default() }
    }

    /// Returns the same overview, which could not be read again.
    pub(in crate::admin) fn failed(&self, failure: String) -> Self {
        Self { overview: self.overview.clone(), failure: Some(failure), ..Self::default() }
    }
}
