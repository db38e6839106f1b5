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
    use crate::projection::generation::is_reserved;

    #[test]
    fn key_of_all_slices_is_the_name_and_keys_of_parts_are_reserved() {
        assert_eq!(key("orders", SliceRange::ALL), "orders");
        let halves = [SliceRange::new(0, 511), SliceRange::new(512, 1_023)].map(Option::unwrap);
        for (half, expected) in halves.into_iter().zip(["orders~0-511", "orders~512-1023"]) {
            assert_eq!(key("orders", half), expected);
            assert!(is_reserved(expected));
        }
    }
}
