//! What is traced: a span a batch, a span an event at debug level, a span a handler of an engine, a warning on a retry, an
//! error on a fault.

use std::convert::Infallible;
use std::fmt::{self, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use eventsource::aggregate::{AggregateSnapshot, MemorySnapshots, SnapshotPolicy, SnapshotStore};
use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
use eventsource::prelude::*;
use eventsource::store::StoreError;
use eventsource::subscription::RetryPolicy;
use eventsource_tests::domain::{Bumped, bump};
use eventsource_tests::ledgers::{Booked, Ledger, ledgers};
use eventsource_tests::wait::{DEADLINE, eventually};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event as Traced, Level, Metadata as CallSite, Subscriber as Collector};
use uuid::Uuid;

/// Collects spans and events up to a level, as text.
#[derive(Clone)]
struct Lines {
    level: Level,
    lines: Arc<Mutex<Vec<String>>>,
    next: Arc<AtomicU64>,
    /// The names of the spans, by their ids, and which are entered.
    names: Arc<Mutex<Vec<&'static str>>>,
    entered: Arc<Mutex<Vec<Id>>>,
}

struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

impl Lines {
    fn new(level: Level) -> Self {
        let next = Arc::new(AtomicU64::new(1));
        Self { level, lines: Arc::default(), next, names: Arc::default(), entered: Arc::default() }
    }

    fn push(&self, site: &CallSite<'_>, record: impl FnOnce(&mut Fields<'_>)) {
        let mut line = format!("{} {}", site.level(), if site.is_span() { site.name() } else { "" });
        record(&mut Fields(&mut line));
        self.lines.lock().unwrap().push(line);
    }

    fn all(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    fn count(&self, start: &str, part: &str) -> usize {
        self.all().iter().filter(|line| line.starts_with(start) && line.contains(part)).count()
    }
}

impl Collector for Lines {
    fn enabled(&self, site: &CallSite<'_>) -> bool {
        *site.level() <= self.level && site.target().starts_with("eventsource")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.push(span.metadata(), |fields| span.record(fields));
        self.names.lock().unwrap().push(span.metadata().name());
        Id::from_u64(self.next.fetch_add(1, Ordering::Relaxed))
    }

    fn event(&self, event: &Traced<'_>) {
        self.push(event.metadata(), |fields| event.record(fields));
        if let Some(span) = self.entered.lock().unwrap().last() {
            let name = self.names.lock().unwrap()[span.into_u64() as usize - 1];
            let mut lines = self.lines.lock().unwrap();
            let _ = write!(lines.last_mut().unwrap(), " in={name}");
        }
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, span: &Id) {
        self.entered.lock().unwrap().push(span.clone());
    }
    fn exit(&self, _: &Id) {
        self.entered.lock().unwrap().pop();
    }
}

/// Refuses 3, at first or for good.
struct Picky {
    refusals: u32,
}

#[projection(name = "picky")]
impl Picky {
    #[handles(Bumped)]
    fn bumped(&mut self, event: &Bumped) -> Result<(), HandlerError> {
        tracing::debug!(target: "eventsource_tests", by = event.by, "handling");
        if event.by == 3 && self.refusals > 0 {
            self.refusals -= 1;
            return Err(HandlerError::transient("not 3"));
        }
        Ok(())
    }
}

async fn run(level: Level, refusals: u32) -> Lines {
    let lines = Lines::new(level);
    let _collecting = tracing::subscriber::set_default(lines.clone());
    let store = MemoryEventStore::new();
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let retry = RetryPolicy::new(3, Duration::from_millis(1), Duration::from_millis(1));
    let config = SubscriptionConfig::default().batch_size(2).retry(retry);
    let picky = manager.subscribe(Picky { refusals }, config).await.unwrap();
    let position = bump(&store, 1..=4).await;
    manager.start().await.unwrap();
    let _ = picky.wait_for_passed(position).within(DEADLINE).await;
    manager.stop().await.unwrap();
    if level == Level::INFO {
        manager.start().await.unwrap();
        picky.caught_up().within(DEADLINE).await.unwrap();
        manager.stop().await.unwrap();
    }
    lines
}

