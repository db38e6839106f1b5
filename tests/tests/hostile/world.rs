//! What these tests share: doors that handlers stand before, and a file.

pub(crate) use std::borrow::Cow;
pub(crate) use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
pub(crate) use std::sync::{Arc, OnceLock};
pub(crate) use std::time::Duration;

pub(crate) use eventsource::prelude::*;
pub(crate) use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase, SqliteEventStore, SqliteOptions};
pub(crate) use eventsource::sqlx::{self, SqliteConnection};
pub(crate) use eventsource::store::StoreError;
pub(crate) use eventsource::subscription::{
    FailurePolicy, ManagerError, ResetError, RetryPolicy, StopReason, WaitError,
};
pub(crate) use eventsource::testing::Random;
pub(crate) use eventsource::testing::faults::{Fault, Faults, FaultyCheckpoints, FaultyEventStore, Point};
pub(crate) use eventsource_tests::domain::{Bumped, Seen, bump, note};
pub(crate) use eventsource_tests::rows::BumpRows;
pub(crate) use eventsource_tests::wait::eventually;
pub(crate) use tokio::sync::Semaphore;
pub(crate) use tokio::time::timeout;

pub(crate) type Manager = SubscriptionManager<MemoryCheckpoints>;

pub(crate) const MOMENT: Duration = Duration::from_millis(50);
pub(crate) const LONG: Duration = Duration::from_secs(3);

pub(crate) fn manager(store: &MemoryEventStore) -> Manager {
    SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new())
}

pub(crate) fn quick(attempts: u32) -> SubscriptionConfig {
    let policy = RetryPolicy::new(attempts, Duration::from_millis(1), Duration::from_millis(4));
    SubscriptionConfig::default().retry(policy).on_failure(FailurePolicy::Stop)
}

/// A door that handlers stand before.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) entered: Arc<AtomicUsize>,
    pub(crate) open: Arc<Semaphore>,
}

impl Door {
    pub(crate) fn shut() -> Self {
        Self { entered: Arc::default(), open: Arc::new(Semaphore::new(0)) }
    }

    pub(crate) async fn pass(&self) {
        self.entered.fetch_add(1, Ordering::SeqCst);
        self.open.acquire().await.unwrap().forget();
    }

    pub(crate) fn open(&self) {
        self.open.add_permits(1_000_000);
    }

    pub(crate) async fn has_waiters(&self) {
        eventually("a handler stands before the door", || async { self.entered.load(Ordering::SeqCst) > 0 }).await;
    }
}

#[derive(Clone)]
pub(crate) struct Gated {
    pub(crate) door: Door,
    pub(crate) applied: Vec<u64>,
}

impl Gated {
    pub(crate) fn behind(door: &Door) -> Self {
        Self { door: door.clone(), applied: Vec::new() }
    }
}

#[projection(name = "gated")]
impl Gated {
    #[handles(Bumped)]
    async fn bumped(&mut self, event: &Bumped) {
        self.door.pass().await;
        self.applied.push(event.by);
    }

    #[truncate]
    fn truncate(&mut self) {
        self.applied.clear();
    }
}

#[derive(Clone)]
pub(crate) struct Effect {
    pub(crate) door: Door,
    pub(crate) done: Arc<AtomicUsize>,
}

impl Effect {
    pub(crate) fn behind(door: &Door) -> Self {
        Self { door: door.clone(), done: Arc::default() }
    }
}

#[projection(effects, name = "effect")]
impl Effect {
    #[handles(Bumped)]
    async fn bumped(&self, _: &Bumped) {
        self.door.pass().await;
        self.done.fetch_add(1, Ordering::SeqCst);
    }
}

pub(crate) struct File {
    pub(crate) _dir: tempfile::TempDir,
    pub(crate) db: SqliteDatabase,
    pub(crate) store: SqliteEventStore,
}

impl File {
    pub(crate) async fn new(options: impl FnOnce(SqliteOptions) -> SqliteOptions) -> Self {
        let dir = tempfile::TempDir::new().unwrap();
        let db = SqliteDatabase::open_with(options(SqliteOptions::new(dir.path().join("events.db")))).await.unwrap();
        BumpRows::create_tables(db.pool()).await.unwrap();
        Self { _dir: dir, store: SqliteEventStore::new(&db), db }
    }

    pub(crate) fn manager(&self) -> SubscriptionManager<SqliteCheckpoints> {
        SubscriptionManager::new(self.store.clone(), MemoryEventBus::new(), SqliteCheckpoints::new(&self.db))
    }
}
