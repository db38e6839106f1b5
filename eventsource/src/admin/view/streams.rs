//! The streams and the types of a log, as an operator sees them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::FORMAT;
use crate::event::{Position, StreamId};
use crate::store::{EventPlace, StoredType, StreamSummary, StreamSummaryPage};

/// A page of the streams of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StreamListView {
    /// The version of this view as JSON: 1. Keys are added without a new version.
    pub format: u32,
    /// The streams, by aggregate type and id.
    pub streams: Vec<StreamView>,
    /// Whether there can be more: the next page begins after the last one of these.
    pub more: bool,
}

impl StreamListView {
    pub(in crate::admin) fn of(page: StreamSummaryPage) -> Self {
        Self { format: FORMAT, streams: page.streams.into_iter().map(StreamView::of).collect(), more: page.is_full }
    }
}

/// A stream, without its events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StreamView {
    /// The stream.
    pub stream: StreamId,
    /// The version of its last event.
    pub version: u64,
    /// Its first event.
    pub first: PlaceView,
    /// Its last event.
    pub last: PlaceView,
}

impl StreamView {
    fn of(summary: StreamSummary) -> Self {
        let (first, last) = (PlaceView::of(summary.first), PlaceView::of(summary.last));
        Self { stream: summary.stream, version: summary.version, first, last }
    }
}

/// Where an event of a stream is in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PlaceView {
    /// Its position.
    pub position: Position,
    /// When it was stored. `None` if the time is not readable.
    pub recorded_at: Option<DateTime<Utc>>,
}

impl PlaceView {
    const fn of(place: EventPlace) -> Self {
        Self { position: place.position, recorded_at: place.recorded_at }
    }
}

/// A page of the event types of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EventTypesView {
    /// The version of this view as JSON: 1. Keys are added without a new version.
    pub format: u32,
    /// The types, by name, each with the position of its first event.
    pub types: Vec<StoredType>,
    /// Whether there can be more: the next page begins after the name of the last one of these.
    pub more: bool,
}
