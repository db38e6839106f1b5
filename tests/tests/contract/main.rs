//! The contract suites, on every backend, as an adapter outside this project would run them; and adapters that break their
//! contracts on purpose, each of which must fail the case that names its mistake.

#![allow(clippy::unwrap_used)]

mod broken_buses;
mod broken_checkpoints;
mod broken_generations;
mod broken_operations;
mod broken_queries;
mod broken_read_models;
mod broken_servers;
mod broken_snapshots;
mod broken_states;
mod broken_stores;
mod killed;

use std::sync::Arc;

use async_trait::async_trait;
use eventsource::postgres::{
    PostgresCheckpoints, PostgresDatabase, PostgresEventStore, PostgresOptions, PostgresProjectionStates,
    PostgresReadModels, PostgresSnapshots,
};
use eventsource::sqlite::{
    SqliteCheckpoints, SqliteDatabase, SqliteEventStore, SqliteOptions, SqliteProjectionStates, SqliteReadModels,
    SqliteSnapshots,
};
use eventsource::sqlx;
use eventsource::store::{Backlog, LogId, LogMark, WakeUpReceiver};
use eventsource::testing::contract::{self, Case, ContractRow};
use eventsource::{
    AppendError, Appended, EventFilter, EventLog, EventStore, ExpectedVersion, LogPage, MemoryEventStore, NewEvent,
    PageLimit, Position, ReadRepository, ReadStream, RecordedEvent, StoreError, StreamId,
};
use eventsource_tests::only_reads::OnlyReads;
use eventsource_tests::postgres::Schema;
use tempfile::TempDir;

mod memory {
    mod snapshots {
        eventsource::snapshot_store_contract!(eventsource::aggregate::MemorySnapshots::new());
    }
    mod event_store {
        eventsource::event_store_contract!(eventsource::MemoryEventStore::new());
    }
    mod observed_event_store {
        eventsource::event_store_contract!(eventsource::store::Observed::new(eventsource::MemoryEventStore::new()));
    }
    mod event_log {
        eventsource::event_log_contract!({
            let store = eventsource::MemoryEventStore::new();
            (crate::OnlyReads(store.clone()), store)
        });
    }
    mod event_queries {
        eventsource::event_queries_contract!({
            let store = eventsource::MemoryEventStore::new();
            (store.clone(), store)
        });
    }
    mod event_queries_behind_wrappers {
        use eventsource::testing::faults::{Faults, FaultyEventStore};

        eventsource::event_queries_contract!({
            let store = eventsource::MemoryEventStore::new();
            let faulty = FaultyEventStore::new(store.clone(), &Faults::new());
            (std::sync::Arc::new(eventsource::store::Observed::new(faulty)), store)
        });
    }
    mod checkpoints {
        eventsource::checkpoint_store_contract!(eventsource::memory::MemoryCheckpoints::new());
    }
    mod event_bus {
        eventsource::event_bus_contract!(eventsource::MemoryEventBus::new());
    }
    mod notifier {
        eventsource::notifier_contract!(eventsource::MemoryEventBus::new());
    }
    mod recording_bus {
        eventsource::event_bus_contract!(eventsource::testing::RecordingBus::new());
    }
    mod leases {
        eventsource::lease_contract!(eventsource::memory::MemoryCheckpoints::new());
    }
    mod table_owners {
        eventsource::table_owner_contract!(eventsource::memory::MemoryCheckpoints::new());
    }
    mod operations {
        eventsource::operation_contract!(eventsource::memory::MemoryCheckpoints::new());
    }
    mod projection_states {
        eventsource::projection_state_store_contract!(eventsource::engine::MemoryProjectionStates::new());
    }
    mod read_models {
        eventsource::read_model_contract!({
            let checkpoints = eventsource::MemoryCheckpoints::new();
            let rows = eventsource::MemoryReadModels::new(&checkpoints).repository();
            (checkpoints, rows, ())
        });
    }
}