/// Loads an aggregate whose snapshot does not decode, and one whose snapshot is beyond its stream.
async fn unusable_snapshots() -> Lines {
    let (store, snapshots) = (MemoryEventStore::new(), MemorySnapshots::new());
    let ledgers = ledgers(store, snapshots.clone());
    let ids = [Uuid::now_v7(), Uuid::now_v7()];
    for id in ids {
        let book =
            |_: &mut AggregateRoot<Ledger>| Ok::<_, Infallible>(vec![Booked { command: 1 }, Booked { command: 2 }]);
        ledgers.execute(id, book).await.unwrap();
        ledgers.save_snapshot(&ledgers.load(id).await.unwrap()).await.unwrap();
    }
    let stored = async |id| snapshots.load(&StreamId::new("Ledger", id), "").await.unwrap().unwrap();
    let mut damaged = stored(ids[0]).await;
    damaged.state = "{".to_owned();
    let mut beyond = stored(ids[1]).await;
    beyond.version = 9;
    for snapshot in [damaged, beyond] {
        assert!(snapshots.save(&snapshot).await.unwrap());
    }
    let lines = Lines::new(Level::INFO);
    let _collecting = tracing::subscriber::set_default(lines.clone());
    for id in ids {
        assert_eq!(ledgers.load(id).await.unwrap().version(), 2);
    }
    lines
}

/// Answers with a failure where it is asked for a snapshot.
struct Failing;

#[async_trait]
impl SnapshotStore for Failing {
    async fn load(&self, _: &StreamId, _: &str) -> Result<Option<AggregateSnapshot>, StoreError> {
        Err(StoreError::Failed { action: "load a snapshot".to_owned(), source: "it is out of order".into() })
    }

    async fn save(&self, _: &AggregateSnapshot) -> Result<bool, StoreError> {
        Ok(true)
    }

    async fn discard(&self, _: &AggregateSnapshot) -> Result<(), StoreError> {
        Ok(())
    }

    async fn delete(&self, _: &StreamId) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn delete_all(&self, _: &str) -> Result<u64, StoreError> {
        Ok(0)
    }
}

/// Loads aggregates whose snapshots have another shape, one whose snapshots cannot be loaded, and one with a sound snapshot.
/// Returns what each of the three warned of.
async fn snapshots_of_another_shape_of_a_failing_store_and_sound_ones() -> [Lines; 3] {
    let (store, snapshots, ids) = (MemoryEventStore::new(), MemorySnapshots::new(), [Uuid::now_v7(), Uuid::now_v7()]);
    let sound = ledgers(store.clone(), snapshots.clone());
    for id in ids {
        sound.execute(id, |_: &mut AggregateRoot<Ledger>| Ok::<_, Infallible>(Booked { command: 1 })).await.unwrap();
        sound.save_snapshot(&sound.load(id).await.unwrap()).await.unwrap();
    }
    let changed = AggregateRepository::<Ledger>::new(store.clone(), MemoryEventBus::new());
    let changed = changed.with_snapshots(snapshots, SnapshotPolicy::by_hand().state_version(1));
    let failing = ledgers(store, Failing);
    let mut all = Vec::new();
    for (repository, loads) in [(&changed, &ids[..]), (&failing, &ids[..1]), (&sound, &ids[..])] {
        let lines = Lines::new(Level::INFO);
        let _collecting = tracing::subscriber::set_default(lines.clone());
        for id in loads {
            assert_eq!(repository.load(*id).await.unwrap().version(), 1);
        }
        all.push(lines);
    }
    all.try_into().unwrap_or_else(|_| unreachable!("there are three"))
}

