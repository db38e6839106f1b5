//! A page of 1,000 events is a few statements: per table at most one that reads, inserts, updates and deletes, and one
//! for the checkpoint. The statements are those that the driver logs.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use eventsource::postgres::{
    PostgresCheckpoints, PostgresDatabase, PostgresEventStore, PostgresOptions, PostgresReadModels,
};
use eventsource::prelude::*;
use eventsource::projection::{Claim, fingerprint};
use eventsource::read_model::ReadModel;
use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase, SqliteEventStore, SqliteReadModels};
use eventsource::sqlx::postgres::PgConnectOptions;
use eventsource::subscription::HealthLimits;
use eventsource_tests::domain::{Bumped, Cleared};
use eventsource_tests::driver_log::DriverLog;
use eventsource_tests::postgres::Schema;
use tracing::Event as Traced;
use tracing::field::{Field, Visit};
use uuid::Uuid;

/// Collects what the driver logs of statements, from whatever thread.
#[derive(Clone, Default)]
struct Statements(Arc<Mutex<Vec<String>>>);

struct Text<'a>(&'a mut String);

impl Visit for Text<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "db.statement" || (field.name() == "summary" && self.0.is_empty()) {
            *self.0 = value.split_whitespace().collect::<Vec<_>>().join(" ");
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

impl Statements {
    fn note(&self, event: &Traced<'_>) {
        let mut text = String::new();
        event.record(&mut Text(&mut text));
        self.0.lock().unwrap().push(text);
    }

    /// What was logged since it was asked last, by the first word of the statement and the table, where it is about
    /// one of ours.
    fn take(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for text in self.0.lock().unwrap().drain(..) {
            let tables = ["counters", "activity", "eventsource_checkpoints"];
            let Some(table) = tables.into_iter().find(|table| text.contains(table)) else { continue };
            let verb = text.split(' ').next().unwrap().to_lowercase();
            let verb = match verb.as_str() {
                // The lease on the checkpoint, by a clock and not by a page.
                "update" if text.contains("SET leased_until") => "renew",
                // On SQLite a row that was read is updated with everything in it, also with when it was made.
                "insert" if text.contains("\"created_at\" = excluded") => "update",
                // On PostgreSQL rows are locked in order before they are changed, in one statement.
                "with" if text.contains(") UPDATE ") => "update",
                "with" if text.contains(") DELETE ") => "delete",
                "with" if text.contains(") INSERT ") => "insert",
                "with" if text.contains(") SELECT ") => "select",
                verb => verb,
            };
            *counts.entry(format!("{verb} {table}")).or_default() += 1;
        }
        counts
    }

    /// How many statements were logged since it was asked last.
    fn number(&self) -> usize {
        std::mem::take(&mut *self.0.lock().unwrap()).len()
    }

