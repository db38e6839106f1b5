//! A stored event as the code of a program reads it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::{Deserialize, Serialize};

use super::EventView;
use crate::catalogue::Registry;
use crate::event::EventDescriptor;
use crate::panics;

/// A stored event as the code of a program reads it: handlers get this value.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use eventsource::admin::{DecodedView, EventView};
/// use eventsource::event::now;
/// use eventsource::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Deserialize)]
/// struct OrderPlacedV1 { total: u64 }
///
/// #[derive(Serialize, Deserialize, DomainEvent)]
/// #[event(aggregate = "Order", version = 2, from(OrderPlacedV1))]
/// struct OrderPlaced { cents: u64 }
///
/// impl From<OrderPlacedV1> for OrderPlaced {
///     fn from(old: OrderPlacedV1) -> Self { Self { cents: old.total * 100 } }
/// }
///
/// let order = StreamId::new("Order", uuid::Uuid::now_v7());
/// let stored = NewEvent::raw("OrderPlaced", 1, r#"{"total":3}"#).record(order, 1, Position::new(7), now());
/// let decoded = DecodedView::of(&Registry::of([OrderPlaced::DESCRIPTOR]), &EventView::of(&stored));
/// assert!(matches!(decoded, DecodedView::Read { version: 2, payload, .. } if payload == r#"{"cents":300}"#));
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum DecodedView {
    /// It is read.
    Read {
        /// The path of the Rust type.
        rust_type: String,
        /// The version of that type: an older stored version is converted to it.
        version: u32,
        /// The value, written as an event of this version: JSON.
        payload: String,
    },
    /// The program has no type that reads the stored type in the stored version.
    Unknown {},
    /// The stored payload cannot be read as the type, or the value cannot be written: a handler of it fails.
    Failed {
        /// The path of the Rust type.
        rust_type: String,
        /// Why.
        error: String,
    },
}

impl DecodedView {
    /// Reads an event as the types of `registry` do. A panic of the code that converts an older version is an error.
    #[must_use]
    pub fn of(registry: &Registry, event: &EventView) -> Self {
        let Some(descriptor) = registry.find(&event.event_type, event.schema_version) else { return Self::Unknown {} };
        let rust_type = descriptor.rust_type().to_owned();
        if let Some(error) = event.unreadable.clone() {
            return Self::Failed { rust_type, error };
        }
        let read = catch_unwind(AssertUnwindSafe(|| read(descriptor, event)));
        match read.unwrap_or_else(|panic| Err(format!("a panic: {}", panics::message(&*panic)))) {
            Ok(payload) => Self::Read { rust_type, version: descriptor.version(), payload },
            Err(error) => Self::Failed { rust_type, error },
        }
    }
}

fn read(descriptor: &EventDescriptor, event: &EventView) -> Result<String, String> {
    let decoded = descriptor.decode(event.schema_version, &event.payload);
    let decoded = decoded.ok_or_else(|| format!("version {} is not read", event.schema_version))?;
    let decoded = decoded.map_err(|error| error.to_string())?;
    let encoded = descriptor.encode(&decoded).ok_or("another type has read it")?;
    encoded.map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{DomainEvent, NewEvent, Position, StreamId, Unstorable, now};

    /// An event whose code panics.
    struct Panics;

    impl DomainEvent for Panics {
        const NAME: &'static str = "Panics";
        const VERSION: u32 = 1;
        const AGGREGATE: &'static str = "Order";
        const DESCRIPTOR: EventDescriptor =
            EventDescriptor::of::<Self>("Panics", (file!(), line!()), ("eventsource", "0.1.0"));

        fn encode(&self) -> Result<String, Unstorable> {
            Ok("{}".to_owned())
        }

        fn decode(payload: &str) -> Result<Self, serde_json::Error> {
            panic!("no order {payload}")
        }
    }

    #[test]
    fn panic_of_the_code_of_an_event_is_an_error() {
        let stream = StreamId::new("Order", uuid::Uuid::nil());
        let stored = NewEvent::raw("Panics", 1, "{}").record(stream, 1, Position::new(1), now());
        let decoded = DecodedView::of(&Registry::of([Panics::DESCRIPTOR]), &EventView::of(&stored));
        assert!(matches!(decoded, DecodedView::Failed { error, .. } if error == "a panic: no order {}"));
    }
}
