//! The log in memory: events in position order, with indexes on streams, ids and types.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Bound;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::event::{NewEvent, Position, RecordedEvent, StreamId, now};
use crate::store::clock::stored_at;
use crate::store::{
    AppendError, Appended, Backlog, BackwardPage, Direction, EventFilter, ExpectedVersion, LogId, LogMark, LogPage,
    PageLimit, ReadStream, StoredStream, StoredType, StreamAppend, StreamPage,
};

/// The event with the position `p` has the index `p - 1`.
#[derive(Debug)]
pub(super) struct Log {
    id: LogId,
    pub(super) events: Vec<Arc<RecordedEvent>>,
    /// The events of each stream, by aggregate type and id.
    pub(super) streams: BTreeMap<String, BTreeMap<Uuid, Vec<Arc<RecordedEvent>>>>,
    ids: HashMap<Uuid, Arc<RecordedEvent>>,
    /// The positions of the events of each type.
    pub(super) types: BTreeMap<String, Vec<Position>>,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            id: LogId::generate(),
            events: Vec::new(),
            streams: BTreeMap::new(),
            ids: HashMap::new(),
            types: BTreeMap::new(),
        }
    }
}

impl Log {
    pub(super) const fn id(&self) -> LogId {
        self.id
    }

    pub(super) fn last_event(&self, to: Position) -> Option<LogMark> {
        let index = usize::try_from(to.value()).unwrap_or(usize::MAX).min(self.events.len());
        self.events[..index].last().map(|event| LogMark::of(event))
    }

    /// Restores the state of the log when its head was `position`.
    #[cfg(feature = "testing")]
    pub(super) fn lose_after(&mut self, position: Position) {
        let index = usize::try_from(position.value()).unwrap_or(usize::MAX);
        for lost in self.events.drain(index.min(self.events.len())..) {
            self.ids.remove(&lost.id());
        }
        for streams in self.streams.values_mut() {
            streams.retain(|_, events| {
                events.retain(|event| event.position() <= position);
                !events.is_empty()
            });
        }
        for positions in self.types.values_mut() {
            positions.retain(|stored| *stored <= position);
        }
    }

    pub(super) fn append(
        &mut self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        self.check(stream, expected, &events)?;
        Ok(self.store(stream, events))
    }

    /// Appends to different streams: everything or nothing.
    pub(super) fn append_all(&mut self, appends: Vec<StreamAppend>) -> Result<Vec<Appended>, AppendError> {
        for StreamAppend { stream, expected, events } in &appends {
            self.check(stream, *expected, events)?;
        }
        Ok(appends.into_iter().map(|append| self.store(&append.stream, append.events)).collect())
    }

    fn check(&self, stream: &StreamId, expected: ExpectedVersion, events: &[NewEvent]) -> Result<(), AppendError> {
        let actual = self.stream(stream).len() as u64;
        if !expected.allows(actual) {
            return Err(AppendError::Conflict { stream: stream.clone(), expected, actual });
        }
        match events.iter().find(|event| self.ids.contains_key(&event.id())) {
            Some(taken) => Err(AppendError::DuplicateEvent { stream: stream.clone(), event_id: taken.id() }),
            None => Ok(()),
        }
    }

    fn store(&mut self, stream: &StreamId, events: Vec<NewEvent>) -> Appended {
        let recorded_at = self.next_recorded_at();
        let (head, version) = (self.head().value(), self.stream(stream).len() as u64);
        let recorded: Vec<_> = (1..)
            .zip(events)
            .map(|(n, event)| Arc::new(event.record(stream.clone(), version + n, Position::new(head + n), recorded_at)))
            .collect();
        self.ids.extend(recorded.iter().map(|event| (event.id(), Arc::clone(event))));
        recorded.iter().for_each(|event| self.note_type(event));
        self.stream_mut(stream).extend(recorded.iter().cloned());
        self.events.extend(recorded.iter().cloned());
        Appended::new(self.id, recorded)
    }

    fn note_type(&mut self, event: &RecordedEvent) {
        match self.types.get_mut(event.event_type()) {
            Some(positions) => positions.push(event.position()),
            None => drop(self.types.insert(event.event_type().to_owned(), vec![event.position()])),
        }
    }

    fn next_recorded_at(&self) -> DateTime<Utc> {
        stored_at(now(), self.events.last().map(|last| last.recorded_at()))
    }