    /// The statements that a page of the log takes.
    async fn of_a_page(&self, store: &dyn EventStore, filter: &EventFilter) -> Vec<String> {
        self.0.lock().unwrap().clear();
        let page = store.read_log(Position::START, filter, PageLimit::events(1_000)).await.unwrap();
        assert_eq!(page.events.len(), 1_000);
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

#[derive(Debug, Clone, PartialEq, ReadModel)]
#[read_model(table = "counters")]
struct CounterRow {
    #[read_model(id)]
    id: Uuid,
    total: u64,
    label: String,
}

#[derive(Debug, Clone, PartialEq, ReadModel)]
#[read_model(table = "activity")]
struct ActivityRow {
    #[read_model(id)]
    event: Uuid,
    by: u64,
}

struct Counters;

#[projection(read_models(CounterRow, ActivityRow))]
impl Counters {
    #[handles(Bumped)]
    async fn bumped(
        &self,
        event: &Event<Bumped>,
        counters: &mut Repository<CounterRow>,
        activity: &mut Repository<ActivityRow>,
    ) -> Result<(), ReadModelError> {
        let id = event.aggregate_id();
        let mut row =
            counters.get(id).await?.unwrap_or(CounterRow { id, total: 0, label: event.position().to_string() });
        row.total += event.by;
        counters.save(row).await?;
        activity.save(ActivityRow { event: event.id(), by: event.by }).await
    }

    #[handles(Cleared)]
    async fn cleared(
        &self,
        event: &Event<Cleared>,
        counters: &mut Repository<CounterRow>,
    ) -> Result<(), ReadModelError> {
        counters.delete(event.aggregate_id()).await
    }
}

async fn append(
    store: &dyn EventStore,
    counters: impl IntoIterator<Item = u128>,
    event: impl Fn() -> NewEvent,
) -> Position {
    let mut position = Position::START;
    for counter in counters {
        let stream = StreamId::new("Counter", Uuid::from_u128(counter));
        position = store.append(&stream, ExpectedVersion::Any, vec![event()]).await.unwrap().position();
    }
    position
}

fn expected(counts: &[(&str, usize)]) -> BTreeMap<String, usize> {
    counts.iter().map(|(what, count)| ((*what).to_owned(), *count)).collect()
}

// One test: what is collected comes from the whole process.
#[tokio::test]
async fn a_page_is_a_few_statements() {
    let statements = Statements::default();
    let noted = statements.clone();
    tracing::subscriber::set_global_default(DriverLog(move |event: &Traced<'_>| noted.note(event))).unwrap();
    on_sqlite(&statements).await;
    on_postgres(&statements).await;
}

async fn on_sqlite(statements: &Statements) {
    let folder = tempfile::tempdir().unwrap();
    let options = eventsource::sqlite::SqliteOptions::new(folder.path().join("statements.db"))
        .synchronous(eventsource::sqlx::sqlite::SqliteSynchronous::Off);
    let db = SqliteDatabase::open_with(options).await.unwrap();
    let models = SqliteReadModels::new(&db);
    models.create_table::<CounterRow>().await.unwrap();
    models.create_table::<ActivityRow>().await.unwrap();
    let (store, checkpoints) = (SqliteEventStore::new(&db), SqliteCheckpoints::new(&db));
    count(statements, store.clone(), checkpoints.clone(), models.repository(), models.repository()).await;
    for filter in filters() {
        let texts = statements.of_a_page(&store, &filter).await;
        assert_eq!(texts.len(), 1, "the page, with the head of the log: {texts:?}");
    }
    ask_of_many(statements, store, checkpoints).await;
}

fn filters() -> [EventFilter; 2] {
    [EventFilter::all(), EventFilter::types([Bumped::NAME, Cleared::NAME]).aggregates(["Counter"])]
}

async fn on_postgres(statements: &Statements) {
    let schema = Schema::migrated().await;
    let connect: PgConnectOptions = schema.url().parse().unwrap();
    let connect = connect.options([("synchronous_commit", "off")]);
    let options = PostgresOptions::from_connect_options(connect).schema(schema.name());
    let db = PostgresDatabase::open_with(options).await.unwrap();
    let models = PostgresReadModels::new(&db);
    models.create_table::<CounterRow>().await.unwrap();
    models.create_table::<ActivityRow>().await.unwrap();
    let (store, checkpoints) = (PostgresEventStore::new(&db), PostgresCheckpoints::new(&db));
    count(statements, store.clone(), checkpoints.clone(), models.repository(), models.repository()).await;
    store.head().await.unwrap();
    for filter in filters() {
        // The first one may come upon a connection that has to be looked at.
        statements.of_a_page(&store, &filter).await;
        let texts = statements.of_a_page(&store, &filter).await;
        assert_eq!(texts.len(), 1, "the page, far before a horizon that is known: {texts:?}");
    }
    ask_of_many(statements, store, checkpoints).await;
}

/// Something that has a checkpoint.
struct Watches;

#[projection(effects)]
impl Watches {
    #[handles(Bumped)]
    fn bumped(&self, _: &Bumped) {}
}

/// Health and statuses of a manager take as many statements for 50 subscriptions as for one, and a probe takes none.
async fn ask_of_many<S, C>(statements: &Statements, store: S, checkpoints: C)
where
    S: EventStore + Clone + 'static,
    C: CheckpointStore + Clone,
    Watches: EventSubscriber<C::Unit>,
{
    let print = fingerprint(&Watches);
    let mut taken = Vec::new();
    for subscriptions in [1, 50] {
        let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), checkpoints.clone());
        for n in 0..subscriptions {
            let name = format!("of-{subscriptions}-{n}");
            // Each stands somewhere else.
            checkpoints.claim(&Claim::new(&name, &print, Position::new(n * 7))).await.unwrap();
            manager.subscribe(Watches, SubscriptionConfig::default().name(name)).await.unwrap();
        }
        // The first question may come upon a connection that has to be looked at.
        manager.inspect_all().await;
        statements.number();
        let health = manager.health(HealthLimits::default());
        assert_eq!((manager.snapshots().len() as u64, statements.number()), (subscriptions, 0), "health and snapshots");
        assert_eq!(health.reasons.len() as u64, subscriptions, "they are not started");
        let statuses = manager.inspect_all().await;
        let for_statuses = statements.number();
        let head = store.head().await.unwrap().value();
        for (status, n) in statuses.iter().map(|status| (status, status.position.unwrap().value())) {
            let lag = status.lag.as_ref().unwrap();
            assert_eq!(lag.events, (head - n).min(10_001), "{}", status.name);
        }
        taken.push(for_statuses);
    }
    assert_eq!(taken[0], taken[1], "for one subscription and for 50");
    assert!(taken[1] <= 12, "{taken:?}");
}

async fn count<S: EventStore + Clone + 'static, C: CheckpointStore>(
    statements: &Statements,
    store: S,
    checkpoints: C,
    rows: ReadRepository<CounterRow>,
    activity: ReadRepository<ActivityRow>,
) where
    Counters: EventSubscriber<C::Unit>,
{
    let bump = || NewEvent::of(&Bumped { by: 1 }).unwrap();
    let clear = || NewEvent::of(&Cleared {}).unwrap();

    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), checkpoints);
    let config = SubscriptionConfig::default().batch_size(1_000);
    let handle = manager.subscribe(Counters, config).await.unwrap();
    let run = async |position: Position| {
        statements.take();
        manager.start().await.unwrap();
        handle.wait_for(position).await.unwrap();
        manager.stop().await.unwrap();
        let mut counts = statements.take();
        // Claiming the checkpoint, at the start.
        counts.remove("insert eventsource_checkpoints");
        counts.remove("select eventsource_checkpoints");
        counts.remove("renew eventsource_checkpoints");
        counts
    };

