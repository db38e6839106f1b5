//! How often an event is decoded: once, however many read it; and how long that is kept.

use serde::{Deserialize, Deserializer, Serialize};

use super::world::*;

/// How often each number was decoded, by test.
static DECODED: Mutex<BTreeMap<(u64, u64), usize>> = Mutex::new(BTreeMap::new());
/// How many decoded ones there are, by test.
static ALIVE: Mutex<BTreeMap<u64, usize>> = Mutex::new(BTreeMap::new());

/// Counts how often it is decoded.
#[derive(Debug, Serialize)]
struct Number {
    test: u64,
    n: u64,
}

impl Number {
    fn new(test: u64, n: u64) -> Self {
        *ALIVE.lock().unwrap().entry(test).or_default() += 1;
        Self { test, n }
    }
}

impl Drop for Number {
    fn drop(&mut self) {
        *ALIVE.lock().unwrap().entry(self.test).or_default() -= 1;
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Plain {
            test: u64,
            n: u64,
        }
        let Plain { test, n } = Plain::deserialize(deserializer)?;
        *DECODED.lock().unwrap().entry((test, n)).or_default() += 1;
        Ok(Self::new(test, n))
    }
}

macro_rules! weighed {
    ($($event:ident),*) => {
        $(#[derive(Debug, Serialize, Deserialize, DomainEvent)]
        #[event(aggregate = "Scale")]
        struct $event {
            number: Number,
        })*
    };
}

weighed!(Weighed, Painted);

/// Another view of what is stored as `Weighed`.
#[derive(Debug, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Scale", name = "Weighed2", aliases("Weighed"))]
struct WeighedAnew {
    number: Number,
}

#[derive(Clone, Default)]
struct Sums {
    weighed: Vec<u64>,
    painted: Vec<u64>,
}

#[projection(name = "sums")]
impl Sums {
    #[handles(Weighed)]
    fn weighed(&mut self, event: &Event<Weighed>) {
        self.weighed.push(event.number.n);
    }

    #[handles(Painted)]
    fn painted(&mut self, event: &Painted) {
        self.painted.push(event.number.n);
    }
}

#[derive(Clone, Default)]
struct PaintedOnly(Vec<u64>);

#[projection(name = "painted")]
impl PaintedOnly {
    #[handles(Painted)]
    fn painted(&mut self, event: &Painted) {
        self.0.push(event.number.n);
    }
}

#[derive(Clone, Default)]
struct Later(Vec<u64>);

#[projection(name = "later")]
impl Later {
    #[handles(WeighedAnew)]
    fn weighed(&mut self, event: &WeighedAnew) {
        self.0.push(event.number.n);
    }
}

const EVENTS: u64 = 1_000;

/// A log of events with the numbers of this test: every other one is painted.
async fn filled(test: u64) -> (Watched, Position) {
    let store = Watched::default();
    let stream = StreamId::new("Scale", Uuid::from_u128(1));
    let event = |n| match n % 2 {
        0 => NewEvent::of(&Weighed { number: Number::new(test, n) }).unwrap(),
        _ => NewEvent::of(&Painted { number: Number::new(test, n) }).unwrap(),
    };
    let end = store.append(&stream, ExpectedVersion::Any, (0..EVENTS).map(event).collect()).await.unwrap().position();
    (store, end)
}

fn config(name: String) -> SubscriptionConfig {
    SubscriptionConfig::from_beginning().name(name).batch_size(100)
}

/// How often each number of this test was decoded.
fn decoded(test: u64) -> Vec<usize> {
    let decoded = DECODED.lock().unwrap();
    (0..EVENTS).map(|n| decoded.get(&(test, n)).copied().unwrap_or_default()).collect()
}

fn alive(test: u64) -> usize {
    ALIVE.lock().unwrap().get(&test).copied().unwrap_or_default()
}