    pub(super) fn read_stream(&self, stream: &StreamId, read: ReadStream) -> Vec<Arc<RecordedEvent>> {
        self.read_stream_page(stream, read, PageLimit::events(usize::MAX)).events
    }

    pub(super) fn read_stream_page(&self, stream: &StreamId, read: ReadStream, limit: PageLimit) -> StreamPage {
        let wanted = self
            .stream(stream)
            .iter()
            .filter(|event| (read.from_version()..=read.to_version()).contains(&event.version()));
        let most = read.max_count().unwrap_or(usize::MAX);
        let (events, is_full) = match read.direction() {
            Direction::Forward => limit.take(wanted.take(most).cloned()),
            Direction::Backward => limit.take(wanted.rev().take(most).cloned()),
        };
        StreamPage { events, is_full }
    }

    pub(super) fn read_log(&self, after: Position, filter: &EventFilter, limit: PageLimit) -> LogPage {
        let wanted = self.after(after).iter().filter(|event| filter.matches(event));
        let (events, is_full) = limit.take(wanted.cloned());
        let page = LogPage::new(events, is_full, self.head().max(after));
        let last = self.last_event(page.horizon);
        page.following(self.last_event(after)).up_to(last)
    }

    pub(super) fn event(&self, id: Uuid) -> Option<Arc<RecordedEvent>> {
        self.ids.get(&id).map(Arc::clone)
    }

    pub(super) fn read_log_back(
        &self,
        before: Option<Position>,
        filter: &EventFilter,
        limit: PageLimit,
    ) -> BackwardPage {
        let end =
            before.map_or(usize::MAX, |before| usize::try_from(before.value().saturating_sub(1)).unwrap_or(usize::MAX));
        let wanted = self.events[..end.min(self.events.len())].iter().rev().filter(|event| filter.matches(event));
        let (events, is_full) = limit.take(wanted.cloned());
        BackwardPage { events, is_full }
    }

    pub(super) fn streams(&self, aggregate_type: &str, after: Option<Uuid>, limit: usize) -> Vec<StoredStream> {
        let Some(streams) = self.streams.get(aggregate_type) else { return Vec::new() };
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let stored = |(id, events): (&Uuid, &Vec<_>)| {
            StoredStream::new(StreamId::new(aggregate_type.to_owned(), *id), events.len() as u64)
        };
        streams.range((from, Bound::Unbounded)).take(limit).map(stored).collect()
    }

    fn stream(&self, stream: &StreamId) -> &[Arc<RecordedEvent>] {
        let streams = self.streams.get(stream.aggregate_type());
        streams.and_then(|streams| streams.get(&stream.aggregate_id())).map(Vec::as_slice).unwrap_or_default()
    }

    fn stream_mut(&mut self, stream: &StreamId) -> &mut Vec<Arc<RecordedEvent>> {
        self.streams.entry(stream.aggregate_type().to_owned()).or_default().entry(stream.aggregate_id()).or_default()
    }

    pub(super) fn head(&self) -> Position {
        Position::new(self.events.len() as u64)
    }

    pub(super) fn backlog(&self, after: Position, limit: u64) -> Backlog {
        let behind = self.after(after);
        let first = behind.iter().take(Backlog::LOOKED_AT);
        Backlog { events: limit.min(behind.len() as u64), oldest: first.map(|event| event.recorded_at()).min() }
    }

    pub(super) fn event_types_except(
        &self,
        known: &[&str],
        after: Position,
        to: Position,
        limit: usize,
    ) -> Vec<StoredType> {
        let known: HashSet<_> = known.iter().copied().collect();
        let unknown = self.types.iter().filter(|(name, _)| !known.contains(name.as_str()));
        let mut found: Vec<_> = unknown
            .filter_map(|(name, positions)| {
                let first = positions.get(positions.partition_point(|position| *position <= after))?;
                (*first <= to).then(|| StoredType::new(name, *first))
            })
            .collect();
        found.sort_unstable_by_key(|stored| stored.first);
        found.truncate(limit);
        found
    }

    pub(super) fn after(&self, position: Position) -> &[Arc<RecordedEvent>] {
        let index = usize::try_from(position.value()).unwrap_or(usize::MAX);
        self.events.get(index..).unwrap_or_default()
    }
}