    // New rows.
    let counts = run(append(&store, 0..1_000, bump).await).await;
    let checkpoint = ("update eventsource_checkpoints", 1);
    let insert = [("select counters", 1), ("insert counters", 1), ("insert activity", 1), checkpoint];
    assert_eq!(counts, expected(&insert));

    // Rows that are there, each four times.
    let counts = run(append(&store, (0..1_000).map(|n| n % 250), bump).await).await;
    let update = [("select counters", 1), ("update counters", 1), ("insert activity", 1), checkpoint];
    assert_eq!(counts, expected(&update));

    // All of it in one page.
    append(&store, 0..300, clear).await;
    let counts = run(append(&store, 600..1_300, bump).await).await;
    let all = [
        ("select counters", 1),
        ("delete counters", 1),
        ("insert counters", 1),
        ("update counters", 1),
        ("insert activity", 1),
        checkpoint,
    ];
    assert_eq!(counts, expected(&all));
    assert_eq!(rows.count(Query::all()).await.unwrap(), 1_000);
    assert_eq!(rows.count(CounterRow::TOTAL.eq(2)).await.unwrap(), 400);

    // Two pages are twice as much.
    let counts = run(append(&store, (0..2_000).map(|n| n % 500), bump).await).await;
    assert_eq!(counts["update eventsource_checkpoints"], 2, "{counts:?}");
    assert!(counts.values().all(|&count| count <= 2), "{counts:?}");
    assert_eq!(activity.count(Query::all()).await.unwrap(), 4_700);
}
