//! The log itself: events in position order, and where each stream's events stand in it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::event::{NewEvent, Position, RecordedEvent, StreamId, now};
use crate::store::{AppendError, Appended, Backlog, Direction, EventFilter, ExpectedVersion, LogPage, ReadStream};

/// The event with the position `p` stands at the index `p - 1`.
#[derive(Debug, Default)]
pub(super) struct Log {
    events: Vec<Arc<RecordedEvent>>,
    streams: HashMap<StreamId, Vec<Arc<RecordedEvent>>>,
    ids: HashSet<Uuid>,
}

impl Log {
    pub(super) fn append(
        &mut self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        let actual = self.streams.get(stream).map_or(0, |events| events.len() as u64);
        if !expected.allows(actual) {
            return Err(AppendError::Conflict { stream: stream.clone(), expected, actual });
        }
        if let Some(taken) = events.iter().find(|event| self.ids.contains(&event.id())) {
            return Err(AppendError::DuplicateEvent { stream: stream.clone(), event_id: taken.id() });
        }
        let recorded_at = self.next_recorded_at();
        let head = self.head().value();
        let recorded: Vec<_> = (1..)
            .zip(events)
            .map(|(n, event)| Arc::new(event.record(stream.clone(), actual + n, Position::new(head + n), recorded_at)))
            .collect();
        self.ids.extend(recorded.iter().map(|event| event.id()));
        self.streams.entry(stream.clone()).or_default().extend(recorded.iter().cloned());
        self.events.extend(recorded.iter().cloned());
        Ok(Appended::new(recorded))
    }

    /// The clock may step back; stored times do not.
    fn next_recorded_at(&self) -> DateTime<Utc> {
        self.events.last().map_or_else(now, |last| now().max(last.recorded_at()))
    }

    pub(super) fn read_stream(&self, stream: &StreamId, read: ReadStream) -> Vec<Arc<RecordedEvent>> {
        let Some(events) = self.streams.get(stream) else { return Vec::new() };
        let wanted = events.iter().filter(|event| (read.lowest()..=read.highest()).contains(&event.version()));
        let most = read.most().unwrap_or(usize::MAX);
        match read.direction() {
            Direction::Forward => wanted.take(most).cloned().collect(),
            Direction::Backward => wanted.rev().take(most).cloned().collect(),
        }
    }

    pub(super) fn read_log(&self, after: Position, filter: &EventFilter, limit: usize) -> LogPage {
        let limit = limit.max(1);
        let events: Vec<_> =
            self.after(after).iter().filter(|event| filter.matches(event)).take(limit).cloned().collect();
        let horizon = match events.last() {
            Some(last) if events.len() == limit => last.position(),
            _ => self.head().max(after),
        };
        LogPage { events, horizon }
    }

    pub(super) fn head(&self) -> Position {
        Position::new(self.events.len() as u64)
    }

    pub(super) fn backlog(&self, after: Position) -> Backlog {
        let behind = self.after(after);
        Backlog { events: behind.len() as u64, oldest: behind.first().map(|event| event.recorded_at()) }
    }

    fn after(&self, position: Position) -> &[Arc<RecordedEvent>] {
        let index = usize::try_from(position.value()).unwrap_or(usize::MAX);
        self.events.get(index..).unwrap_or_default()
    }
}
