//! Slices: the hash values by which events are divided into partitions.

use std::fmt;

use uuid::fmt::Hyphenated;

use super::StreamId;

/// The slice of an event: one of 1,024 hash values of its key, fixed for ever. A partition of a subscription reads a
/// [range](super::SliceRange) of slices.
///
/// The slice is FNV-1a with 32 bits over the bytes of the key, modulo 1,024. The key is the
/// [partition key](super::NewEvent::partition_key) of the event, in UTF-8. An event without one has the key of its
/// stream: the aggregate type, a hyphen, and the aggregate id in lower case with hyphens. So all events of a stream have
/// one slice, unless you set other keys.
///
/// The hash is a part of the stored format. Other programs that write into the log must compute the same values:
///
/// | key | slice |
/// | --- | --- |
/// | `Order-00000000-0000-0000-0000-000000000001` | 957 |
/// | `customer-42` | 446 |
/// | `a` | 300 |
/// | `ü` (the bytes C3 BC) | 74 |
/// | the empty key, which this crate does not store | 453 |
///
/// ```
/// use eventsource::event::Slice;
/// use eventsource::{NewEvent, StreamId};
/// use uuid::Uuid;
///
/// let order = StreamId::new("Order", Uuid::from_u128(1));
/// assert_eq!(Slice::of_stream(&order).value(), 957);
/// assert_eq!(Slice::of_key("customer-42").value(), 446);
/// let event = NewEvent::raw("OrderPlaced", 1, "{}");
/// assert_eq!(event.slice(&order), Slice::of_stream(&order));
/// assert_eq!(event.partition_key("customer-42").slice(&order), Slice::of_key("customer-42"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slice(u16);

/// FNV-1a with 32 bits.
const START: u32 = 0x811c_9dc5;

const fn hashed(mut hash: u32, bytes: &[u8]) -> u32 {
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u32).wrapping_mul(0x0100_0193);
        at += 1;
    }
    hash
}

impl Slice {
    /// The number of slices. It never changes.
    pub const COUNT: u16 = 1_024;

    /// Returns the slice with this number; `None` from 1,024 on.
    #[must_use]
    pub const fn new(value: u16) -> Option<Self> {
        if value < Self::COUNT { Some(Self(value)) } else { None }
    }

    /// Returns the slice of a partition key.
    #[must_use]
    pub const fn of_key(key: &str) -> Self {
        Self::of_hash(hashed(START, key.as_bytes()))
    }

    /// Returns the slice of the events of `stream` that have no partition key.
    #[must_use]
    pub fn of_stream(stream: &StreamId) -> Self {
        let mut id = [0; Hyphenated::LENGTH];
        let id = stream.aggregate_id().as_hyphenated().encode_lower(&mut id);
        let hash = hashed(hashed(START, stream.aggregate_type().as_bytes()), b"-");
        Self::of_hash(hashed(hash, id.as_bytes()))
    }

    #[allow(clippy::cast_possible_truncation, reason = "the value is below 1,024")]
    const fn of_hash(hash: u32) -> Self {
        Self((hash % Self::COUNT as u32) as u16)
    }

    /// Returns the number, from 0 to 1,023.
    #[must_use]
    pub const fn value(self) -> u16 {
        self.0
    }
}

impl PartialEq<u16> for Slice {
    fn eq(&self, other: &u16) -> bool {
        self.0 == *other
    }
}

impl fmt::Display for Slice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
