//! The part of one stream in an append to several streams.

use super::ExpectedVersion;
#[cfg(feature = "_sql")]
use crate::event::Slice;
use crate::event::{NewEvent, StreamId};

/// The events for one stream in an append to several streams
/// ([`EventStore::append_all`](super::EventStore::append_all)).
///
/// ```
/// use eventsource::store::StreamAppend;
/// use eventsource::{ExpectedVersion, NewEvent, StreamId};
///
/// let stream = StreamId::new("Order", uuid::Uuid::now_v7());
/// let append = StreamAppend::new(stream, ExpectedVersion::NoStream, vec![NewEvent::raw("OrderPlaced", 1, "{}")]);
/// assert_eq!(append.events.len(), 1);
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct StreamAppend {
    /// The stream.
    pub stream: StreamId,
    /// The version that the stream must have.
    pub expected: ExpectedVersion,
    /// The events, in the order of their versions.
    pub events: Vec<NewEvent>,
}

impl StreamAppend {
    /// Creates an append of `events` to `stream`, which must have the version `expected`.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # use eventsource::{ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
    /// # let store = MemoryEventStore::new();
    /// # let order = StreamId::new("Order", uuid::Uuid::now_v7());
    /// # let events = vec![NewEvent::raw("OrderPlaced", 1, "{}"), NewEvent::raw("OrderPaid", 1, "{}")];
    /// # store.append(&order, ExpectedVersion::NoStream, events).await?;
    /// use eventsource::EventStore;
    /// use eventsource::store::StreamAppend;
    ///
    /// let paid = vec![NewEvent::raw("OrderPaid", 1, "{}")];
    /// store.append_all(vec![StreamAppend::new(order, ExpectedVersion::Exact(2), paid)]).await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub const fn new(stream: StreamId, expected: ExpectedVersion, events: Vec<NewEvent>) -> Self {
        Self { stream, expected, events }
    }

    /// Returns the slice of each event, in order. The slice of the stream is computed once.
    #[cfg(feature = "_sql")]
    pub(crate) fn slices(&self) -> impl Iterator<Item = Slice> {
        let of_stream = Slice::of_stream(&self.stream);
        self.events.iter().map(move |event| event.get_partition_key().map_or(of_stream, Slice::of_key))
    }
}