#[tokio::test]
async fn event_is_decoded_once_for_ten_subscriptions() {
    let (store, end) = filled(1).await;
    let manager = manager(&store);
    let mut sums = Vec::new();
    let mut painted = Vec::new();
    for n in 0..5 {
        sums.push(manager.subscribe(Sums::default(), config(format!("sums-{n}"))).await.unwrap());
        painted.push(manager.subscribe(PaintedOnly::default(), config(format!("painted-{n}"))).await.unwrap());
    }
    manager.start().await.unwrap();
    for (sums, painted) in sums.iter().zip(&painted) {
        sums.wait_for(end).within(DEADLINE).await.unwrap();
        painted.wait_for(end).within(DEADLINE).await.unwrap();
        assert!(sums.read().await.weighed.iter().copied().eq((0..EVENTS).step_by(2)));
        assert!(sums.read().await.painted.iter().copied().eq((1..EVENTS).step_by(2)));
        assert!(painted.read().await.0.iter().copied().eq((1..EVENTS).step_by(2)));
    }
    assert!(decoded(1).iter().all(|times| *times == 1), "{:?}", decoded(1));
    manager.stop().await.unwrap();
    assert_eq!(alive(1), 0);
}

#[tokio::test]
async fn decoded_payload_is_dropped_before_the_event() {
    let (store, end) = filled(2).await;
    // This store hands its own events out, and keeps them.
    let manager = SubscriptionManager::new(store.inner.clone(), MemoryEventBus::new(), MemoryCheckpoints::new())
        .with_registry(Registry::of([]));
    let mut handles = Vec::new();
    for n in 0..3 {
        handles.push(manager.subscribe(Sums::default(), config(format!("sums-{n}"))).await.unwrap());
    }
    manager.start().await.unwrap();
    for handle in &handles {
        handle.wait_for(end).within(DEADLINE).await.unwrap();
    }
    assert!(decoded(2).iter().all(|times| *times == 1), "{:?}", decoded(2));
    eventually("nothing is kept", || async { alive(2) == 0 }).await;
    manager.stop().await.unwrap();
}

#[tokio::test]
async fn two_types_read_one_stored_event() {
    let (store, end) = filled(3).await;
    let manager = manager(&store);
    let mut sums = Vec::new();
    let mut later = Vec::new();
    for n in 0..3 {
        sums.push(manager.subscribe(Sums::default(), config(format!("sums-{n}"))).await.unwrap());
        later.push(manager.subscribe(Later::default(), config(format!("later-{n}"))).await.unwrap());
    }
    manager.start().await.unwrap();
    for (sums, later) in sums.iter().zip(&later) {
        sums.wait_for(end).within(DEADLINE).await.unwrap();
        later.wait_for(end).within(DEADLINE).await.unwrap();
        assert!(sums.read().await.weighed.iter().copied().eq((0..EVENTS).step_by(2)));
        assert!(later.read().await.0.iter().copied().eq((0..EVENTS).step_by(2)));
    }
    manager.stop().await.unwrap();
    assert_eq!(alive(3), 0);
}

#[tokio::test]
async fn a_shared_payload_can_be_taken() {
    /// Takes its payloads.
    struct Taker(Vec<u64>);
    impl Subscriber for Taker {
        const KIND: ProjectionKind = ProjectionKind::Memory;
        fn name(&self) -> Cow<'static, str> {
            "taker".into()
        }
        fn subscribed_to(&self) -> EventFilter {
            EventFilter::types(["Painted"])
        }
    }
    impl<U: UnitOfWork> EventSubscriber<U> for Taker {
        async fn handle(&mut self, event: &Arc<RecordedEvent>, _: &mut U) -> Result<(), HandlerError> {
            let event = Event::<Painted>::decode(event).map_err(HandlerError::permanent)?;
            self.0.push(event.into_payload().map_err(HandlerError::permanent)?.number.n);
            Ok(())
        }
    }
    let (store, end) = filled(4).await;
    let manager = manager(&store);
    let mut handles = Vec::new();
    for n in 0..3 {
        handles.push(manager.subscribe(Taker(Vec::new()), config(format!("taker-{n}"))).await.unwrap());
    }
    manager.start().await.unwrap();
    for handle in &handles {
        handle.wait_for(end).within(DEADLINE).await.unwrap();
        handle.with(|taker| assert!(taker.0.iter().copied().eq((1..EVENTS).step_by(2)))).await;
    }
    manager.stop().await.unwrap();
    assert_eq!(alive(4), 0);
}
