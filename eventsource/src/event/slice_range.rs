//! Ranges of slices.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Slice;

/// The slices of a partition, from the first to the last one, both included. [`ALL`](Self::ALL), the default, is the
/// range of a subscription that is not partitioned.
///
/// ```
/// use eventsource::event::{Slice, SliceRange};
///
/// let first_half = SliceRange::new(0, 511).ok_or("the range is empty or out of bounds")?;
/// assert!(first_half.contains(Slice::of_key("a")) && !first_half.is_all());
/// assert_eq!(first_half.to_string(), "0-511");
/// assert_eq!(SliceRange::new(0, 1_023), Some(SliceRange::ALL));
/// assert_eq!((SliceRange::new(7, 6), SliceRange::new(0, 1_024)), (None, None));
/// # Ok::<(), &str>(())
/// ```
///
/// Stored with serde, it is a map with `first` and `last`. To read a range that does not exist is an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct SliceRange {
    first: u16,
    last: u16,
}

impl SliceRange {
    /// All slices.
    pub const ALL: Self = Self { first: 0, last: Slice::COUNT - 1 };

    /// Returns the range from `first` to `last`, both included. `None` if `first` is after `last`, or `last` is not a
    /// slice.
    #[must_use]
    pub const fn new(first: u16, last: u16) -> Option<Self> {
        if first <= last && last < Slice::COUNT { Some(Self { first, last }) } else { None }
    }

    /// Returns the number of the first slice.
    #[must_use]
    pub const fn first(self) -> u16 {
        self.first
    }

    /// Returns the number of the last slice.
    #[must_use]
    pub const fn last(self) -> u16 {
        self.last
    }

    /// Returns whether the range has all slices.
    #[must_use]
    pub const fn is_all(self) -> bool {
        self.first == Self::ALL.first && self.last == Self::ALL.last
    }

    /// Returns whether `slice` is in the range.
    #[must_use]
    pub const fn contains(self, slice: Slice) -> bool {
        self.first <= slice.value() && slice.value() <= self.last
    }

    /// Returns whether the two ranges have a slice in common.
    #[must_use]
    pub const fn overlaps(self, other: Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

impl Default for SliceRange {
    fn default() -> Self {
        Self::ALL
    }
}

impl fmt::Display for SliceRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

/// A stored range before it is checked.
#[derive(Deserialize)]
struct Unchecked {
    first: u16,
    last: u16,
}

impl TryFrom<Unchecked> for SliceRange {
    type Error = NotARange;

    fn try_from(Unchecked { first, last }: Unchecked) -> Result<Self, NotARange> {
        Self::new(first, last).ok_or(NotARange { first, last })
    }
}

/// A stored range does not exist.
#[derive(Debug, thiserror::Error)]
#[error("{first}-{last} is no range of slices: it ends before it begins, or after {}, the last slice", Slice::COUNT - 1)]
struct NotARange {
    first: u16,
    last: u16,
}
