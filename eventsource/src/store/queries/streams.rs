//! The query for streams, and the page that answers it.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{MAX_QUERY_LIMIT, query_limit};
use crate::event::{Position, StreamId};

/// Selects streams for [`EventQueries::list_streams`](super::EventQueries::list_streams): of one aggregate type or of
/// all, after a stream, up to a limit.
///
/// ```
/// use eventsource::StreamId;
/// use eventsource::store::StreamQuery;
///
/// let last = StreamId::new("Order", uuid::Uuid::now_v7());
/// let query = StreamQuery::of_type("Order").after(&last).limit(50);
/// assert_eq!((query.aggregate_type(), query.max_count()), (Some("Order"), 50));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StreamQuery {
    aggregate_type: Option<String>,
    after: Option<StreamId>,
    limit: usize,
}

impl Default for StreamQuery {
    fn default() -> Self {
        Self::all()
    }
}

impl StreamQuery {
    /// Selects the streams of all aggregate types, up to [`MAX_QUERY_LIMIT`].
    ///
    /// # Examples
    /// ```
    /// use eventsource::store::{MAX_QUERY_LIMIT, StreamQuery};
    ///
    /// assert_eq!(StreamQuery::all().max_count(), MAX_QUERY_LIMIT);
    /// ```
    #[must_use]
    pub const fn all() -> Self {
        Self { aggregate_type: None, after: None, limit: MAX_QUERY_LIMIT }
    }

    /// Selects the streams of one aggregate type, up to [`MAX_QUERY_LIMIT`].
    ///
    /// # Examples
    /// ```
    /// use eventsource::store::StreamQuery;
    ///
    /// assert_eq!(StreamQuery::of_type("Order").aggregate_type(), Some("Order"));
    /// ```
    #[must_use]
    pub fn of_type(aggregate_type: impl Into<String>) -> Self {
        Self { aggregate_type: Some(aggregate_type.into()), ..Self::all() }
    }

    /// Begins after `stream` in the order of aggregate types and ids: for the next page, after the last stream of a
    /// page. The stream does not have to exist.
    ///
    /// # Examples
    /// ```
    /// use eventsource::StreamId;
    /// use eventsource::store::StreamQuery;
    ///
    /// let last = StreamId::new("Order", uuid::Uuid::now_v7());
    /// assert_eq!(StreamQuery::all().after(&last).after_stream(), Some(&last));
    /// ```
    #[must_use]
    pub fn after(mut self, stream: &StreamId) -> Self {
        self.after = Some(stream.clone());
        self
    }

    /// Sets the maximum number of streams, from 1 to [`MAX_QUERY_LIMIT`]. A larger value is lowered to it, and 0
    /// counts as 1.
    ///
    /// # Examples
    /// ```
    /// use eventsource::store::StreamQuery;
    ///
    /// assert_eq!(StreamQuery::all().limit(50).max_count(), 50);
    /// assert_eq!(StreamQuery::all().limit(1_000_000).max_count(), 200);
    /// ```
    #[must_use]
    pub const fn limit(mut self, limit: usize) -> Self {
        self.limit = query_limit(limit);
        self
    }

    /// Returns the aggregate type of the streams; `None` for all types.
    #[must_use]
    pub fn aggregate_type(&self) -> Option<&str> {
        self.aggregate_type.as_deref()
    }

    /// Returns the stream after which the page begins; `None` for the first page.
    #[must_use]
    pub const fn after_stream(&self) -> Option<&StreamId> {
        self.after.as_ref()
    }

    /// Returns the maximum number of streams, from 1 to [`MAX_QUERY_LIMIT`].
    #[must_use]
    pub const fn max_count(&self) -> usize {
        self.limit
    }

    /// Returns where the page begins: the aggregate type, and the id after which its streams are selected; `None` for
    /// all of them.
    pub(crate) fn start(&self) -> (&str, Option<Uuid>) {
        let aggregate_type = self.aggregate_type.as_deref().unwrap_or_default();
        match &self.after {
            Some(after) if after.aggregate_type() >= aggregate_type => {
                (after.aggregate_type(), Some(after.aggregate_id()))
            }
            _ => (aggregate_type, None),
        }
    }
}

