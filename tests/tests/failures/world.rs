//! Projections that fail as they are told, on every backend.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use eventsource::postgres::{PostgresCheckpoints, PostgresDatabase, PostgresEventStore, PostgresReadModels};
pub(crate) use eventsource::prelude::*;
pub(crate) use eventsource::projection::{LetterQuery, LetterState};
use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase, SqliteEventStore, SqliteReadModels};
pub(crate) use eventsource::subscription::{FailurePolicy, RetryPolicy};
use eventsource_tests::domain::Bumped;
use eventsource_tests::postgres::Schema;
pub(crate) use eventsource_tests::wait::{DEADLINE, eventually};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How the handler of a bump by a certain number fails.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// The next so many calls.
    Times(u32),
    Permanent,
    Panic,
    /// It never returns.
    Hang,
}

/// Which bumps fail, and how. All clones are the same plan.
#[derive(Clone, Default)]
pub(crate) struct Plan {
    faults: Arc<Mutex<HashMap<u64, Fault>>>,
    calls: Arc<Mutex<Vec<u64>>>,
    order: Arc<AtomicI64>,
}

impl Plan {
    pub(crate) fn new(faults: impl IntoIterator<Item = (u64, Fault)>) -> Self {
        let plan = Self::default();
        plan.faults.lock().unwrap().extend(faults);
        plan
    }

    /// The bump by `by` fails, from now on.
    pub(crate) fn fail(&self, by: u64, fault: Fault) {
        self.faults.lock().unwrap().insert(by, fault);
    }

    /// Nothing fails any more.
    pub(crate) fn heal(&self) {
        self.faults.lock().unwrap().clear();
    }

    /// How often the handler of the bump by `by` was called.
    pub(crate) fn calls(&self, by: u64) -> usize {
        self.calls.lock().unwrap().iter().filter(|called| **called == by).count()
    }

    pub(crate) async fn strike(&self, by: u64) -> Result<(), HandlerError> {
        self.calls.lock().unwrap().push(by);
        let fault = self.faults.lock().unwrap().get_mut(&by).map(|fault| {
            let now = *fault;
            if let Fault::Times(times) = fault {
                *times = times.saturating_sub(1);
            }
            now
        });
        match fault {
            Some(Fault::Times(1..)) => Err(HandlerError::transient("not yet")),
            Some(Fault::Permanent) => Err(HandlerError::permanent("never")),
            Some(Fault::Panic) => panic!("out of luck"),
            Some(Fault::Hang) => std::future::pending().await,
            Some(Fault::Times(0)) | None => Ok(()),
        }
    }

    fn next(&self) -> i64 {
        self.order.fetch_add(1, Ordering::SeqCst)
    }
}

/// An event that was applied.
#[derive(Debug, Clone, PartialEq, ReadModel)]
#[read_model(table = "applied")]
pub(crate) struct AppliedRow {
    #[read_model(id)]
    pub(crate) position: i64,
    pub(crate) by: i64,
    /// Which of all calls it was.
    pub(crate) at: i64,
}

/// Keeps a row of each bump.
#[derive(Clone)]
pub(crate) struct Applies(pub(crate) Plan);

#[projection(name = "applies", read_models(AppliedRow))]
impl Applies {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Event<Bumped>, rows: &mut Repository<AppliedRow>) -> Result<(), HandlerError> {
        let position = event.position().value() as i64;
        let before = rows.get(position).await?;
        assert!(before.is_none(), "applied twice: {before:?}");
        rows.save(AppliedRow { position, by: event.by as i64, at: self.0.next() }).await?;
        self.0.strike(event.by).await
    }
}

/// A backend.
#[allow(async_fn_in_trait, reason = "these futures stay in one task")]
pub(crate) trait World: Sized + Send + Sync + 'static
where
    Repository<AppliedRow>: eventsource::Inject<<Self::Checkpoints as CheckpointStore>::Unit>,
{
    type Checkpoints: CheckpointStore;
    type Store: EventStore + Clone;

    async fn new() -> Self;
    /// The same world, through connections that belong to the async runtime that asks.
    async fn reopened(&self) -> Self;
    fn checkpoints(&self) -> Self::Checkpoints;
    fn store(&self) -> Self::Store;
    fn rows(&self) -> ReadRepository<AppliedRow>;

    fn manager(&self) -> SubscriptionManager<Self::Checkpoints> {
        SubscriptionManager::new(self.store(), MemoryEventBus::new(), self.checkpoints())
    }

    /// Appends bumps by these numbers; the stream of each is the number of its hundreds.
    async fn bump(&self, numbers: &[u64]) -> Position {
        bump(&self.store(), numbers).await
    }

    /// The numbers that were applied, in the order in which they were.
    async fn applied(&self) -> Vec<i64> {
        let rows = self.rows().find(Query::all().order_by(AppliedRow::AT.asc())).await.unwrap();
        rows.into_iter().map(|row| row.by).collect()
    }
}