mod sqlite {
    mod snapshots {
        eventsource::snapshot_store_contract!(crate::sqlite_snapshots().await);
    }
    mod event_store {
        eventsource::event_store_contract!(crate::sqlite_store().await);
    }
    mod event_log {
        eventsource::event_log_contract!({
            let (store, dir) = crate::sqlite_store().await;
            (crate::OnlyReads(store.clone()), store, dir)
        });
    }
    mod event_queries {
        eventsource::event_queries_contract!({
            let (store, dir) = crate::sqlite_store().await;
            (store.clone(), store, dir)
        });
    }
    mod event_queries_with_an_index {
        eventsource::event_queries_contract!({
            let (db, dir) = crate::sqlite().await;
            db.create_correlation_index().await.unwrap();
            (db.event_store(), db.event_store(), dir)
        });
    }
    mod checkpoints {
        eventsource::checkpoint_store_contract!(crate::sqlite_checkpoints().await);
    }
    mod leases {
        eventsource::lease_contract!(crate::sqlite_checkpoints().await);
    }
    mod projection_states {
        eventsource::projection_state_store_contract!(crate::sqlite_states().await);
    }
    mod read_models {
        eventsource::read_model_contract!(crate::sqlite_read_models().await);
    }
    mod table_owners {
        eventsource::table_owner_contract!(crate::sqlite_checkpoints().await);
    }
    mod operations {
        eventsource::operation_contract!(crate::sqlite_checkpoints().await);
    }
    mod generations {
        eventsource::generation_contract!(crate::sqlite_read_models().await);
    }
}

mod sqlite_in_memory {
    mod snapshots {
        eventsource::snapshot_store_contract!(crate::SqliteSnapshots::new(&crate::in_memory().await));
    }
    mod event_store {
        eventsource::event_store_contract!(crate::SqliteEventStore::new(&crate::in_memory().await));
    }
    mod event_queries {
        eventsource::event_queries_contract!({
            let store = crate::in_memory().await.event_store();
            (store.clone(), store)
        });
    }
    mod checkpoints {
        eventsource::checkpoint_store_contract!(crate::SqliteCheckpoints::new(&crate::in_memory().await));
    }
    mod leases {
        eventsource::lease_contract!(crate::SqliteCheckpoints::new(&crate::in_memory().await));
    }
    mod projection_states {
        eventsource::projection_state_store_contract!(crate::SqliteProjectionStates::new(&crate::in_memory().await));
    }
    mod table_owners {
        eventsource::table_owner_contract!(crate::SqliteCheckpoints::new(&crate::in_memory().await));
    }
    mod operations {
        eventsource::operation_contract!(crate::SqliteCheckpoints::new(&crate::in_memory().await));
    }
}

mod postgres {
    mod snapshots {
        eventsource::snapshot_store_contract!(crate::postgres_snapshots(|options| options).await);
    }
    mod event_store {
        eventsource::event_store_contract!(crate::postgres_store(|options| options).await);
    }
    mod event_log {
        eventsource::event_log_contract!({
            let (store, schema) = crate::postgres_store(|options| options).await;
            (crate::OnlyReads(store.clone()), store, schema)
        });
    }
    mod event_queries {
        eventsource::event_queries_contract!({
            let (store, schema) = crate::postgres_store(|options| options).await;
            (store.clone(), store, schema)
        });
    }
    mod event_queries_with_an_index {
        eventsource::event_queries_contract!({
            let (db, schema) = crate::postgres(|options| options).await;
            db.create_correlation_index().await.unwrap();
            (db.event_store(), db.event_store(), schema)
        });
    }
    mod checkpoints {
        eventsource::checkpoint_store_contract!(crate::postgres_checkpoints(|options| options).await);
    }
    mod leases {
        eventsource::lease_contract!(crate::postgres_checkpoints(|options| options).await);
    }
    mod projection_states {
        eventsource::projection_state_store_contract!(crate::postgres_states(|options| options).await);
    }
    mod read_models {
        eventsource::read_model_contract!(crate::postgres_read_models(|options| options).await);
    }
    mod table_owners {
        eventsource::table_owner_contract!(crate::postgres_checkpoints(|options| options).await);
    }
    mod operations {
        eventsource::operation_contract!(crate::postgres_checkpoints(|options| options).await);
    }
    mod generations {
        eventsource::generation_contract!(crate::postgres_read_models(|options| options).await);
    }
}

mod postgres_as_through_a_pooler {
    mod snapshots {
        eventsource::snapshot_store_contract!(crate::postgres_snapshots(|options| options.pooler_mode(true)).await);
    }
    mod event_store {
        eventsource::event_store_contract!(crate::postgres_store(|options| options.pooler_mode(true)).await);
    }
    mod event_queries {
        eventsource::event_queries_contract!({
            let (store, schema) = crate::postgres_store(|options| options.pooler_mode(true)).await;
            (store.clone(), store, schema)
        });
    }
    mod checkpoints {
        eventsource::checkpoint_store_contract!(crate::postgres_checkpoints(|options| options.pooler_mode(true)).await);
    }
    mod leases {
        eventsource::lease_contract!(crate::postgres_checkpoints(|options| options.pooler_mode(true)).await);
    }
    mod projection_states {
        eventsource::projection_state_store_contract!(
            crate::postgres_states(|options| options.pooler_mode(true)).await
        );
    }
    mod read_models {
        eventsource::read_model_contract!(crate::postgres_read_models(|options| options.pooler_mode(true)).await);
    }
    mod table_owners {
        eventsource::table_owner_contract!(crate::postgres_checkpoints(|options| options.pooler_mode(true)).await);
    }
    mod operations {
        eventsource::operation_contract!(crate::postgres_checkpoints(|options| options.pooler_mode(true)).await);
    }
    mod generations {
        eventsource::generation_contract!(crate::postgres_read_models(|options| options.pooler_mode(true)).await);
    }
}

