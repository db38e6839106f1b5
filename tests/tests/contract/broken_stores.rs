//! Event stores, each broken in one place: every case of the contracts of logs and of event stores is failed by one of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use chrono::{DateTime, SubsecRound as _, TimeDelta};
use eventsource::store::{
    Backlog, BackwardPage, LogId, LogMark, StoredStream, StoredType, StreamAppend, StreamPage, WakeUpReceiver,
    WakeUpSender,
};
use eventsource::testing::contract::{Case, EVENT_LOG_CASES, run_on_event_log};
use eventsource::{
    AppendError, Appended, EventFilter, EventLog, EventStore, ExpectedVersion, LogPage, MemoryEventStore, Metadata,
    NewEvent, PageLimit, Position, ReadStream, RecordedEvent, StoreError, StreamId,
};
use uuid::Uuid;

use crate::killed::assert_each_case_is_killed;

/// What is broken in a store.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Broken {
    Nothing,
    /// An append that expects any version expects no stream.
    Any,
    /// An append does not look at the version.
    ExpectedVersion,
    /// An append stores 256 events at most.
    Long,
    /// Each event gets a new id.
    Ids,
    /// The events of an append are stored one by one.
    Atomicity,
    /// An append without events succeeds.
    Empty,
    /// An event does not know its aggregate type, and of a key nothing is stored.
    Foreign,
    /// An append answers its events in another order.
    Answer,
    /// The clock goes back.
    Clock,
    /// The answers for several streams are in another order.
    Answers,
    /// Several streams are appended to one after the other.
    Parts,
    /// The last part of an append to several streams is not stored.
    LastPart,
    /// A stream reads forward only.
    Backward,
    /// A stream reads to its end.
    To,
    /// A stream has no limit.
    StreamLimit,
    /// A stream is found by its id alone.
    Namesakes,
    /// The first page of a stream is the last one.
    StreamPage,
    /// A page of streams has any length.
    Streams,
    /// A schema version has 16 bits.
    SchemaVersion,
    /// Metadata is not stored.
    Metadata,
    /// Times are stored to the millisecond.
    Times,
    /// Payloads are stored as a JSON column does it.
    Payload,
    /// A value that cannot be stored is replaced.
    Values,
    /// One event of 50 is lost.
    Loss,
    /// A page of the log has any number of bytes.
    Bytes,
    /// A page of the log has any number of events.
    Pages,
    /// A page has all events.
    Filter,
    /// A page was searched to its last event only.
    Horizon,
    /// The head is one position further on.
    Head,
    /// A backlog is counted to its end.
    Backlog,
    /// All types are unknown.
    Types,
    /// Only a small event is found by its id.
    Event,
    /// Each page backwards begins at the end.
    Back,
    /// A page backwards has any number of bytes.
    BackBytes,
    /// Each question for the identity is answered by another one.
    Identity,
    /// The last event is that of the whole log.
    LastEvent,
    /// A page names an event before it that is not there.
    Marks,
    /// Listeners are not woken.
    Wakes,
}

const OF_LOGS: &[(Broken, &str)] = &[
    (Broken::Bytes, "a_page_of_the_log_ends_at_its_bytes"),
    (Broken::Bytes, "an_event_larger_than_a_page_is_read_alone"),
    (Broken::Pages, "the_log_reads_in_pages"),
    (Broken::Filter, "a_filter_by_event_type_is_applied"),
    (Broken::Filter, "a_filter_by_aggregate_type_is_applied"),
    (Broken::Filter, "a_filter_by_tenant_is_applied"),
    (Broken::Filter, "the_parts_of_a_filter_are_joined"),
    (Broken::Filter, "a_filter_may_be_long"),
    (Broken::Horizon, "the_horizon_tells_how_far_was_searched"),
    (Broken::Head, "the_head_is_the_last_position"),
    (Broken::Backlog, "the_backlog_counts_all_events"),
    (Broken::Types, "types_that_are_not_known_are_found"),
    (Broken::Event, "an_event_is_found_by_its_id"),
    (Broken::Back, "the_log_reads_backwards"),
    (Broken::BackBytes, "a_page_read_backwards_ends_at_its_bytes"),
    (Broken::Foreign, "an_event_has_the_slice_of_its_key"),
    (Broken::Identity, "the_log_has_one_identity"),
    (Broken::LastEvent, "the_last_event_is_found"),
    (Broken::Marks, "a_page_tells_the_events_around_it"),
    (Broken::Wakes, "an_append_wakes_who_listens"),
];