pub(crate) fn stream(by: u64) -> StreamId {
    StreamId::new("Counter", Uuid::from_u128(u128::from(by / 100)))
}

pub(crate) async fn bump(store: &dyn EventStore, numbers: &[u64]) -> Position {
    let mut last = Position::START;
    for &by in numbers {
        let event = NewEvent::of(&Bumped { by }).unwrap();
        last = store.append(&stream(by), ExpectedVersion::Any, vec![event]).await.unwrap().position();
    }
    last
}

pub(crate) struct Memory(MemoryEventStore, MemoryCheckpoints);

impl World for Memory {
    type Checkpoints = MemoryCheckpoints;
    type Store = MemoryEventStore;

    async fn new() -> Self {
        Self(MemoryEventStore::new(), MemoryCheckpoints::new())
    }

    async fn reopened(&self) -> Self {
        Self(self.0.clone(), self.1.clone())
    }

    fn checkpoints(&self) -> MemoryCheckpoints {
        self.1.clone()
    }

    fn store(&self) -> MemoryEventStore {
        self.0.clone()
    }

    fn rows(&self) -> ReadRepository<AppliedRow> {
        MemoryReadModels::new(&self.1).repository()
    }
}

pub(crate) struct Sqlite {
    db: SqliteDatabase,
    folder: Arc<tempfile::TempDir>,
}

impl World for Sqlite {
    type Checkpoints = SqliteCheckpoints;
    type Store = SqliteEventStore;

    async fn new() -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let db = SqliteDatabase::open(folder.path().join("world.db")).await.unwrap();
        SqliteReadModels::new(&db).create_table::<AppliedRow>().await.unwrap();
        Self { db, folder }
    }

    async fn reopened(&self) -> Self {
        let db = SqliteDatabase::open(self.folder.path().join("world.db")).await.unwrap();
        Self { db, folder: Arc::clone(&self.folder) }
    }

    fn checkpoints(&self) -> SqliteCheckpoints {
        SqliteCheckpoints::new(&self.db)
    }

    fn store(&self) -> SqliteEventStore {
        SqliteEventStore::new(&self.db)
    }

    fn rows(&self) -> ReadRepository<AppliedRow> {
        SqliteReadModels::new(&self.db).repository()
    }
}

pub(crate) struct Postgres {
    db: PostgresDatabase,
    // Dropped last: the schema goes with it.
    schema: Arc<Schema>,
}

impl World for Postgres {
    type Checkpoints = PostgresCheckpoints;
    type Store = PostgresEventStore;

    async fn new() -> Self {
        let schema = Arc::new(Schema::migrated().await);
        let db = PostgresDatabase::open_with(schema.options()).await.unwrap();
        PostgresReadModels::new(&db).create_table::<AppliedRow>().await.unwrap();
        Self { db, schema }
    }

    async fn reopened(&self) -> Self {
        let db = PostgresDatabase::open_with(self.schema.options()).await.unwrap();
        Self { db, schema: Arc::clone(&self.schema) }
    }

    fn checkpoints(&self) -> PostgresCheckpoints {
        PostgresCheckpoints::new(&self.db)
    }

    fn store(&self) -> PostgresEventStore {
        PostgresEventStore::new(&self.db)
    }

    fn rows(&self) -> ReadRepository<AppliedRow> {
        PostgresReadModels::new(&self.db).repository()
    }
}

/// The unit of work of a world.
pub(crate) type Unit<W> = <<W as World>::Checkpoints as CheckpointStore>::Unit;

/// The name of the state of a subscription.
pub(crate) async fn state<P>(handle: &SubscriptionHandle<P>) -> String {
    handle.inspect().await.state.name().to_owned()
}

/// Durable memory: the numbers that were applied.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Kept(pub(crate) Vec<u64>);

#[projection(name = "kept", snapshot)]
impl Kept {
    #[handles(Bumped)]
    fn bumped(&mut self, event: &Bumped) {
        self.0.push(event.by);
    }
}

/// Retries in no time.
pub(crate) fn quick(attempts: u32) -> SubscriptionConfig {
    let policy = RetryPolicy::new(attempts, Duration::from_millis(1), Duration::from_millis(4));
    SubscriptionConfig::default().retry(policy)
}

/// Runs each case on every backend.
#[macro_export]
macro_rules! on_every_backend {
    ($($case:ident)*) => {
        mod memory {
            $(#[tokio::test]
            async fn $case() {
                super::$case::<$crate::world::Memory>().await;
            })*
        }
        mod postgres {
            $(#[tokio::test]
            async fn $case() {
                super::$case::<$crate::world::Postgres>().await;
            })*
        }
        mod sqlite {
            $(#[tokio::test]
            async fn $case() {
                super::$case::<$crate::world::Sqlite>().await;
            })*
        }
    };
}
