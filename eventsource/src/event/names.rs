//! The stored names of event types and aggregate types.

use std::borrow::Cow;

/// A stored name: borrowed if it is a constant of the program, owned if it was read from a store.
pub(crate) type Name = Cow<'static, str>;

/// Compares two texts at compile time.
pub(crate) const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}