const OF_STORES: &[(Broken, &str)] = &[
    (Broken::Any, "any_version_is_always_allowed"),
    (Broken::ExpectedVersion, "no_stream_is_allowed_once"),
    (Broken::ExpectedVersion, "an_existing_stream_must_exist"),
    (Broken::ExpectedVersion, "an_exact_version_must_be_the_streams"),
    (Broken::ExpectedVersion, "a_stale_version_is_a_conflict"),
    (Broken::Long, "any_number_of_events_is_one_append"),
    (Broken::Ids, "a_stored_id_is_refused"),
    (Broken::Ids, "an_id_twice_in_one_append_is_refused"),
    (Broken::Atomicity, "a_refused_append_leaves_nothing"),
    (Broken::Empty, "an_empty_append_is_refused"),
    (Broken::Foreign, "an_event_of_another_aggregate_is_refused"),
    (Broken::Answer, "the_answer_is_what_is_stored"),
    (Broken::Clock, "positions_and_versions_increase"),
    (Broken::Answers, "several_streams_are_appended_as_one"),
    (Broken::Parts, "a_refused_part_leaves_nothing_of_the_others"),
    (Broken::Parts, "parts_that_no_store_takes_are_refused"),
    (Broken::LastPart, "opposite_orders_of_streams_lose_nothing"),
    (Broken::Backward, "a_stream_reads_in_both_directions"),
    (Broken::To, "a_stream_reads_from_and_to_a_version"),
    (Broken::StreamLimit, "a_stream_reads_up_to_a_limit"),
    (Broken::Namesakes, "an_absent_stream_has_no_events"),
    (Broken::StreamPage, "a_page_of_a_stream_ends_at_its_events"),
    (Broken::Ids, "a_repeated_command_answers_the_first_result"),
    (Broken::Ids, "a_command_executed_at_the_same_time_is_stored_once"),
    (Broken::ExpectedVersion, "the_event_of_a_refused_append_is_not_found"),
    (Broken::Streams, "streams_of_a_type_are_listed_by_pages"),
    (Broken::SchemaVersion, "an_event_comes_back_as_it_was"),
    (Broken::Metadata, "metadata_comes_back_as_it_was"),
    (Broken::Times, "times_come_back_to_the_microsecond"),
    (Broken::Payload, "payloads_come_back_to_the_byte"),
    (Broken::Values, "nested_values_come_back_or_are_refused"),
    (Broken::Values, "values_that_json_does_not_have_are_refused"),
    (Broken::Values, "names_that_not_every_store_holds_are_refused"),
    (Broken::Values, "times_come_back_as_normalised_or_are_refused"),
    (Broken::ExpectedVersion, "one_writer_wins_each_version"),
    (Broken::Loss, "many_writers_lose_nothing"),
    (Broken::Atomicity, "a_reader_sees_whole_appends_and_skips_nothing"),
];

#[derive(Clone)]
struct BrokenStore {
    inner: MemoryEventStore,
    broken: Broken,
    appended: Arc<AtomicUsize>,
}

impl BrokenStore {
    fn new(broken: Broken) -> Self {
        Self { inner: MemoryEventStore::new(), broken, appended: Arc::default() }
    }

    /// Returns the event as it is stored; `None` if it is lost.
    fn stored(&self, event: NewEvent) -> Option<NewEvent> {
        let (mut metadata, mut occurred_at) = (event.metadata().clone(), event.occurred_at());
        let (mut schema_version, mut payload) = (event.schema_version(), event.payload().to_owned());
        match self.broken {
            Broken::Ids => return Some(event.with_id(Uuid::now_v7())),
            Broken::Loss if self.appended.fetch_add(1, Ordering::Relaxed) % 50 == 49 => return None,
            Broken::Foreign => {}
            Broken::SchemaVersion => schema_version &= 0xffff,
            Broken::Metadata => metadata = Metadata::new(),
            Broken::Times => occurred_at = occurred_at.trunc_subsecs(3),
            Broken::Payload => {
                let value = serde_json::from_str::<serde_json::Value>(&payload);
                payload = value.map_or(payload, |value| value.to_string());
            }
            _ => return Some(event),
        }
        let stored = NewEvent::raw(event.event_type().to_owned(), schema_version, payload).with_id(event.id());
        Some(stored.with_metadata(metadata).with_occurred_at(occurred_at))
    }

