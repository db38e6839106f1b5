//! Stored names: of event types and of aggregate types.

use std::borrow::Cow;

/// A stored name: borrowed from the code where the code knows it, owned where it came from a store.
pub(crate) type Name = Cow<'static, str>;

/// Whether two texts are the same, at compile time.
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