/// Runs two subscriptions over a log with two types that no code knows, several times each, in history and live.
async fn unknown_types() -> Lines {
    let lines = Lines::new(Level::INFO);
    let _collecting = tracing::subscriber::set_default(lines.clone());
    let store = MemoryEventStore::new();
    let append = async |event_type: &'static str| {
        let stream = StreamId::new("Counter", Uuid::from_u128(1));
        let event = vec![NewEvent::raw(event_type, 1, "{}")];
        store.append(&stream, ExpectedVersion::Any, event).await.unwrap().position()
    };
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let one = manager.subscribe(Picky { refusals: 0 }, SubscriptionConfig::default()).await.unwrap();
    let config = SubscriptionConfig::default().name("another");
    let another = manager.subscribe(Picky { refusals: 0 }, config).await.unwrap();
    let warned = async |count: usize| {
        eventually("it is warned of", || async { lines.count("WARN", "of an unknown type") == count }).await;
    };
    bump(&store, [1, 2]).await;
    append("Forgotten").await;
    append("Forgotten").await;
    manager.start().await.unwrap();
    warned(1).await;
    for event_type in ["Forgotten", "LostLater", "Forgotten", "LostLater"] {
        append(event_type).await;
        let position = bump(&store, [1]).await;
        one.wait_for(position).within(DEADLINE).await.unwrap();
        another.wait_for(position).within(DEADLINE).await.unwrap();
    }
    warned(2).await;
    manager.stop().await.unwrap();
    manager.start().await.unwrap();
    one.caught_up().within(DEADLINE).await.unwrap();
    append("Last").await;
    warned(3).await;
    manager.stop().await.unwrap();
    lines
}

/// Hands three events to two engines by hand, and to one in a subscription. In each, the second handler of event 2 fails.
async fn engines(level: Level) -> Lines {
    let lines = Lines::new(level);
    let _collecting = tracing::subscriber::set_default(lines.clone());
    let fails = |event: &Event<Bumped>| {
        tracing::debug!(target: "eventsource_tests", by = event.by, "handling");
        if event.by == 2 { Err(HandlerError::transient("not 2")) } else { Ok(()) }
    };
    let store = MemoryEventStore::new();
    bump(&store, 1..=3).await;
    let log = store.read_log(Position::START, &EventFilter::all(), PageLimit::events(9)).await.unwrap().events;
    let outside = ProjectionEngine::new("outside", MemoryProjectionStates::new()).on::<Bumped>(|_| ());
    let mut outside = outside.on_async(move |event: Event<Bumped>| async move {
        tokio::task::yield_now().await;
        fails(&event)
    });
    outside.process_events(&log).await.unwrap_err();
    let inside = |name: &str| {
        let engine = ProjectionEngine::new(name, MemoryProjectionStates::new()).with_state(0_u64);
        engine.update::<Bumped>(|_, _| ()).update::<Bumped>(move |sum, event| {
            *sum += event.by;
            fails(event)
        })
    };
    let mut by_hand = inside("inside");
    by_hand.process_events(&log).await.unwrap_err();

    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let retry = RetryPolicy::new(2, Duration::from_millis(1), Duration::from_millis(1));
    let subscribed = manager.subscribe(inside("subscribed"), SubscriptionConfig::default().retry(retry)).await.unwrap();
    manager.start().await.unwrap();
    subscribed.caught_up().within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
    lines
}

