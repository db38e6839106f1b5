//! Dead letters that a search finds, as an operator sees them.

use serde::{Deserialize, Serialize};

use super::FORMAT;
use crate::projection::{DeadLetter, LetterGroup, LetterGroups, LetterKey, LetterPage};

/// A page of the dead letters that a search finds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LetterPageView {
    /// The version of this view as JSON: 1. Keys are added without a new version.
    pub format: u32,
    /// The letters, by subscription and position. There can be fewer than the limit, even none, although more follow.
    pub letters: Vec<DeadLetter>,
    /// The key after which the next page begins. `None` if no letter follows.
    pub next: Option<LetterKey>,
}

impl LetterPageView {
    pub(in crate::admin) fn of(page: LetterPage) -> Self {
        Self { format: FORMAT, letters: page.letters, next: page.next }
    }
}

/// The dead letters that a search finds, counted by their error and their type of event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LetterGroupsView {
    /// The version of this view as JSON: 1. Keys are added without a new version.
    pub format: u32,
    /// The largest groups, at most 200, ordered by their number of letters.
    pub groups: Vec<LetterGroup>,
    /// Whether there are more groups.
    pub more_groups: bool,
    /// How many letters were found, in all groups: at most 10,001.
    pub letters: u64,
    /// Whether all letters were counted. If not, the numbers are lower bounds.
    pub is_exact: bool,
}

impl LetterGroupsView {
    pub(in crate::admin) fn of(groups: LetterGroups) -> Self {
        let LetterGroups { groups, more_groups, letters, is_exact } = groups;
        Self { format: FORMAT, groups, more_groups, letters, is_exact }
    }
}

/// How many dead letters a search finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LetterCountView {
    /// The version of this view as JSON: 1. Keys are added without a new version.
    pub format: u32,
    /// How many letters were counted: at most 10,001.
    pub letters: u64,
    /// Whether all letters were counted. If not, there are at least this many.
    pub is_exact: bool,
}

impl LetterCountView {
    pub(in crate::admin) const fn of(groups: &LetterGroupsView) -> Self {
        Self { format: FORMAT, letters: groups.letters, is_exact: groups.is_exact }
    }
}
