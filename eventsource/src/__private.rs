//! What generated code names, and nobody else: no part of it is covered by semver.

use std::future::Future;

pub use std::borrow::Cow;
pub use std::boxed::Box;
pub use std::result::Result;
pub use std::string::String;
pub use std::sync::Arc;

#[cfg(feature = "inventory")]
pub use inventory;

pub use crate::event::{DomainEvent, Event, EventDescriptor, RecordedEvent};
pub use crate::projection::{
    EventSubscriber, FromEvent, HandlerError, HandlerOutput, Inject, Kind, Subscriber, UnitOfWork,
};
pub use crate::store::EventFilter;
pub use serde_json;

/// Registers a descriptor in the catalogue, where the feature `inventory` is on.
#[cfg(feature = "inventory")]
#[doc(hidden)]
#[macro_export]
macro_rules! __submit {
    ($descriptor:expr) => {
        $crate::__private::inventory::submit! { $descriptor }
    };
}

/// Registers a descriptor in the catalogue, where the feature `inventory` is on.
#[cfg(not(feature = "inventory"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __submit {
    ($descriptor:expr) => {};
}

pub use crate::__submit as submit;

/// The typed view of `recorded`.
///
/// # Errors
/// A permanent one where it does not decode.
#[inline]
pub fn decode<E: DomainEvent>(recorded: &Arc<RecordedEvent>) -> Result<Event<E>, HandlerError> {
    Event::decode(recorded).map_err(HandlerError::permanent)
}

/// The future, which is checked to be `Send` here, so that the compiler's message points at the handler.
#[inline(always)]
pub fn require_send<F: Future + Send>(future: F) -> F {
    future
}

/// Fails to compile where two names are the same: two handlers for one event, one of them perhaps behind an alias.
pub const fn assert_distinct(names: &[&str]) {
    let mut later = 1;
    while later < names.len() {
        let mut earlier = 0;
        while earlier < later {
            assert!(
                !same(names[earlier], names[later]),
                "two methods of this projection handle the same event: keep one of them"
            );
            earlier += 1;
        }
        later += 1;
    }
}

/// Whether two texts are the same, at compile time.
pub const fn same(a: &str, b: &str) -> bool {
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
