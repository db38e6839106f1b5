//! Stored names: of event types and of aggregate types.

use std::borrow::Cow;

/// A stored name: borrowed from the code where the code knows it, owned where it came from a store.
pub(crate) type Name = Cow<'static, str>;