async fn postgres(options: impl FnOnce(PostgresOptions) -> PostgresOptions) -> (PostgresDatabase, Schema) {
    let schema = Schema::migrated().await;
    (PostgresDatabase::open_with(options(schema.options())).await.unwrap(), schema)
}

async fn postgres_store(options: impl FnOnce(PostgresOptions) -> PostgresOptions) -> (PostgresEventStore, Schema) {
    let (db, schema) = postgres(options).await;
    (PostgresEventStore::new(&db), schema)
}

async fn postgres_checkpoints(
    options: impl FnOnce(PostgresOptions) -> PostgresOptions,
) -> (PostgresCheckpoints, Schema) {
    let (db, schema) = postgres(options).await;
    (PostgresCheckpoints::new(&db), schema)
}

async fn sqlite() -> (SqliteDatabase, TempDir) {
    let dir = TempDir::new().unwrap();
    (SqliteDatabase::open(dir.path().join("events.db")).await.unwrap(), dir)
}

async fn sqlite_store() -> (SqliteEventStore, TempDir) {
    let (db, dir) = sqlite().await;
    (SqliteEventStore::new(&db), dir)
}

async fn sqlite_checkpoints() -> (SqliteCheckpoints, TempDir) {
    let (db, dir) = sqlite().await;
    (SqliteCheckpoints::new(&db), dir)
}

async fn sqlite_snapshots() -> (SqliteSnapshots, TempDir) {
    let (db, dir) = sqlite().await;
    (SqliteSnapshots::new(&db), dir)
}

async fn postgres_snapshots(options: impl FnOnce(PostgresOptions) -> PostgresOptions) -> (PostgresSnapshots, Schema) {
    let (db, schema) = postgres(options).await;
    (PostgresSnapshots::new(&db), schema)
}

async fn sqlite_states() -> (SqliteProjectionStates, TempDir) {
    let (db, dir) = sqlite().await;
    (SqliteProjectionStates::new(&db), dir)
}

async fn postgres_states(
    options: impl FnOnce(PostgresOptions) -> PostgresOptions,
) -> (PostgresProjectionStates, Schema) {
    let (db, schema) = postgres(options).await;
    (PostgresProjectionStates::new(&db), schema)
}

async fn sqlite_read_models() -> (SqliteCheckpoints, ReadRepository<ContractRow>, TempDir) {
    let (db, dir) = sqlite().await;
    let models = SqliteReadModels::new(&db);
    models.create_table::<ContractRow>().await.unwrap();
    (SqliteCheckpoints::new(&db), models.repository(), dir)
}

async fn postgres_read_models(
    options: impl FnOnce(PostgresOptions) -> PostgresOptions,
) -> (PostgresCheckpoints, ReadRepository<ContractRow>, Schema) {
    let (db, schema) = postgres(options).await;
    let models = PostgresReadModels::new(&db);
    models.create_table::<ContractRow>().await.unwrap();
    (PostgresCheckpoints::new(&db), models.repository(), schema)
}

async fn in_memory() -> SqliteDatabase {
    SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await.unwrap()
}

/// What is broken in a store.
#[derive(Clone, Copy, PartialEq)]
enum Broken {
    ExpectedVersion,
    Filter,
    Atomicity,
    Bytes,
    Identity,
    /// Each event gets a new id.
    Ids,
}

struct BrokenStore(MemoryEventStore, Broken);

#[async_trait]
impl EventLog for BrokenStore {
    async fn read_log(&self, after: Position, filter: &EventFilter, limit: PageLimit) -> Result<LogPage, StoreError> {
        let all = EventFilter::all();
        let limit = if self.1 == Broken::Bytes { PageLimit::events(limit.events) } else { limit };
        self.0.read_log(after, if self.1 == Broken::Filter { &all } else { filter }, limit).await
    }

    async fn head(&self) -> Result<Position, StoreError> {
        self.0.head().await
    }

    async fn log_id(&self) -> Result<LogId, StoreError> {
        if self.1 == Broken::Identity { Ok(LogId::generate()) } else { self.0.log_id().await }
    }

