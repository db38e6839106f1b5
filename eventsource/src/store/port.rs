//! The event store's port, and the laws that bind who implements it.

use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use super::{
    AppendError, Appended, Backlog, BackwardPage, EventFilter, ExpectedVersion, LogId, LogMark, LogPage, LogStall,
    PageLimit, ReadStream, StoreError, StoredStream, StoredType, StreamAppend, StreamPage, WakeUpReceiver,
    check_append_all, lookup,
};
use crate::event::{NewEvent, Position, RecordedEvent, StreamId};
use crate::store::PAGE_BYTES;

/// The log of events, and the streams in it.
///
/// # Laws
/// * **All or nothing.** An append stores all its events or none: who sees one of them finds all of them stored, though
///   a page of the log may end between two.
/// * **Order** ([order](crate::guarantees#order)). Positions strictly increase in the order in which events become readable; within a stream,
///   versions run from 1 without a gap, and positions increase with them.
/// * **Nothing is skipped** ([no gaps](crate::guarantees#no-gaps)). Once a reader has been given the position `p`, as an event's or as a page's
///   [`horizon`](LogPage::horizon) or as the head, no event at or before `p` can still appear.
/// * **Positions only grow.** A position is given to one event, once: also after events were deleted, the store was opened
///   again or its server was restarted. A log that was replaced by an older copy of itself is another matter: there the
///   checkpoints tell ([`LogMark`]).
/// * **A log has one identity**, which is made with the log and never changes: see [`EventStore::log_id`].
/// * **A wake-up is not data** ([wake-ups carry no data](crate::guarantees#wake-ups-carry-no-data)). [`EventStore::wake_ups`] may lose or double any of them.
///
/// The contract suite in `eventsource::testing` (feature `testing`) holds a store to them.
#[async_trait]
pub trait EventStore: Send + Sync + 'static {
    /// Appends `events` to `stream`, if the stream is at the version that `expected` names.
    ///
    /// Returns the events as stored, with their versions and positions.
    ///
    /// # Errors
    /// Each but the last leaves the log as it was. [`AppendError::Conflict`] where the stream is at another version,
    /// [`AppendError::DuplicateEvent`] where an event's id is taken, [`AppendError::Empty`] where there is nothing to
    /// append, [`AppendError::ForeignEvent`] where an event belongs to another type of aggregate,
    /// [`AppendError::Unstorable`] where an event could not be read back equal
    /// (the last four by [`check_append`](super::check_append)), [`AppendError::Store`] where the store fails, perhaps
    /// after the events were stored: who appends the same events again finds out, as an id is stored once.
    async fn append(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError>;

    /// Appends to several streams in one transaction: all of it is stored, or nothing. Returns what each append stored, in
    /// their order.
    ///
    /// Each stream may come once. Positions of different streams are in no particular order. With no appends, nothing
    /// happens.
    ///
    /// The default appends to one stream, and refuses several ([`StoreError::Unsupported`]). Override it if the store has
    /// transactions.
    ///
    /// # Errors
    /// As [`append`](Self::append), of the append that is refused; [`AppendError::StreamTwice`] where a stream comes twice.
    async fn append_all(&self, mut appends: Vec<StreamAppend>) -> Result<Vec<Appended>, AppendError> {
        check_append_all(&appends)?;
        if appends.len() > 1 {
            let action = "append to several streams in one transaction".to_owned();
            return Err(StoreError::Unsupported { action }.into());
        }
        let Some(StreamAppend { stream, expected, events }) = appends.pop() else { return Ok(Vec::new()) };
        Ok(vec![self.append(&stream, expected, events).await?])
    }

    /// The events of `stream` that `read` asks for, in its direction. A stream that does not exist has none.
    ///
    /// # Errors
    /// [`StoreError`] where the store fails.
    async fn read_stream(&self, stream: &StreamId, read: ReadStream) -> Result<Vec<Arc<RecordedEvent>>, StoreError>;

    /// Returns the events of `stream` that `read` asks for, in its direction, up to `limit`. The next page begins after
    /// the last event of this one.
    ///
    /// The default reads as many events as `limit` and `read` allow, and ignores the limit in bytes. Override it if the
    /// store can end a page by its size: memory is bounded by that limit where streams are read.
    ///
    /// # Errors
    /// [`StoreError`] where the store fails.
    async fn read_stream_page(
        &self,
        stream: &StreamId,
        read: ReadStream,
        limit: PageLimit,
    ) -> Result<StreamPage, StoreError> {
        let most = limit.events.max(1);
        let wanted = read.max_count().unwrap_or(usize::MAX).min(most);
        let events = self.read_stream(stream, read.limit(wanted)).await?;
        let is_full = events.len() >= most;
        Ok(StreamPage { events, is_full })
    }

    /// Returns the events of the log after `after` that pass `filter`, in position order, up to `limit`, and how far the
    /// log was searched. The store evaluates the filter.
    ///
    /// [`PageLimit::take`] ends a page where it should end. Memory is bounded by the limit in bytes: a store should not
    /// hold much more than that while it reads a page.
    ///
    /// # Errors
    /// [`StoreError`] where the store fails.
    async fn read_log(&self, after: Position, filter: &EventFilter, limit: PageLimit) -> Result<LogPage, StoreError>;

    /// The position of the last readable event, or [`Position::START`] in an empty log.
    ///
    /// # Errors
    /// [`StoreError`] where the store fails.
    async fn head(&self) -> Result<Position, StoreError>;

    /// The identity of the log. It is asked of the log each time: what is behind the store may have been replaced.
    ///
    /// # Errors
    /// [`StoreError`] where the store fails.
    async fn log_id(&self) -> Result<LogId, StoreError>;

    /// The last event of the log at or before `to`; `None` where there is none. By it a subscription notices that the
    /// log has gone back.
    ///
    /// It is the last one that is stored, also where the log cannot be read so far yet ([`EventStore::stalled_by`]).
    ///
    /// # Errors
    /// [`StoreError`] where the store fails.
    async fn last_event(&self, to: Position) -> Result<Option<LogMark>, StoreError>;

    /// Returns how much of the log lies after `after`, unfiltered, and since when. Counting stops at `limit` events, so
    /// that the answer takes a bounded time however long the log is. A status asks for it, and a rebuild's progress;
    /// the task of a subscription never does.
    ///
    /// # Errors
    /// [`StoreError`] where the store fails.
    async fn backlog(&self, after: Position, limit: u64) -> Result<Backlog, StoreError>;

    /// Returns the [`backlog`](Self::backlog) of each of these positions, in their order. The status of a whole manager
    /// asks for it once, with the positions of all its subscriptions.
    ///
    /// The default asks for one position after another. Override it if the store can answer with one statement.
    ///
    /// # Errors
    /// [`StoreError`] where the store fails.
    async fn backlogs(&self, after: &[Position], limit: u64) -> Result<Vec<Backlog>, StoreError> {
        let mut backlogs = Vec::with_capacity(after.len());
        for &after in after {
            backlogs.push(self.backlog(after, limit).await?);
        }
        Ok(backlogs)
    }

    /// The types of the events after `after` and up to `to` whose names are not among `known`: at most `limit`, in the
    /// order in which their first events stand there. By this an event is found that no code knows ([unknown is explicit](crate::guarantees#unknown-is-explicit)).
    ///
    /// By default that part of the log is read. A store that has an index of the types should ask that: who wants to
    /// know asks whenever somebody asks for a status, or after each page.
    ///
    /// # Errors
    /// [`StoreError`] where the store fails.
    async fn event_types_except(
        &self,
        known: &[&str],
        after: Position,
        to: Position,
        limit: usize,
    ) -> Result<Vec<StoredType>, StoreError> {
        let (mut found, mut after) = (Vec::<StoredType>::new(), after);
        while found.len() < limit && after < to {
            let page = self.read_log(after, &EventFilter::all(), TYPES_PAGE).await?;
            for event in page.events.iter().take_while(|event| event.position() <= to) {
                let name = event.event_type();
                if found.len() < limit && !known.contains(&name) && !found.iter().any(|stored| stored.name == name) {
                    found.push(StoredType::new(name, event.position()));
                }
            }
            if !page.is_full {
                break;
            }
            after = page.horizon;
        }
        Ok(found)
    }

    /// Returns the event with the id `id`; `None` where no event has it.
    ///
    /// It is found as soon as it is stored, also where the log cannot be read so far yet
    /// ([`stalled_by`](Self::stalled_by)), as [`read_stream`](Self::read_stream) does.
    ///
    /// The default scans the log. Override it if the store has an index on the id.
    ///
    /// # Errors
    /// [`StoreError`] where the store fails.
    async fn event(&self, id: Uuid) -> Result<Option<Arc<RecordedEvent>>, StoreError> {
        lookup::event(self, id).await
    }

    /// Returns the last events of the log before `before` that pass `filter`, the last one first, up to `limit`. `None`
    /// begins at the end of the log. The next page begins before the last event of this one.
    ///
    /// Only events up to the [head](Self::head) are returned, so that no other can still appear between two of them.
    ///
    /// The default scans the log from its start. Override it if the store can read the log backwards.
    ///
    /// # Errors
    /// [`StoreError`] where the store fails.
    async fn read_log_back(
        &self,
        before: Option<Position>,
        filter: &EventFilter,
        limit: PageLimit,
    ) -> Result<BackwardPage, StoreError> {
        lookup::read_log_back(self, before, filter, limit).await
    }

    /// Returns the streams of the type `aggregate_type` with their versions, in the order of their ids, at most `limit`.
    /// The first page begins with `None`, and each further one after the last id of the page before it.
    ///
    /// The pages are not one snapshot: a stream that is created meanwhile is found only where its id comes later.
    ///
    /// The default scans the log. Override it if the store has an index on the streams.
    ///
    /// # Errors
    /// [`StoreError`] where the store fails.
    async fn streams(
        &self,
        aggregate_type: &str,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<StoredStream>, StoreError> {
        lookup::streams(self, aggregate_type, after, limit).await
    }

    /// Who keeps the log from being read further, where somebody has for longer than the store takes for normal. A
    /// store that makes nobody wait has nobody to name: that is the default.
    ///
    /// # Errors
    /// [`StoreError`] where the store fails.
    async fn stalled_by(&self) -> Result<Option<LogStall>, StoreError> {
        Ok(None)
    }

    /// Wake-ups at appends, as far as the store hears of them; `None` where it does not, and readers only poll.
    fn wake_ups(&self) -> Option<WakeUpReceiver> {
        None
    }
}

/// How much of the log is read at once where a store does not look for types itself.
const TYPES_PAGE: PageLimit = PageLimit::events(1_000).within_bytes(PAGE_BYTES);