// One test, in one thread: tracing remembers for each place in the code whether it is enabled, by the first thread that asks.
#[tokio::test]
async fn spans_warnings_and_errors() {
    let lines = run(Level::DEBUG, 1).await;
    let all = lines.all();
    assert_eq!(lines.count("INFO batch", r#"subscription="picky" events=2 first=1 to=2"#), 1, "{all:#?}");
    for position in [1, 2, 4] {
        let event = format!(r#"subscription="picky" event_type="Bumped" position={position}"#);
        assert_eq!(lines.count("DEBUG event", &event), 1, "{all:#?}");
    }
    assert_eq!(lines.count("DEBUG ", "handling"), 5, "{all:#?}");
    assert_eq!(lines.count("DEBUG ", "in=event"), 5, "a handler is called inside its span: {all:#?}");
    assert_eq!(lines.count("DEBUG event", "position=3"), 2, "tried twice: {all:#?}");
    assert_eq!(lines.count("WARN", "not 3"), 1, "{all:#?}");
    assert_eq!(lines.count("ERROR", ""), 0, "{all:#?}");

    let lines = run(Level::INFO, u32::MAX).await;
    let all = lines.all();
    assert!(lines.count("INFO batch", "picky") > 1, "{all:#?}");
    assert_eq!(lines.count("DEBUG", ""), 0, "{all:#?}");
    assert_eq!(lines.count("WARN", "not 3"), 2, "{all:#?}");
    assert_eq!(lines.count("ERROR", "position 3"), 1, "{all:#?}");
    // The first start finds none, the second one the letter and what waits behind it in its stream.
    assert_eq!(lines.count("INFO", "waiting_letters=0 parked_events=0"), 1, "{all:#?}");
    assert_eq!(lines.count("INFO", "waiting_letters=1 parked_events=1"), 1, "{all:#?}");

    let lines = unknown_types().await;
    let all = lines.all();
    for (event_type, position) in [("Forgotten", 3), ("LostLater", 7), ("Last", 13)] {
        let warning = format!(r#"event_type="{event_type}" position={position}"#);
        assert_eq!(lines.count("WARN", &warning), 1, "{all:#?}");
    }
    assert_eq!(lines.count("WARN", ""), 3, "one warning a type: {all:#?}");

    let lines = unusable_snapshots().await;
    let all = lines.all();
    assert_eq!(lines.count("WARN", "cannot be decoded"), 1, "{all:#?}");
    assert_eq!(lines.count("WARN", "the stream lacks the event of the snapshot"), 1, "{all:#?}");
    assert_eq!(all.len(), 2, "one warning for each: {all:#?}");

    let [changed, failing, sound] = snapshots_of_another_shape_of_a_failing_store_and_sound_ones().await;
    assert_eq!(changed.count("WARN", "another shape"), 1, "{:#?}", changed.all());
    assert_eq!(changed.all().len(), 1, "one warning a repository: {:#?}", changed.all());
    assert_eq!(failing.count("WARN", "cannot be loaded"), 1, "{:#?}", failing.all());
    assert_eq!(failing.count("WARN", "it is out of order"), 1, "{:#?}", failing.all());
    assert_eq!(failing.all().len(), 1, "{:#?}", failing.all());
    assert_eq!(sound.all(), [] as [String; 0], "a sound snapshot");

    let lines = engines(Level::DEBUG).await;
    let all = lines.all();
    for engine in ["outside", "inside"] {
        for (position, handler) in [(1, 1), (1, 2), (2, 1), (2, 2)] {
            let call = format!("projection=\"{engine}\" event_type=\"Bumped\" position={position} handler={handler}");
            assert_eq!(lines.count("DEBUG event", &call), 1, "{all:#?}");
        }
        let failed = format!("projection=\"{engine}\" event_type=\"Bumped\" position=2 handler=2 error=not 2");
        let is_told =
            |line: &&String| line.starts_with("ERROR ") && line.contains(&failed) && line.ends_with("in=event");
        assert_eq!(all.iter().filter(is_told).count(), 1, "{all:#?}");
    }
    assert_eq!(lines.count("DEBUG event", "position=3"), 0, "it was not handed over: {all:#?}");
    // The call by which the engine makes its state what it was before event 2 has no span.
    assert_eq!(lines.count("DEBUG ", "handling"), lines.count("DEBUG ", "in=event") + 1, "called in a span: {all:#?}");
    assert_eq!(lines.count("ERROR ", "projection=\"subscribed\""), 0, "the subscription tells of it: {all:#?}");
    assert_eq!(lines.count("WARN ", "not 2"), 1, "{all:#?}");

    let lines = engines(Level::INFO).await;
    let all = lines.all();
    assert_eq!(lines.count("DEBUG", ""), 0, "{all:#?}");
    assert_eq!(lines.count("ERROR ", "position=2 handler=2 error=not 2"), 2, "also without a span: {all:#?}");
}