    async fn last_event(&self, to: Position) -> Result<Option<LogMark>, StoreError> {
        let to = if self.1 == Broken::Identity { Position::new(u64::MAX) } else { to };
        self.0.last_event(to).await
    }

    async fn backlog(&self, after: Position, limit: u64) -> Result<Backlog, StoreError> {
        self.0.backlog(after, limit).await
    }

    fn wake_ups(&self) -> Option<WakeUpReceiver> {
        self.0.wake_ups()
    }
}

#[async_trait]
impl EventStore for BrokenStore {
    async fn append(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        match self.1 {
            Broken::ExpectedVersion => self.0.append(stream, ExpectedVersion::Any, events).await,
            Broken::Filter | Broken::Bytes | Broken::Identity => self.0.append(stream, expected, events).await,
            Broken::Ids => {
                let events = events.into_iter().map(|event| event.with_id(uuid::Uuid::now_v7())).collect();
                self.0.append(stream, expected, events).await
            }
            Broken::Atomicity => {
                eventsource::store::check_append(stream, &events)?;
                let (mut appended, mut expected) = (Vec::new(), expected);
                for event in events {
                    appended.extend_from_slice(self.0.append(stream, expected, vec![event]).await?.events());
                    expected = ExpectedVersion::Any;
                    tokio::task::yield_now().await;
                }
                Ok(Appended::new(self.0.log_id().await?, appended))
            }
        }
    }

    async fn read_stream(&self, stream: &StreamId, read: ReadStream) -> Result<Vec<Arc<RecordedEvent>>, StoreError> {
        self.0.read_stream(stream, read).await
    }
}

async fn violated(broken: Broken) -> Vec<&'static str> {
    let fresh = async || Arc::new(BrokenStore(MemoryEventStore::new(), broken)) as Arc<dyn EventStore>;
    contract::run_all(fresh).await.into_iter().map(|(case, _)| case).collect()
}

#[tokio::test]
async fn a_store_that_ignores_the_expected_version_fails() {
    let violated = violated(Broken::ExpectedVersion).await;
    assert!(violated.contains(&"a_stale_version_is_a_conflict"), "{violated:?}");
    assert!(violated.contains(&"one_writer_wins_each_version"), "{violated:?}");
    assert!(!violated.contains(&"a_filter_by_event_type_is_applied"), "{violated:?}");
}

#[tokio::test]
async fn a_store_that_does_not_filter_fails() {
    let violated = violated(Broken::Filter).await;
    assert!(violated.contains(&"a_filter_by_event_type_is_applied"), "{violated:?}");
    assert!(violated.contains(&"a_filter_by_tenant_is_applied"), "{violated:?}");
    assert!(!violated.contains(&"a_stale_version_is_a_conflict"), "{violated:?}");
}

#[tokio::test]
async fn store_that_ignores_the_limit_in_bytes_fails() {
    let violated = violated(Broken::Bytes).await;
    assert!(violated.contains(&"a_page_of_the_log_ends_at_its_bytes"), "{violated:?}");
    assert!(violated.contains(&"an_event_larger_than_a_page_is_read_alone"), "{violated:?}");
    assert!(!violated.contains(&"the_log_reads_in_pages"), "{violated:?}");
}

#[tokio::test]
async fn a_store_that_appends_one_by_one_fails() {
    let violated = violated(Broken::Atomicity).await;
    assert!(violated.contains(&"a_refused_append_leaves_nothing"), "{violated:?}");
    assert!(violated.contains(&"a_reader_sees_whole_appends_and_skips_nothing"), "{violated:?}");
    assert!(!violated.contains(&"a_filter_by_event_type_is_applied"), "{violated:?}");
}

#[tokio::test]
async fn a_store_without_one_identity_fails() {
    let violated = violated(Broken::Identity).await;
    assert!(violated.contains(&"the_log_has_one_identity"), "{violated:?}");
    assert!(violated.contains(&"the_last_event_is_found"), "{violated:?}");
    assert!(!violated.contains(&"a_filter_by_event_type_is_applied"), "{violated:?}");
}

#[tokio::test]
async fn store_that_gives_events_new_ids_fails() {
    let violated = violated(Broken::Ids).await;
    assert!(violated.contains(&"a_stored_id_is_refused"), "{violated:?}");
    assert!(violated.contains(&"a_repeated_command_answers_the_first_result"), "{violated:?}");
    assert!(violated.contains(&"a_command_executed_at_the_same_time_is_stored_once"), "{violated:?}");
    assert!(!violated.contains(&"a_stale_version_is_a_conflict"), "{violated:?}");
}

