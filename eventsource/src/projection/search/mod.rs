//! Searches for dead letters: by error, event type, stream, time, and whether they were dismissed.

mod found;
mod groups;
mod scan;
mod whole;

use std::borrow::Cow;

use chrono::{DateTime, Utc};
pub use found::{LetterKey, LetterPage};
pub(crate) use groups::Counting;
pub use groups::{LetterGroup, LetterGroups};
#[cfg(feature = "_sql")]
pub(crate) use scan::MOST_LOOKED_AT;
pub(crate) use scan::{LetterSource, find, group};
use serde::{Deserialize, Serialize};
pub use whole::WholeLetter;

use super::DeadLetter;
use crate::event::StreamId;

/// Which dead letters a search finds. All conditions must hold; the default has none and finds every letter.
///
/// [`CheckpointStore::find_letters`](super::CheckpointStore::find_letters) reads the letters in pages, and
/// [`CheckpointStore::letter_groups`](super::CheckpointStore::letter_groups) counts them by their error. Each request does
/// a bounded amount of work, whatever the number of letters is.
///
/// With serde it is a map of the conditions that are set. An unknown condition is an error: without it, more letters
/// would be found.
///
/// ```
/// use eventsource::projection::LetterSearch;
///
/// let search = LetterSearch::of("orders").waiting().event_type("OrderRefunded").error("no price");
/// let text = serde_json::to_string(&search)?;
/// assert_eq!(serde_json::from_str::<LetterSearch>(&text)?, search);
/// assert!(serde_json::from_str::<LetterSearch>(r#"{"colour": "red"}"#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct LetterSearch {
    /// The name of the subscription; `None`: of all subscriptions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscription: Option<String>,
    /// Only waiting or only dismissed letters; `None`: both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standing: Option<LetterStanding>,
    /// A text that [`DeadLetter::error_line`] contains, in the same case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The stored name of the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_type: Option<String>,
    /// The stream of the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<StreamId>,
    /// Only letters whose [`last_failed_at`](DeadLetter::last_failed_at) is this time or a later one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_from: Option<DateTime<Utc>>,
    /// Only letters whose [`last_failed_at`](DeadLetter::last_failed_at) is earlier than this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_before: Option<DateTime<Utc>>,
}

/// Whether a dead letter still parks its stream.
///
/// ```
/// use eventsource::projection::{LetterSearch, LetterStanding};
///
/// assert_eq!(LetterSearch::default().dismissed().standing, Some(LetterStanding::Dismissed));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LetterStanding {
    /// The letter is waiting or released, and its stream is parked behind it.
    Waiting,
    /// The letter was dismissed, by an operator or by the policy *skip*.
    Dismissed,
}

impl LetterSearch {
    /// Creates a search for all letters of the subscription `name`.
    #[must_use]
    pub fn of(name: impl Into<String>) -> Self {
        Self { subscription: Some(name.into()), ..Self::default() }
    }

    /// Finds only letters behind which streams are parked.
    #[must_use]
    pub const fn waiting(mut self) -> Self {
        self.standing = Some(LetterStanding::Waiting);
        self
    }

    /// Finds only dismissed letters.
    #[must_use]
    pub const fn dismissed(mut self) -> Self {
        self.standing = Some(LetterStanding::Dismissed);
        self
    }

    /// Finds only letters whose [`error_line`](DeadLetter::error_line) contains `text`, in the same case.
    #[must_use]
    pub fn error(mut self, text: impl Into<String>) -> Self {
        self.error = Some(text.into());
        self
    }

    /// Finds only letters of events with the stored name `name`.
    #[must_use]
    pub fn event_type(mut self, name: impl Into<String>) -> Self {
        self.event_type = Some(name.into());
        self
    }

    /// Finds only letters of events of `stream`.
    #[must_use]
    pub fn stream(mut self, stream: StreamId) -> Self {
        self.stream = Some(stream);
        self
    }

    /// Finds only letters that failed last at `time` or later, compared in microseconds.
    #[must_use]
    pub const fn failed_from(mut self, time: DateTime<Utc>) -> Self {
        self.failed_from = Some(time);
        self
    }

    /// Finds only letters that failed last before `time`, compared in microseconds.
    #[must_use]
    pub const fn failed_before(mut self, time: DateTime<Utc>) -> Self {
        self.failed_before = Some(time);
        self
    }

    /// Returns whether `letter` matches all conditions.
    ///
    /// ```
    /// use eventsource::projection::{DeadLetter, LetterSearch};
    ///
    /// fn refunds(letters: &[DeadLetter]) -> usize {
    ///     let search = LetterSearch::default().event_type("OrderRefunded");
    ///     letters.iter().filter(|letter| search.matches(letter)).count()
    /// }
    /// assert_eq!(refunds(&[]), 0);
    /// ```
    #[must_use]
    pub fn matches(&self, letter: &DeadLetter) -> bool {
        let Self { subscription, standing, error, event_type, stream, failed_from, failed_before } = self;
        let failed = letter.last_failed_at.timestamp_micros();
        subscription.as_ref().is_none_or(|name| *name == letter.subscription)
            && standing.is_none_or(|standing| (standing == LetterStanding::Waiting) == letter.parks())
            && error.as_ref().is_none_or(|text| letter.error_line().contains(&*without_nul(text)))
            && event_type.as_ref().is_none_or(|name| without_nul(name) == without_nul(&letter.event_type))
            && stream.as_ref().is_none_or(|stream| *stream == letter.stream)
            && failed_from.is_none_or(|time| failed >= time.timestamp_micros())
            && failed_before.is_none_or(|time| failed < time.timestamp_micros())
    }
}

/// Returns `text` as each database can store it: with U+FFFD in place of NUL.
pub(crate) fn without_nul(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text.into() }
}

impl DeadLetter {
    /// The largest length of [`error_line`](Self::error_line): 200 characters.
    pub const ERROR_LINE: usize = 200;

    /// Returns the first line of the last error of the handler, at most [`ERROR_LINE`](Self::ERROR_LINE) characters,
    /// with U+FFFD in place of NUL. It is empty for a released letter, which has not failed.
    ///
    /// Letters are searched and grouped by it. [`errors`](Self::errors) has the whole error and its causes.
    #[must_use]
    pub fn error_line(&self) -> String {
        let error = self.errors.first().map_or("", String::as_str);
        let line = error.split(['\n', '\r']).next().unwrap_or_default();
        without_nul(&line.chars().take(Self::ERROR_LINE).collect::<String>()).into_owned()
    }
}
