//! Whatever the log, the pages and the stops: every handled event is applied exactly once, in order.

use std::time::Duration;

use eventsource::prelude::*;
use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase, SqliteEventStore, SqliteOptions};
use eventsource::sqlx::sqlite::SqliteSynchronous;
use eventsource::sqlx::{self, SqliteConnection};
use eventsource_tests::wait::DEADLINE;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! events {
    ($($name:ident),+) => {
        $(
            #[derive(Debug, Serialize, Deserialize, DomainEvent)]
            #[event(aggregate = "Thing")]
            struct $name {
                n: u32,
            }
        )+

        fn new_event(kind: usize, n: u32) -> NewEvent {
            let all: &[fn(u32) -> NewEvent] = &[$(|n| NewEvent::of(&$name { n }).unwrap()),+];
            all[kind](n)
        }
    };
}

events!(One, Two, Three, Four, Five);

/// The numbers of the events that are handled: one, three and five.
#[derive(Clone, Default)]
struct InMemory(Vec<u32>);

#[projection(name = "in-memory")]
impl InMemory {
    #[handles(One)]
    fn one(&mut self, event: &One) {
        self.0.push(event.n);
    }

    #[handles(Three)]
    async fn three(&mut self, event: &Three) {
        self.0.push(event.n);
    }

    #[handles(Five)]
    fn five(&mut self, event: &Event<Five>) {
        self.0.push(event.n);
    }
}

/// The same as rows.
struct InTable;

#[projection(name = "in-table")]
impl InTable {
    #[handles(One)]
    async fn one(&self, event: &One, db: &mut SqliteConnection) -> sqlx::Result<()> {
        insert(db, event.n).await
    }

    #[handles(Three)]
    async fn three(&self, event: &Three, db: &mut SqliteConnection) -> sqlx::Result<()> {
        insert(db, event.n).await
    }

    #[handles(Five)]
    async fn five(&self, event: &Five, db: &mut SqliteConnection) -> sqlx::Result<()> {
        insert(db, event.n).await
    }
}

async fn insert(db: &mut SqliteConnection, n: u32) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO applied (n) VALUES (?)").bind(n).execute(db).await?;
    Ok(())
}

/// What happens to one log and its subscription, in order.
#[derive(Debug, Clone)]
enum Step {
    /// An append of so many events of these kinds, to this stream.
    Append { stream: u8, kinds: Vec<usize> },
    /// A stop at whatever point the subscription has reached, and another start.
    Restart,
}

#[derive(Debug, Clone)]
struct Case {
    batch_size: usize,
    steps: Vec<Step>,
}

fn cases() -> impl Strategy<Value = Case> {
    let append =
        (0u8..10, prop::collection::vec(0usize..5, 1..8)).prop_map(|(stream, kinds)| Step::Append { stream, kinds });
    // At most 75 appends of at most 4 on average: up to 300 events.
    let appends = prop::collection::vec(append, 0..75);
    (1usize..=64, appends, prop::collection::vec(any::<prop::sample::Index>(), 0..=5)).prop_map(
        |(batch_size, mut steps, stops)| {
            for stop in stops {
                steps.insert(stop.index(steps.len() + 1), Step::Restart);
            }
            let mut events = 0;
            steps.retain(|step| match step {
                Step::Append { kinds, .. } => {
                    events += kinds.len();
                    events <= 300
                }
                Step::Restart => true,
            });
            Case { batch_size, steps }
        },
    )
}

/// Appends, and notes what has to be applied.
struct Writer<'a> {
    store: &'a dyn EventStore,
    next: u32,
    expected: Vec<u32>,
}

impl Writer<'_> {
    async fn append(&mut self, stream: u8, kinds: &[usize]) {
        let mut events = Vec::new();
        for kind in kinds {
            events.push(new_event(*kind, self.next));
            if [0, 2, 4].contains(kind) {
                self.expected.push(self.next);
            }
            self.next += 1;
        }
        let stream = StreamId::new("Thing", Uuid::from_u128(stream.into()));
        self.store.append(&stream, ExpectedVersion::Any, events).await.unwrap();
    }
}

fn config(case: &Case) -> SubscriptionConfig {
    let config = SubscriptionConfig::default().batch_size(case.batch_size);
    config.poll_interval(Duration::from_millis(20))
}

async fn in_memory(case: &Case) -> Result<(), TestCaseError> {
    let store = MemoryEventStore::new();
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let handle = manager.subscribe(InMemory::default(), config(case)).await.unwrap();
    let mut writer = Writer { store: &store, next: 0, expected: Vec::new() };
    manager.start().await.unwrap();
    for step in &case.steps {
        match step {
            Step::Append { stream, kinds } => writer.append(*stream, kinds).await,
            Step::Restart => {
                manager.stop().await.unwrap();
                manager.start().await.unwrap();
            }
        }
    }
    handle.caught_up().within(DEADLINE).await.unwrap();
    prop_assert_eq!(&handle.read().await.0, &writer.expected);
    prop_assert_eq!(handle.inspect().await.events_handled, writer.expected.len() as u64);
    Ok(())
}

/// Each restart is a new manager on the file, as a new process would be.
async fn on_sqlite(case: &Case) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteOptions::new(folder.path().join("case.db")).synchronous(SqliteSynchronous::Off);
    let db = SqliteDatabase::open_with(options).await.unwrap();
    sqlx::query("CREATE TABLE applied (n INTEGER)").execute(db.pool()).await.unwrap();
    let store = SqliteEventStore::new(&db);
    let manager = || SubscriptionManager::new(store.clone(), MemoryEventBus::new(), SqliteCheckpoints::new(&db));
    let mut writer = Writer { store: &store, next: 0, expected: Vec::new() };
    let mut current = manager();
    let mut handle = current.subscribe(InTable, config(case)).await.unwrap();
    current.start().await.unwrap();
    for step in &case.steps {
        match step {
            Step::Append { stream, kinds } => writer.append(*stream, kinds).await,
            Step::Restart => {
                current.stop().await.unwrap();
                current = manager();
                handle = current.subscribe(InTable, config(case)).await.unwrap();
                current.start().await.unwrap();
            }
        }
    }
    handle.caught_up().within(DEADLINE).await.unwrap();
    let applied: Vec<u32> =
        sqlx::query_scalar("SELECT n FROM applied ORDER BY rowid").fetch_all(db.pool()).await.unwrap();
    prop_assert_eq!(applied, writer.expected);
    current.stop().await.unwrap();
    db.close().await;
    Ok(())
}

fn block_on<F: Future>(work: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(work)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn exactly_once_in_order_in_memory(case in cases()) {
        block_on(in_memory(&case))?;
    }

    #[test]
    fn exactly_once_in_order_on_sqlite(case in cases()) {
        block_on(on_sqlite(&case))?;
    }
}
