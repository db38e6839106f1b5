//! Two engines that show what is lost, doubled or out of order: one writes a row for each call of a handler, the other one
//! has a state of its own. Some events fail once in each process.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use eventsource::engine::{EngineError, EngineState, Owned, ProjectionEngine, ProjectionStateStore};
use eventsource::postgres::PostgresDatabase;
use eventsource::prelude::*;
use eventsource::sqlite::SqliteDatabase;
use eventsource::sqlx::{self, AssertSqlSafe};
use eventsource::subscription::RetryPolicy;

use crate::domain::Bumped;

/// How many events the engine that writes rows applies before its progress is saved.
pub const BATCH: usize = 3;

/// How many events the engine with a state applies before its progress is saved.
pub const LARGE_BATCH: usize = 100;

/// Writes a row: the number of the handler, and the position of its event.
pub type Write = Arc<dyn Fn(i64, i64) -> Written + Send + Sync>;

/// The outcome of a write.
pub type Written = Pin<Box<dyn Future<Output = sqlx::Result<()>> + Send>>;

/// Creates the table of the rows; `{schema}.` stands before its name.
pub const CREATE: &str = "CREATE TABLE engine_calls (number bigint PRIMARY KEY, handler bigint NOT NULL, \
                          position bigint NOT NULL)";

const INSERT: &str = "INSERT INTO {schema}engine_calls (number, handler, position) \
                      SELECT coalesce(max(number), 0) + 1, $1, $2 FROM {schema}engine_calls";

/// Writes rows into a file of SQLite's.
pub fn write_sqlite(db: &SqliteDatabase) -> Write {
    let db = db.clone();
    Arc::new(move |handler, position| -> Written {
        let db = db.clone();
        Box::pin(async move {
            let insert = sqlx::query(AssertSqlSafe(INSERT.replace("{schema}", "")));
            insert.bind(handler).bind(position).execute(db.pool()).await.map(drop)
        })
    })
}

/// Writes rows into a schema of PostgreSQL's.
pub fn write_postgres(db: &PostgresDatabase, schema: &str) -> Write {
    let (db, sql) = (db.clone(), INSERT.replace("{schema}", &format!("{schema}.")));
    Arc::new(move |handler, position| -> Written {
        let (db, sql) = (db.clone(), sql.clone());
        Box::pin(async move {
            sqlx::query(AssertSqlSafe(sql)).bind(handler).bind(position).execute(db.pool()).await.map(drop)
        })
    })
}

/// Says of one event in so many that it fails, once each.
struct Failures(u64, Mutex<BTreeSet<Position>>);

impl Failures {
    const fn one_in(events: u64) -> Self {
        Self(events, Mutex::new(BTreeSet::new()))
    }

    fn of(&self, event: &Event<Bumped>) -> Result<(), HandlerError> {
        match event.by % self.0 == 3 && self.1.lock().unwrap().insert(event.position()) {
            true => Err(HandlerError::transient("it fails once in each process")),
            false => Ok(()),
        }
    }
}

/// An engine of two handlers that write outside it: a row each, of which the second one fails at times.
pub fn calls(states: impl ProjectionStateStore, write: &Write) -> ProjectionEngine {
    let (first, second, failures) = (Arc::clone(write), Arc::clone(write), Failures::one_in(7));
    let position = |event: &Event<Bumped>| i64::try_from(event.position().value()).unwrap_or(i64::MAX);
    let first = move |event: Event<Bumped>| first(1, position(&event));
    let second = move |event: Event<Bumped>| {
        let (failed, written) = (failures.of(&event), second(2, position(&event)));
        async move {
            failed?;
            written.await.map_err(HandlerError::from)
        }
    };
    ProjectionEngine::new("calls", states).on_async(first).on_async(second)
}

/// A fold of bumps that differs where one is lost, doubled or out of order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Digest {
    /// How many they are.
    pub events: u64,
    /// What tells them apart.
    pub value: u64,
}

impl Digest {
    /// Adds one.
    pub const fn add(&mut self, position: Position, by: u64) {
        self.events += 1;
        self.value = (self.value * 31 + position.value() * 7 + by) % 1_000_000_007;
    }
}

/// An engine with a state of its own, of whose two handlers the second one fails at times.
pub fn digest(states: impl ProjectionStateStore) -> ProjectionEngine<Owned<Digest>> {
    let failures = Failures::one_in(97);
    ProjectionEngine::new("digest", states)
        .with_state(Digest::default())
        .update::<Bumped>(|digest, event| digest.add(event.position(), event.by))
        .update::<Bumped>(move |_, event| failures.of(event))
}

/// Hands the engine the log from its own progress on, `batch` events at a time, up to the present end. Returns whether it
/// was handed anything.
///
/// # Errors
/// What the store or the engine fails with, except a handler that is to be called again.
pub async fn follow<S: EngineState>(
    engine: &mut ProjectionEngine<S>,
    store: &impl EventStore,
    batch: usize,
) -> Result<bool, EngineError> {
    let filter = EventFilter::types([Bumped::NAME]);
    let mut handed = false;
    loop {
        let after = engine.load().await?.position;
        let page = store.read_log(after, &filter, PageLimit::events(batch)).await.expect("the log is read");
        match engine.process_events(&page.events).await {
            Ok(_) | Err(EngineError::Handler { .. }) => handed |= !page.events.is_empty(),
            Err(error) => return Err(error),
        }
        if page.events.is_empty() {
            return Ok(handed);
        }
    }
}

/// How the engines are subscribed: a process that was killed is replaced after 100 ms.
pub fn config(batch: usize) -> SubscriptionConfig {
    let retry = RetryPolicy::new(3, Duration::from_millis(1), Duration::from_millis(2));
    let config = SubscriptionConfig::default().batch_size(batch).lease(Duration::from_millis(100));
    config.poll_interval(Duration::from_millis(5)).retry(retry)
}
