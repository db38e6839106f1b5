//! Dead letters.

mod around;
pub(super) mod bulk;
pub(super) mod list;
pub(super) mod one;
pub(crate) mod search;
pub(crate) mod totals;

/// The place of the navigation.
pub(super) const AT: &str = "/letters";
