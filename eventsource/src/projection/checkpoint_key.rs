//! The keys under which checkpoints are stored.

use std::borrow::Cow;

use super::{CheckpointUpdate, Claim};
use crate::event::SliceRange;

/// Returns the key of the checkpoint that the subscription `name` has for `slices`: the name, and for a part the name
/// and the range.
///
/// So a process of an earlier version, which knows names only, finds the checkpoint of all slices and no other.
fn key(name: &str, slices: SliceRange) -> Cow<'_, str> {
    if slices.is_all() { Cow::Borrowed(name) } else { Cow::Owned(format!("{name}~{slices}")) }
}

/// Returns whether a checkpoint could have `name` as the key of a part. Such names are reserved.
pub(super) fn is_part(name: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let range = name.rsplit_once('~').and_then(|(_, range)| range.split_once('-'));
    range.is_some_and(|(first, last)| is_number(first) && is_number(last))
}

impl Claim<'_> {
    /// Returns the key of the checkpoint.
    pub(crate) fn key(&self) -> Cow<'_, str> {
        key(self.name, self.slices)
    }
}

impl CheckpointUpdate {
    /// Returns the key of the checkpoint.
    pub(crate) fn key(&self) -> Cow<'_, str> {
        key(&self.name, self.slices)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_of_all_slices_is_the_name_and_keys_of_parts_are_reserved() {
        assert_eq!(key("orders", SliceRange::ALL), "orders");
        let halves = [SliceRange::new(0, 511), SliceRange::new(512, 1_023)].map(Option::unwrap);
        for (half, expected) in halves.into_iter().zip(["orders~0-511", "orders~512-1023"]) {
            assert_eq!(key("orders", half), expected);
            assert!(is_part(expected));
        }
        for name in ["orders", "orders~next", "0-511", "orders-0-511", "~-1", "orders~1-", "orders~a-b", "orders~1"] {
            assert!(!is_part(name), "{name}");
        }
    }
}