/// The place of an event in the log, and its time.
///
/// ```
/// use eventsource::Position;
/// use eventsource::store::EventPlace;
///
/// assert_eq!(EventPlace::new(Position::new(7), None).position, Position::new(7));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct EventPlace {
    /// The position of the event.
    pub position: Position,
    /// The time at which the event was stored; `None` if the stored value is not a time.
    pub recorded_at: Option<DateTime<Utc>>,
}

impl EventPlace {
    /// Creates the place of an event. Used by stores.
    ///
    /// # Examples
    /// ```
    /// use eventsource::Position;
    /// use eventsource::store::EventPlace;
    ///
    /// let place = EventPlace::new(Position::new(7), Some(chrono::Utc::now()));
    /// assert!(place.recorded_at.is_some());
    /// ```
    #[must_use]
    pub const fn new(position: Position, recorded_at: Option<DateTime<Utc>>) -> Self {
        Self { position, recorded_at }
    }
}

/// A stored stream: its version, and the places of its first and its last event.
///
/// ```
/// use eventsource::store::{EventPlace, StreamSummary};
/// use eventsource::{Position, StreamId};
///
/// let order = StreamId::new("Order", uuid::Uuid::now_v7());
/// let [first, last] = [3, 7].map(|at| EventPlace::new(Position::new(at), None));
/// assert_eq!(StreamSummary::new(order, 2, first, last).version, 2);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct StreamSummary {
    /// The stream.
    pub stream: StreamId,
    /// The version of its last event, at least 1.
    pub version: u64,
    /// The place of its first event.
    pub first: EventPlace,
    /// The place of its last event.
    pub last: EventPlace,
}

impl StreamSummary {
    /// Creates the summary of `stream`, whose last event has the version `version`. Used by stores.
    ///
    /// # Examples
    /// ```
    /// use eventsource::store::{EventPlace, StreamSummary};
    /// use eventsource::{Position, StreamId};
    ///
    /// let place = EventPlace::new(Position::new(1), None);
    /// let summary = StreamSummary::new(StreamId::new("Order", uuid::Uuid::now_v7()), 1, place, place);
    /// assert_eq!(summary.first, summary.last);
    /// ```
    #[must_use]
    pub const fn new(stream: StreamId, version: u64, first: EventPlace, last: EventPlace) -> Self {
        Self { stream, version, first, last }
    }
}

/// A page of streams. [`EventQueries::list_streams`](super::EventQueries::list_streams) returns it.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use eventsource::MemoryEventStore;
/// use eventsource::store::{EventQueries, StreamQuery};
///
/// let page = MemoryEventStore::new().list_streams(&StreamQuery::all()).await?;
/// assert!(page.streams.is_empty() && !page.is_full);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamSummaryPage {
    /// The streams, ordered by aggregate type and id. The next page begins after the last one.
    pub streams: Vec<StreamSummary>,
    /// Whether the page ended at its limit. There can be more streams.
    pub is_full: bool,
}

impl StreamSummaryPage {
    /// Creates the page that answers `query`, which has `streams`. Used by stores.
    ///
    /// # Examples
    /// ```
    /// use eventsource::store::{StreamQuery, StreamSummaryPage};
    ///
    /// assert!(!StreamSummaryPage::new(Vec::new(), &StreamQuery::all()).is_full);
    /// ```
    #[must_use]
    pub const fn new(streams: Vec<StreamSummary>, query: &StreamQuery) -> Self {
        let is_full = streams.len() >= query.limit;
        Self { streams, is_full }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(aggregate_type: &'static str) -> StreamId {
        StreamId::new(aggregate_type, Uuid::from_u128(7))
    }

    #[test]
    fn stream_query_starts_at_the_later_of_its_type_and_its_last_stream() {
        let id = Some(Uuid::from_u128(7));
        assert_eq!(StreamQuery::all().start(), ("", None));
        assert_eq!(StreamQuery::all().after(&stream("Order")).start(), ("Order", id));
        assert_eq!(StreamQuery::of_type("Order").start(), ("Order", None));
        assert_eq!(StreamQuery::of_type("Order").after(&stream("Order")).start(), ("Order", id));
        assert_eq!(StreamQuery::of_type("Order").after(&stream("Customer")).start(), ("Order", None));
        assert_eq!(StreamQuery::of_type("Order").after(&stream("Zebra")).start(), ("Zebra", id));
    }

    #[test]
    fn query_limit_is_from_1_to_the_maximum() {
        assert_eq!([0, 1, 200, 201, usize::MAX].map(query_limit), [1, 1, 200, 200, 200]);
    }
}
