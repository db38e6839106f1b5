//! What these tests share: a store that tells how it is read, and projections that tell what they were handed.

pub(crate) use std::borrow::Cow;
pub(crate) use std::collections::BTreeMap;
pub(crate) use std::sync::atomic::{AtomicUsize, Ordering};
pub(crate) use std::sync::{Arc, Mutex, Weak};
pub(crate) use std::time::Duration;

pub(crate) use async_trait::async_trait;
pub(crate) use eventsource::prelude::*;
pub(crate) use eventsource::projection::{EventSubscriber, ProjectionKind, Subscriber, UnitOfWork};
pub(crate) use eventsource::store::{
    AppendError, Appended, Backlog, LogId, LogMark, LogPage, ReadStream, StoreError, StoredType, StreamPage,
    WakeUpReceiver,
};
pub(crate) use eventsource::{EventFilter, RecordedEvent, Registry};
pub(crate) use eventsource_tests::wait::{DEADLINE, eventually};
pub(crate) use tokio::sync::{Semaphore, watch};
pub(crate) use uuid::Uuid;

/// The types of events here: a third of the log each.
pub(crate) const TYPES: [&str; 3] = ["Placed", "Shipped", "Cancelled"];

/// One read of the log, as it was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Read {
    pub(crate) filter: EventFilter,
    pub(crate) limit: usize,
}

/// A store in memory that tells how its log is read, returns events that it does not keep, and can be delayed.
#[derive(Clone, Default)]
pub(crate) struct Watched {
    pub(crate) inner: MemoryEventStore,
    reads: Arc<Mutex<Vec<Read>>>,
    given: Arc<Mutex<Vec<Weak<RecordedEvent>>>>,
    /// Where there is one, a read that has looked into the log waits for a permit before it answers.
    gate: Arc<Mutex<Option<Arc<Semaphore>>>>,
    pub(crate) reading: Arc<AtomicUsize>,
    /// How many reads have waited at the gate.
    pub(crate) stopped: Arc<AtomicUsize>,
}

impl Watched {
    /// What was read so far.
    pub(crate) fn reads(&self) -> Vec<Read> {
        self.reads.lock().unwrap().clone()
    }

    pub(crate) fn forget(&self) {
        self.reads.lock().unwrap().clear();
    }

    /// How many of the returned events are still in use.
    pub(crate) fn held(&self) -> usize {
        self.given.lock().unwrap().iter().filter(|event| event.strong_count() > 0).count()
    }

    /// From now on reads wait for permits of what is returned.
    pub(crate) fn close(&self) -> Arc<Semaphore> {
        let gate = Arc::new(Semaphore::new(0));
        *self.gate.lock().unwrap() = Some(Arc::clone(&gate));
        gate
    }

    /// Reads do not wait any more.
    pub(crate) fn open(&self) {
        if let Some(gate) = self.gate.lock().unwrap().take() {
            gate.add_permits(1_000_000);
        }
    }
}

/// Counts a read for as long as it goes on.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl EventLog for Watched {
    async fn read_stream_page(
        &self,
        stream: &StreamId,
        read: ReadStream,
        limit: PageLimit,
    ) -> Result<StreamPage, StoreError> {
        self.inner.read_stream_page(stream, read, limit).await
    }

    async fn read_log(&self, after: Position, filter: &EventFilter, limit: PageLimit) -> Result<LogPage, StoreError> {
        self.reads.lock().unwrap().push(Read { filter: filter.clone(), limit: limit.events });
        self.reading.fetch_add(1, Ordering::SeqCst);
        let _counted = Counted(Arc::clone(&self.reading));
        let mut page = self.inner.read_log(after, filter, limit).await?;
        for event in &mut page.events {
            *event = Arc::new(RecordedEvent::clone(event));
        }
        self.given.lock().unwrap().extend(page.events.iter().map(Arc::downgrade));
        let gate = self.gate.lock().unwrap().clone();
        if let Some(gate) = gate {
            self.stopped.fetch_add(1, Ordering::SeqCst);
            gate.acquire().await.unwrap().forget();
        }
        tokio::task::yield_now().await;
        Ok(page)
    }

    async fn head(&self) -> Result<Position, StoreError> {
        self.inner.head().await
    }

    async fn log_id(&self) -> Result<LogId, StoreError> {
        self.inner.log_id().await
    }

    async fn last_event(&self, to: Position) -> Result<Option<LogMark>, StoreError> {
        self.inner.last_event(to).await
    }

    // By its own means: the default would read the log.
    async fn event_types_except(
        &self,
        known: &[&str],
        after: Position,
        to: Position,
        limit: usize,
    ) -> Result<Vec<StoredType>, StoreError> {
        self.inner.event_types_except(known, after, to, limit).await
    }

    async fn backlog(&self, after: Position, limit: u64) -> Result<Backlog, StoreError> {
        self.inner.backlog(after, limit).await
    }

    fn wake_ups(&self) -> Option<WakeUpReceiver> {
        self.inner.wake_ups()
    }
}

