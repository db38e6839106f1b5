//! What these tests share: projections of each kind whose handlers do what a script says.

pub(crate) use std::collections::{HashMap, VecDeque};
pub(crate) use std::sync::{Arc, Mutex};
pub(crate) use std::time::Duration;

pub(crate) use eventsource::memory::MemoryReadModels;
pub(crate) use eventsource::prelude::*;
pub(crate) use eventsource::read_model::{ReadModel, Repository};
pub(crate) use eventsource::subscription::{FailureLimit, FailurePolicy, RetryPolicy};
pub(crate) use eventsource::testing::faults::{Fault, Faults, FaultyCheckpoints, FaultyEventStore, Point};
pub(crate) use eventsource_tests::domain::{Bumped, bump, note};
pub(crate) use eventsource_tests::wait::{DEADLINE, eventually};
pub(crate) use uuid::Uuid;

/// How one call of a handler goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Fine,
    Transient,
    Permanent,
    Panic,
    Hang,
}

/// How the calls for each event go; where nothing is said, they go well.
#[derive(Debug, Clone, Default)]
pub(crate) struct Script(Arc<Mutex<HashMap<u64, Calls>>>);

/// How many there were, and how the next ones go.
type Calls = (usize, VecDeque<Act>);

impl Script {
    /// The next calls for the bump by `by`.
    pub(crate) fn next(&self, by: u64, acts: impl IntoIterator<Item = Act>) {
        self.0.lock().unwrap().entry(by).or_default().1.extend(acts);
    }

    /// How often the handler was called for the bump by `by`.
    pub(crate) fn calls(&self, by: u64) -> usize {
        self.0.lock().unwrap().get(&by).map_or(0, |(calls, _)| *calls)
    }

    async fn play(&self, by: u64) -> Result<(), HandlerError> {
        let act = {
            let mut script = self.0.lock().unwrap();
            let (calls, acts) = script.entry(by).or_default();
            *calls += 1;
            acts.pop_front().unwrap_or(Act::Fine)
        };
        match act {
            Act::Fine => Ok(()),
            Act::Transient => Err(HandlerError::transient("not just now")),
            Act::Permanent => Err(HandlerError::permanent("never ever")),
            Act::Panic => panic!("panicked on purpose"),
            Act::Hang => std::future::pending().await,
        }
    }
}

/// State in memory: the numbers, in order. What is cut off has left a zero.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kept {
    pub(crate) script: Script,
    pub(crate) numbers: Vec<u64>,
}

#[projection(name = "kept")]
impl Kept {
    #[handles(Bumped)]
    async fn bumped(&mut self, event: &Bumped) -> Result<(), HandlerError> {
        self.numbers.push(0);
        let played = self.script.play(event.by).await;
        self.numbers.pop();
        played?;
        self.numbers.push(event.by);
        Ok(())
    }

    #[truncate]
    fn truncate(&mut self) {
        self.numbers.clear();
    }
}

/// Effects: the numbers, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Done {
    pub(crate) script: Script,
    pub(crate) done: Arc<Mutex<Vec<u64>>>,
}

#[projection(effects, name = "done")]
impl Done {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Bumped) -> Result<(), HandlerError> {
        self.script.play(event.by).await?;
        self.done.lock().unwrap().push(event.by);
        Ok(())
    }
}

impl Done {
    pub(crate) fn numbers(&self) -> Vec<u64> {
        self.done.lock().unwrap().clone()
    }
}

#[derive(Debug, ReadModel)]
#[read_model(table = "sums")]
pub(crate) struct Sum {
    #[read_model(id)]
    pub(crate) id: Uuid,
    pub(crate) total: u64,
    pub(crate) events: u64,
}

/// A read model: the sum of each stream.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sums(pub(crate) Script);

#[projection(name = "sums", read_models(Sum))]
impl Sums {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Event<Bumped>, sums: &mut Repository<Sum>) -> Result<(), HandlerError> {
        let id = event.aggregate_id();
        let mut sum = sums.get(id).await?.unwrap_or(Sum { id, total: 0, events: 0 });
        sum.total += event.by;
        sum.events += 1;
        sums.save(sum).await?;
        self.0.play(event.by).await
    }
}

pub(crate) type Manager = SubscriptionManager<MemoryCheckpoints>;

pub(crate) fn manager(store: &MemoryEventStore) -> Manager {
    SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new())
}

/// With stores in which goes wrong what `faults` say.
pub(crate) fn faulty(
    store: &MemoryEventStore,
    faults: &Faults,
) -> SubscriptionManager<FaultyCheckpoints<MemoryCheckpoints>> {
    SubscriptionManager::new(
        FaultyEventStore::new(store.clone(), faults),
        MemoryEventBus::new(),
        FaultyCheckpoints::new(MemoryCheckpoints::new(), faults),
    )
}

/// So many attempts, 100 ms apart, growing twofold.
pub(crate) fn attempts(attempts: u32) -> SubscriptionConfig {
    let retry = RetryPolicy::new(attempts, Duration::from_millis(100), Duration::from_secs(10));
    SubscriptionConfig::default().retry(retry.jitter(0.0)).handler_timeout(Duration::from_secs(1))
}

/// Appends to a stream of its own: the bumps of one stream wait for each other.
pub(crate) async fn bump_at(store: &dyn EventStore, stream: u128, numbers: impl IntoIterator<Item = u64>) -> Position {
    let events = numbers.into_iter().map(|by| NewEvent::of(&Bumped { by }).unwrap()).collect();
    let stream = StreamId::new("Counter", Uuid::from_u128(stream));
    store.append(&stream, ExpectedVersion::Any, events).await.unwrap().position()
}
