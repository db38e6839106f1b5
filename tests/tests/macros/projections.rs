//! What the macros generate, at work: routing, decoding, injection, kinds, the truncate hook, the catalogue.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex};

use eventsource::event::now;
use eventsource::memory::MemoryCheckpoints;
use eventsource::projection::{
    CheckpointReset, CheckpointStore, CheckpointUpdate, CommitError, EventSubscriber, Inject, NoTruncateHook,
    ProjectionKind, Subscriber, UnitOfWork, fingerprint,
};
use eventsource::{
    DomainEvent, Event, HandlerError, Metadata, NewEvent, Position, RecordedEvent, Registry, RegistryError, StreamId,
    projection,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Debug, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct OrderPlaced {
    total: u64,
}

#[derive(Debug, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order", name = "order.shipped", version = 3, from(..))]
struct OrderShipped {
    tracking: String,
}

#[derive(Debug, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct OrderCancelled;

/// Only one of the projections handles it.
#[derive(Debug, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct OrderForgotten {}

mod first {
    #[derive(serde::Serialize, serde::Deserialize, eventsource::DomainEvent)]
    #[event(aggregate = "Twin", name = "twin")]
    pub(super) struct Twin {}
}

mod second {
    #[derive(serde::Serialize, serde::Deserialize, eventsource::DomainEvent)]
    #[event(aggregate = "Twin", name = "twin")]
    pub(super) struct Twin {}
}

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn recorded(event: NewEvent, position: u64) -> Arc<RecordedEvent> {
    Arc::new(event.record(StreamId::new("Order", Uuid::nil()), position, Position::new(position), now()))
}

/// Hands `events` to `subscriber`, one after another, as a runner does.
async fn feed<U: UnitOfWork, P: EventSubscriber<U>>(
    subscriber: &mut P,
    unit: &mut U,
    events: Vec<NewEvent>,
) -> Result<(), HandlerError> {
    for (position, event) in (1..).zip(events) {
        subscriber.handle(&recorded(event, position), unit).await?;
    }
    Ok(())
}

fn all_events() -> Result<Vec<NewEvent>, eventsource::EncodeError> {
    Ok(vec![
        NewEvent::of(&OrderPlaced { total: 150 })?.with_metadata(Metadata::new().actor("alice")),
        NewEvent::of(&OrderShipped { tracking: "TRACK-001".to_owned() })?,
        NewEvent::of(&OrderForgotten {})?,
        NewEvent::of(&OrderCancelled)?,
    ])
}

/// A memory projection with every kind of handler: sync and async, payload and typed view, with and without result.
#[derive(Default)]
struct Seen(Vec<String>);

#[projection]
impl Seen {
    /// An item that is no handler stays as it is.
    const PREFIX: &'static str = "placed";

    #[handles(OrderPlaced)]
    async fn placed(&mut self, event: &Event<OrderPlaced>, metadata: &Metadata, stream: &StreamId) {
        tokio::task::yield_now().await;
        let actor = metadata.get_actor().unwrap_or("none");
        self.0.push(format!("{} {} by {actor} at {} of {stream}", Self::PREFIX, event.total, event.position()));
    }

    #[handles(OrderShipped)]
    fn shipped(&mut self, event: &OrderShipped, recorded: &RecordedEvent) -> Result<(), std::num::ParseIntError> {
        let number: u32 = event.tracking.trim_start_matches("TRACK-").parse()?;
        self.0.push(format!("shipped {number} as version {}", recorded.schema_version()));
        Ok(())
    }

    #[eventsource::handles(OrderCancelled)]
    pub(crate) async fn cancelled(&mut self, _: &OrderCancelled) -> Result<(), HandlerError> {
        self.note("cancelled");
        Ok(())
    }

    fn note(&mut self, what: &str) {
        self.0.push(what.to_owned());
    }

    // The name of the trait's method too: the path call finds this one.
    #[truncate]
    fn truncate(&mut self) {
        self.0.clear();
    }
}

#[tokio::test]
async fn a_memory_projection_is_handed_what_it_handles_and_nothing_else() -> Outcome {
    let (mut seen, mut unit) = (Seen::default(), MemoryCheckpoints::new().detached());
    feed(&mut seen, &mut unit, all_events()?).await.map_err(|error| error.to_string())?;
    assert_eq!(
        seen.0,
        [
            format!("placed 150 by alice at 1 of {}", StreamId::new("Order", Uuid::nil())),
            "shipped 1 as version 3".to_owned(),
            "cancelled".to_owned()
        ]
    );
    EventSubscriber::truncate(&mut seen, &mut unit).await.map_err(|error| error.to_string())?;
    assert!(seen.0.is_empty());
    Ok(())
}

#[tokio::test]
async fn the_errors_of_a_handler_and_of_decoding_come_out() -> Outcome {
    let (mut seen, mut unit) = (Seen::default(), MemoryCheckpoints::new().detached());
    let events = vec![NewEvent::of(&OrderShipped { tracking: "none".to_owned() })?];
    let Err(error) = feed(&mut seen, &mut unit, events).await else { return Err("no error".into()) };
    assert!(error.is_caused_by::<std::num::ParseIntError>(), "{error}");

    for (event, says) in [
        (NewEvent::raw("OrderPlaced", 1, "{\"total\":\"many\"}"), "does not decode"),
        (NewEvent::raw("order.shipped", 2, "{}"), "was stored with schema version 2"),
    ] {
        let Err(error) = feed(&mut seen, &mut unit, vec![event]).await else { return Err("no error".into()) };
        assert!(error.to_string().contains(says), "{error}");
        assert_eq!(error.class(), eventsource::projection::ErrorClass::Permanent);
    }
    assert!(seen.0.is_empty());
    Ok(())
}

/// Something that a unit of work lends.
struct Table(Vec<String>);

/// Another thing that it lends, at the same time.
struct Counter(u64);

/// A unit of work that lends both.
#[derive(Clone)]
struct LendingUnit {
    table: Arc<tokio::sync::Mutex<Table>>,
    counter: Arc<tokio::sync::Mutex<Counter>>,
    lent: Arc<Mutex<Vec<&'static str>>>,
}

impl LendingUnit {
    fn new() -> Self {
        Self {
            table: Arc::new(tokio::sync::Mutex::new(Table(Vec::new()))),
            counter: Arc::new(tokio::sync::Mutex::new(Counter(0))),
            lent: Arc::default(),
        }
    }

    fn note(&self, what: &'static str) {
        if let Ok(mut lent) = self.lent.lock() {
            lent.push(what);
        }
    }
}

impl UnitOfWork for LendingUnit {
    async fn commit(self, _: &CheckpointUpdate) -> Result<(), CommitError> {
        Ok(())
    }

    async fn clear(self, _: &CheckpointReset) -> Result<(), CommitError> {
        Ok(())
    }

    async fn rollback(self) {}
}

struct Guard<T>(tokio::sync::OwnedMutexGuard<T>);

impl<T> Deref for Guard<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Guard<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl Inject<LendingUnit> for Table {
    type Guard = Guard<Self>;

    async fn inject(unit: &mut LendingUnit) -> Result<Self::Guard, HandlerError> {
        unit.note("table");
        Ok(Guard(Arc::clone(&unit.table).try_lock_owned()?))
    }
}

impl Inject<LendingUnit> for Counter {
    type Guard = Guard<Self>;

    async fn inject(unit: &mut LendingUnit) -> Result<Self::Guard, HandlerError> {
        unit.note("counter");
        Ok(Guard(Arc::clone(&unit.counter).try_lock_owned()?))
    }
}

/// A transactional projection that asks for two things at once, and for something of the event between them.
struct Rows;

#[projection(name = "rows", version = 4)]
impl Rows {
    #[handles(OrderPlaced)]
    async fn placed(&self, event: &OrderPlaced, table: &mut Table, metadata: &Metadata, counter: &mut Counter) {
        tokio::task::yield_now().await;
        table.0.push(format!("{} {:?}", event.total, metadata.get_actor()));
        counter.0 += event.total;
    }

    #[handles(OrderShipped)]
    fn shipped(&self, _: &OrderShipped, counter: &mut Counter) -> Result<(), std::io::Error> {
        counter.0 += 1;
        Ok(())
    }

    #[handles(OrderCancelled)]
    fn cancelled(&self, _: &OrderCancelled) {}

    #[cfg(any())]
    #[handles(NoSuchEvent)]
    fn never(&self, event: &NoSuchEvent, nothing: &mut NoSuchType) {}

    #[cfg(test)]
    #[handles(OrderForgotten)]
    fn forgotten(&self, _: &OrderForgotten, metadata: &Metadata, _: &mut Table) {
        assert!(metadata.is_empty());
    }

    #[truncate]
    async fn empty(&self, table: &mut Table, counter: &mut Counter) -> Result<(), HandlerError> {
        table.0.clear();
        counter.0 = 0;
        Ok(())
    }
}

#[tokio::test]
async fn a_transactional_projection_is_lent_what_it_asks_for() -> Outcome {
    let mut unit = LendingUnit::new();
    feed(&mut Rows, &mut unit, all_events()?).await.map_err(|error| error.to_string())?;
    assert_eq!(unit.table.lock().await.0, ["150 Some(\"alice\")"]);
    assert_eq!(unit.counter.lock().await.0, 151);
    assert_eq!(*unit.lent.lock().map_err(|error| error.to_string())?, ["table", "counter", "counter", "table"]);

    EventSubscriber::truncate(&mut Rows, &mut unit).await.map_err(|error| error.to_string())?;
    assert!(unit.table.lock().await.0.is_empty());
    assert_eq!(unit.counter.lock().await.0, 0);
    Ok(())
}

#[tokio::test]
async fn missing_injection_fails_the_event() -> Outcome {
    let mut unit = LendingUnit::new();
    let _held = Arc::clone(&unit.table).try_lock_owned()?;
    let result = feed(&mut Rows, &mut unit, all_events()?).await;
    assert!(result.is_err());
    assert_eq!(unit.counter.lock().await.0, 0);
    Ok(())
}

/// Acts on the outside world.
struct Mailer(Mutex<Vec<u64>>);

#[projection(effects)]
impl Mailer {
    #[handles(OrderPlaced)]
    fn placed(&self, event: &Event<OrderPlaced>) -> Result<(), HandlerError> {
        let mut sent = self.0.lock().map_err(|_| HandlerError::permanent("the mailer is broken"))?;
        sent.push(event.total);
        Ok(())
    }
}

/// Keeps its state behind a lock, and is generic in what it keeps.
struct Locked<T>(Mutex<Vec<T>>);

#[projection(memory, name = "locked")]
impl<T> Locked<T>
where
    T: From<u64> + Send + 'static,
{
    #[handles(OrderPlaced)]
    fn placed(&self, event: &OrderPlaced) {
        if let Ok(mut kept) = self.0.lock() {
            kept.push(event.total.into());
        }
    }
}

#[tokio::test]
async fn effects_and_locked_state() -> Outcome {
    let mut unit = MemoryCheckpoints::new().detached();
    let mut mailer = Mailer(Mutex::default());
    feed(&mut mailer, &mut unit, all_events()?).await.map_err(|error| error.to_string())?;
    assert_eq!(*mailer.0.lock().map_err(|error| error.to_string())?, [150]);

    let mut locked = Locked::<u128>(Mutex::default());
    feed(&mut locked, &mut unit, all_events()?).await.map_err(|error| error.to_string())?;
    assert_eq!(*locked.0.lock().map_err(|error| error.to_string())?, [150]);

    let Err(error) = EventSubscriber::truncate(&mut mailer, &mut unit).await else { return Err("no error".into()) };
    assert!(error.is_caused_by::<NoTruncateHook>());
    Ok(())
}

#[test]
fn projection_describes_itself() {
    assert_eq!(Seen::KIND, ProjectionKind::Memory);
    assert_eq!(Rows::KIND, ProjectionKind::Transactional);
    assert_eq!(Mailer::KIND, ProjectionKind::Effects);
    assert_eq!(<Locked<u64> as Subscriber>::KIND, ProjectionKind::Memory);

    assert_eq!(Seen::default().name(), "Seen");
    assert_eq!(Seen::default().version(), 1);
    assert_eq!(Rows.name(), "rows");
    assert_eq!(Rows.version(), 4);
    assert_eq!(fingerprint(&Rows), "rows v4: OrderCancelled, OrderForgotten, OrderPlaced, order.shipped");
    assert_eq!(fingerprint(&Locked::<u64>(Mutex::default())), "locked v1: OrderPlaced");
}

#[test]
fn event_describes_itself() {
    assert_eq!((OrderPlaced::NAME, OrderPlaced::VERSION, OrderPlaced::AGGREGATE), ("OrderPlaced", 1, "Order"));
    assert_eq!((OrderShipped::NAME, OrderShipped::VERSION), ("order.shipped", 3));
    assert!(matches!(OrderPlaced::decode("{\"total\":7}"), Ok(OrderPlaced { total: 7 })));
    assert!(OrderPlaced::decode("{}").is_err());
    assert!(matches!(OrderCancelled::decode("null"), Ok(OrderCancelled)));
}

#[test]
fn the_catalogue_knows_each_event_and_its_place() {
    let Some(descriptor) = Registry::global().find("order.shipped", 3) else { panic!("it is not in the catalogue") };
    assert_eq!(descriptor.aggregate(), "Order");
    assert_eq!(descriptor.rust_type(), "macros::projections::OrderShipped");
    let place = descriptor.place();
    assert!(place.starts_with("macros::projections::OrderShipped at tests/tests/macros/projections.rs:"), "{place}");
    assert!(place.ends_with(" (eventsource-tests 0.1.0)"), "{place}");
}

#[test]
fn the_catalogue_reports_a_duplicate_with_both_places() {
    let Err(RegistryError::Duplicates(duplicates)) = Registry::global().check() else { panic!("no duplicate") };
    let Some(twin) = duplicates.iter().find(|twin| twin.name == "twin") else { panic!("{duplicates:?}") };
    assert_eq!(twin.version, 1);
    let [first, second] = &twin.places[..] else { panic!("{twin:?}") };
    assert!(first.starts_with("macros::projections::first::Twin at tests/tests/macros/projections.rs:"), "{first}");
    assert!(second.starts_with("macros::projections::second::Twin at tests/tests/macros/projections.rs:"), "{second}");

    let explicit = Registry::of([OrderPlaced::DESCRIPTOR, first::Twin::DESCRIPTOR]);
    assert!(explicit.check().is_ok());
    assert_eq!(explicit.events().count(), 2);
}
