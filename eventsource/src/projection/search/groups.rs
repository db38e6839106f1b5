//! The dead letters that a search finds, counted by their error.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::projection::{DeadLetter, LetterCounts};

/// Dead letters with the same first line of the error and the same type of event.
///
/// ```
/// use eventsource::projection::LetterGroup;
///
/// fn line(group: &LetterGroup) -> String {
///     format!("{} letters of `{}`: {}", group.letters, group.event_type, group.error)
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LetterGroup {
    /// The [first line of the error](DeadLetter::error_line).
    pub error: String,
    /// The stored name of the events.
    pub event_type: String,
    /// How many letters.
    pub letters: u64,
    /// The earliest [`last_failed_at`](DeadLetter::last_failed_at) of them.
    pub oldest: DateTime<Utc>,
    /// The latest [`last_failed_at`](DeadLetter::last_failed_at) of them.
    pub newest: DateTime<Utc>,
}

impl LetterGroup {
    /// Creates a group.
    #[must_use]
    pub fn new(
        error: impl Into<String>,
        event_type: impl Into<String>,
        letters: u64,
        oldest: DateTime<Utc>,
        newest: DateTime<Utc>,
    ) -> Self {
        Self { error: error.into(), event_type: event_type.into(), letters, oldest, newest }
    }
}

/// The dead letters that a search finds, counted by their error. This is also how they are counted: see
/// [`letters`](Self::letters).
///
/// Counting stops after [`LetterCounts::MOST`] letters, and after as many letters as one request looks at. Then
/// [`is_exact`](Self::is_exact) is false, and the numbers are lower bounds.
///
/// ```
/// use eventsource::projection::LetterGroups;
///
/// let none = LetterGroups::default();
/// assert_eq!((none.letters, none.is_exact), (0, true));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LetterGroups {
    /// The largest groups, at most [`LetterGroups::MOST`], ordered by their number of letters, then by error and type.
    pub groups: Vec<LetterGroup>,
    /// Whether there are more groups.
    pub more_groups: bool,
    /// How many letters were found, in all groups.
    pub letters: u64,
    /// Whether all letters were counted.
    pub is_exact: bool,
}

impl Default for LetterGroups {
    fn default() -> Self {
        Self { groups: Vec::new(), more_groups: false, letters: 0, is_exact: true }
    }
}

impl LetterGroups {
    /// The largest number of groups that are returned: 200.
    pub const MOST: usize = 200;
}

/// Counts letters.
#[derive(Debug, Default)]
pub(crate) struct Counting {
    groups: BTreeMap<(String, String), LetterGroup>,
    letters: u64,
}

impl Counting {
    /// How many letters are counted before counting stops.
    const MOST: u64 = LetterCounts::MOST as u64;

    /// Counts `letter`.
    pub(crate) fn letter(&mut self, letter: &DeadLetter) {
        let at = letter.last_failed_at;
        let event_type = super::without_nul(&letter.event_type).into_owned();
        self.group(LetterGroup::new(letter.error_line(), event_type, 1, at, at));
    }

    /// Adds the letters of `group`.
    pub(crate) fn group(&mut self, group: LetterGroup) {
        self.letters += group.letters;
        let key = (group.error.clone(), group.event_type.clone());
        self.groups
            .entry(key)
            .and_modify(|found| {
                found.letters += group.letters;
                found.oldest = found.oldest.min(group.oldest);
                found.newest = found.newest.max(group.newest);
            })
            .or_insert(group);
    }

    /// Returns how many more letters are counted. With one more than [`LetterCounts::MOST`], counting stops.
    pub(crate) const fn room(&self) -> u64 {
        (Self::MOST + 1).saturating_sub(self.letters)
    }

    /// Returns what was counted. `is_exact` is whether every letter was looked at.
    pub(crate) fn end(self, is_exact: bool) -> LetterGroups {
        let mut groups: Vec<_> = self.groups.into_values().collect();
        // They are ordered by error and type.
        groups.sort_by_key(|group| Reverse(group.letters));
        let more_groups = groups.len() > LetterGroups::MOST;
        groups.truncate(LetterGroups::MOST);
        let is_exact = is_exact && self.letters <= Self::MOST;
        LetterGroups { groups, more_groups, letters: self.letters, is_exact }
    }
}