#[async_trait]
impl EventStore for Watched {
    async fn append(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        self.inner.append(stream, expected, events).await
    }

    async fn read_stream(&self, stream: &StreamId, read: ReadStream) -> Result<Vec<Arc<RecordedEvent>>, StoreError> {
        self.inner.read_stream(stream, read).await
    }
}

/// Appends so many events of each type in turn, to one stream, and returns the last one's position.
pub(crate) async fn fill(store: &dyn EventStore, events: usize) -> Position {
    let stream = StreamId::new("Order", Uuid::from_u128(7));
    let events = (0..events).map(|n| NewEvent::raw(TYPES[n % 3], 1, "{}")).collect();
    store.append(&stream, ExpectedVersion::Any, events).await.unwrap().position()
}

/// What of the log a filter lets pass.
pub(crate) async fn wanted(store: &Watched, filter: &EventFilter) -> Vec<Position> {
    let page = store.inner.read_log(Position::START, filter, PageLimit::events(usize::MAX)).await.unwrap();
    page.events.iter().map(|event| event.position()).collect()
}

/// A subscriber in memory: what it was handed, in order. It can be held up at an event.
#[derive(Clone)]
pub(crate) struct Noted {
    filter: EventFilter,
    pub(crate) seen: Vec<Position>,
    stop_at: Option<(Position, watch::Receiver<bool>)>,
}

impl Noted {
    pub(crate) fn of(filter: EventFilter) -> Self {
        Self { filter, seen: Vec::new(), stop_at: None }
    }

    pub(crate) fn types(types: &[&'static str]) -> Self {
        Self::of(EventFilter::types(types.iter().copied()))
    }

    /// The same, held up at the event at `position` until what is returned says otherwise.
    pub(crate) fn held_at(mut self, position: Position) -> (Self, watch::Sender<bool>) {
        let (release, released) = watch::channel(false);
        self.stop_at = Some((position, released));
        (self, release)
    }
}

impl Subscriber for Noted {
    const KIND: ProjectionKind = ProjectionKind::Memory;

    fn name(&self) -> Cow<'static, str> {
        "noted".into()
    }

    fn subscribed_to(&self) -> EventFilter {
        self.filter.clone()
    }
}

impl<U: UnitOfWork> EventSubscriber<U> for Noted {
    async fn handle(&mut self, event: &Arc<RecordedEvent>, _: &mut U) -> Result<(), HandlerError> {
        if let Some((position, released)) = &mut self.stop_at
            && *position == event.position()
        {
            released.wait_for(|released| *released).await.unwrap();
        }
        self.seen.push(event.position());
        Ok(())
    }
}

pub(crate) type Manager = SubscriptionManager<MemoryCheckpoints>;

pub(crate) fn manager(store: &Watched) -> Manager {
    // Two types read one stored event here.
    SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new())
        .with_registry(Registry::of([]))
}

/// Subscribes `subscriber` as `name`. It looks into the log at a wake-up, and hardly ever otherwise.
pub(crate) async fn subscribe(
    manager: &Manager,
    name: impl Into<String>,
    subscriber: Noted,
    batch_size: usize,
) -> SubscriptionHandle<Noted> {
    let config = SubscriptionConfig::from_beginning().name(name).batch_size(batch_size);
    manager.subscribe(subscriber, config.poll_interval(Duration::from_secs(3_600))).await.unwrap()
}

/// Waits until each is at `position`.
pub(crate) async fn all_at(handles: &[SubscriptionHandle<Noted>], position: Position) {
    for handle in handles {
        handle.wait_for(position).within(DEADLINE).await.unwrap();
    }
}

/// Each was handed what it asks for, once and in order.
pub(crate) async fn all_right(store: &Watched, handles: &[SubscriptionHandle<Noted>]) {
    for handle in handles {
        let noted = handle.read().await;
        assert_eq!(noted.seen, wanted(store, &noted.filter).await, "{}", handle.name());
    }
}