#[tokio::test]
async fn store_without_indexes_answers_look_ups_by_scans() {
    let violated = violated(Broken::Identity).await;
    for case in [
        "an_event_is_found_by_its_id",
        "the_log_reads_backwards",
        "a_page_read_backwards_ends_at_its_bytes",
        "streams_of_a_type_are_listed_by_pages",
    ] {
        assert!(Case::named(case).is_some() && !violated.contains(&case), "{violated:?}");
    }
}

#[tokio::test]
async fn a_store_that_gives_positions_again_fails() {
    let store = MemoryEventStore::new();
    let deleted = store.clone();
    let verdict = contract::positions_only_grow(Arc::new(store), async |after| deleted.lose_after(after)).await;
    assert!(verdict.unwrap_err().to_string().contains("was given after"));
}

#[tokio::test]
async fn sqlite_positions_only_grow_over_deletes_and_vacuum() {
    for (db, _dir) in [(in_memory().await, None), {
        let (db, dir) = sqlite().await;
        (db, Some(dir))
    }] {
        let pool = db.pool().clone();
        let delete = async |after: Position| {
            let after = i64::try_from(after.value()).unwrap();
            let sql = "DELETE FROM eventsource_events WHERE position > ?1 OR ?1 = 0";
            sqlx::query(sql).bind(after).execute(&pool).await.unwrap();
            sqlx::raw_sql("VACUUM").execute(&pool).await.unwrap();
        };
        contract::positions_only_grow(Arc::new(SqliteEventStore::new(&db)), delete).await.unwrap();
    }
}

#[tokio::test]
async fn sqlite_positions_only_grow_when_the_file_is_emptied_and_opened_again() {
    let (db, dir) = sqlite().await;
    let append = async |db: &SqliteDatabase| {
        let stream = StreamId::new("Order", uuid::Uuid::now_v7());
        let event = NewEvent::raw("OrderPlaced", 1, "{}");
        SqliteEventStore::new(db).append(&stream, ExpectedVersion::NoStream, vec![event]).await.unwrap().position()
    };
    assert_eq!(append(&db).await, Position::new(1));
    // Without a condition SQLite would drop all rows at once, if no trigger had to see them.
    sqlx::raw_sql("DELETE FROM eventsource_events").execute(db.pool()).await.unwrap();
    db.close().await;
    let db = SqliteDatabase::open(dir.path().join("events.db")).await.unwrap();
    assert_eq!(append(&db).await, Position::new(2));
    sqlx::raw_sql("UPDATE eventsource_events SET position = 1").execute(db.pool()).await.unwrap();
    assert_eq!(append(&db).await, Position::new(3), "a position that an event was moved from");
}

#[tokio::test]
async fn postgres_positions_only_grow_over_deletes_and_truncation() {
    for pooler in [false, true] {
        let (db, schema) = postgres(|options| options.pooler_mode(pooler)).await;
        let name = schema.name().to_owned();
        let delete = async |after: Position| {
            let sql = match after {
                Position::START => format!("TRUNCATE {name}.eventsource_events RESTART IDENTITY"),
                after => format!("DELETE FROM {name}.eventsource_events WHERE position > {after}"),
            };
            let mut conn = schema.connect().await;
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut conn).await.unwrap();
        };
        contract::positions_only_grow(Arc::new(PostgresEventStore::new(&db)), delete).await.unwrap();
    }
}

#[tokio::test]
async fn an_identity_outlives_the_store_and_is_no_other_logs() {
    let (one, two) = (MemoryEventStore::new(), MemoryEventStore::new());
    contract::an_identity_is_one_logs_own(&one, &one.clone(), &two).await.unwrap();

    let ((db, dir), (other, _other)) = (sqlite().await, sqlite().await);
    let again = SqliteDatabase::open(dir.path().join("events.db")).await.unwrap();
    let [one, again, other] = [db, again, other].map(|db| SqliteEventStore::new(&db));
    contract::an_identity_is_one_logs_own(&one, &again, &other).await.unwrap();

    let ((db, schema), (other, _other)) = (postgres(|options| options).await, postgres(|options| options).await);
    let again = PostgresDatabase::open_with(schema.options()).await.unwrap();
    let [one, again, other] = [db, again, other].map(|db| PostgresEventStore::new(&db));
    contract::an_identity_is_one_logs_own(&one, &again, &other).await.unwrap();
}

#[tokio::test]
async fn cases_are_found_by_name() {
    assert!(Case::all().len() > 30);
    for case in Case::all() {
        assert_eq!(Case::named(case.name()).unwrap().name(), case.name());
    }
    assert!(Case::named("no_such_case").is_none());
}