    /// Appends the events one by one.
    async fn append_each(
        &self,
        stream: &StreamId,
        mut expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        eventsource::store::check_append(stream, &events)?;
        let mut appended = Vec::new();
        for event in events {
            appended.extend_from_slice(self.inner.append(stream, expected, vec![event]).await?.events());
            expected = ExpectedVersion::Any;
            tokio::task::yield_now().await;
        }
        Ok(Appended::new(self.inner.log_id().await?, appended))
    }

    /// Returns the answer to an append.
    fn answer(&self, appended: Appended) -> Appended {
        let mut events = appended.events().to_vec();
        match self.broken {
            Broken::Answer => events.reverse(),
            Broken::Clock => {
                for event in &mut events {
                    let mut parts = event.parts().clone();
                    let position = i64::try_from(parts.position.value()).unwrap();
                    parts.recorded_at = DateTime::UNIX_EPOCH - TimeDelta::seconds(position);
                    *event = Arc::new(RecordedEvent::from(parts));
                }
            }
            _ => return appended,
        }
        Appended::new(appended.log(), events)
    }
}

#[async_trait]
impl EventLog for BrokenStore {
    async fn read_log(&self, after: Position, filter: &EventFilter, limit: PageLimit) -> Result<LogPage, StoreError> {
        let all = EventFilter::all();
        let (filter, limit) = match self.broken {
            Broken::Filter => (&all, limit),
            Broken::Bytes => (filter, PageLimit::events(limit.events)),
            Broken::Pages => (filter, PageLimit::events(1_000)),
            _ => (filter, limit),
        };
        let mut page = self.inner.read_log(after, filter, limit).await?;
        match self.broken {
            Broken::Horizon => page.horizon = page.events.last().map_or(after, |last| last.position()),
            Broken::Marks => page.before = Some(LogMark::new(after, Uuid::nil())),
            _ => {}
        }
        Ok(page)
    }

    async fn head(&self) -> Result<Position, StoreError> {
        let head = self.inner.head().await?;
        Ok(if self.broken == Broken::Head { Position::new(head.value() + 1) } else { head })
    }

    async fn log_id(&self) -> Result<LogId, StoreError> {
        if self.broken == Broken::Identity { Ok(LogId::generate()) } else { self.inner.log_id().await }
    }

    async fn last_event(&self, to: Position) -> Result<Option<LogMark>, StoreError> {
        let to = if self.broken == Broken::LastEvent { Position::new(u64::MAX) } else { to };
        self.inner.last_event(to).await
    }

    async fn backlog(&self, after: Position, limit: u64) -> Result<Backlog, StoreError> {
        self.inner.backlog(after, if self.broken == Broken::Backlog { u64::MAX } else { limit }).await
    }

    async fn event_types_except(
        &self,
        known: &[&str],
        after: Position,
        to: Position,
        limit: usize,
    ) -> Result<Vec<StoredType>, StoreError> {
        let known = if self.broken == Broken::Types { &[] } else { known };
        self.inner.event_types_except(known, after, to, limit).await
    }

    async fn event(&self, id: Uuid) -> Result<Option<Arc<RecordedEvent>>, StoreError> {
        let found = self.inner.event(id).await?;
        Ok(found.filter(|event| self.broken != Broken::Event || event.size() < 10_000))
    }

    async fn read_log_back(
        &self,
        before: Option<Position>,
        filter: &EventFilter,
        limit: PageLimit,
    ) -> Result<BackwardPage, StoreError> {
        match self.broken {
            Broken::Back => self.inner.read_log_back(None, filter, limit).await,
            Broken::BackBytes => self.inner.read_log_back(before, filter, PageLimit::events(limit.events)).await,
            _ => self.inner.read_log_back(before, filter, limit).await,
        }
    }

    async fn read_stream_page(
        &self,
        stream: &StreamId,
        read: ReadStream,
        limit: PageLimit,
    ) -> Result<StreamPage, StoreError> {
        let mut page = self.inner.read_stream_page(stream, read, limit).await?;
        page.is_full &= self.broken != Broken::StreamPage;
        Ok(page)
    }

    fn wake_ups(&self) -> Option<WakeUpReceiver> {
        if self.broken == Broken::Wakes { Some(WakeUpSender::new().listen()) } else { self.inner.wake_ups() }
    }
}

#[async_trait]
impl EventStore for BrokenStore {
    async fn append(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        let (mut expected, mut events) = (expected, events);
        if self.broken == Broken::Empty && events.is_empty() {
            return Ok(Appended::new(self.inner.log_id().await?, Vec::new()));
        }
        events = events.into_iter().filter_map(|event| self.stored(event)).collect();
        match self.broken {
            Broken::Any if expected == ExpectedVersion::Any => expected = ExpectedVersion::NoStream,
            Broken::ExpectedVersion => expected = ExpectedVersion::Any,
            Broken::Long => events.truncate(256),
            Broken::Atomicity => return self.append_each(stream, expected, events).await,
            _ => {}
        }
        match self.inner.append(stream, expected, events).await {
            Err(AppendError::Unstorable { .. }) if self.broken == Broken::Values => {
                let (stream, event) = (StreamId::new("Order", Uuid::now_v7()), NewEvent::raw("Replaced", 1, "{}"));
                self.inner.append(&stream, ExpectedVersion::Any, vec![event]).await
            }
            appended => Ok(self.answer(appended?)),
        }
    }

    async fn append_all(&self, mut appends: Vec<StreamAppend>) -> Result<Vec<Appended>, AppendError> {
        let mut answered = Vec::new();
        if self.broken == Broken::Parts {
            for StreamAppend { stream, expected, events, .. } in appends {
                answered.push(self.inner.append(&stream, expected, events).await?);
            }
            return Ok(answered);
        }
        if self.broken == Broken::LastPart && appends.pop().is_some() {
            answered.push(Appended::new(self.inner.log_id().await?, Vec::new()));
        }
        let mut appended = self.inner.append_all(appends).await?;
        appended.extend(answered);
        if self.broken == Broken::Answers {
            appended.reverse();
        }
        Ok(appended)
    }

    async fn read_stream(&self, stream: &StreamId, read: ReadStream) -> Result<Vec<Arc<RecordedEvent>>, StoreError> {
        let forward = ReadStream::forward().from(read.from_version()).to(read.to_version());
        let read = match self.broken {
            Broken::Backward => read.max_count().map_or(forward, |count| forward.limit(count)),
            Broken::To => read.to(u64::MAX),
            Broken::StreamLimit => read.limit(usize::MAX),
            _ => read,
        };
        let events = self.inner.read_stream(stream, read).await?;
        if events.is_empty() && self.broken == Broken::Namesakes {
            return self.inner.read_stream(&StreamId::new("Order", stream.aggregate_id()), read).await;
        }
        Ok(events)
    }

    async fn streams(
        &self,
        aggregate_type: &str,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<StoredStream>, StoreError> {
        self.inner.streams(aggregate_type, after, if self.broken == Broken::Streams { usize::MAX } else { limit }).await
    }
}

/// The clock is paused: a case that waits for what never happens ends at once.
#[tokio::test(start_paused = true)]
async fn each_case_of_event_stores_is_failed_by_a_broken_store() {
    let cases: Vec<_> = Case::all().iter().map(Case::name).collect();
    let fails = async |case, broken| match Case::named(case) {
        Some(case) => case.run(Arc::new(BrokenStore::new(broken))).await.is_err(),
        None => false,
    };
    assert_each_case_is_killed(&cases, Broken::Nothing, &[OF_LOGS, OF_STORES].concat(), fails).await;
}

#[tokio::test(start_paused = true)]
async fn each_case_of_logs_is_failed_by_a_broken_log() {
    let fails = async |case, broken| {
        let log = BrokenStore::new(broken);
        run_on_event_log(case, &(log.clone(), log)).await.is_err()
    };
    assert_each_case_is_killed(EVENT_LOG_CASES, Broken::Nothing, OF_LOGS, fails).await;
}
