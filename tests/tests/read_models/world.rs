//! A backend with read models and a checkpoint, ready for units of work.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use eventsource::event::RecordedParts;
use eventsource::memory::MemoryUnit;
use eventsource::postgres::{
    PostgresCheckpoints, PostgresDatabase, PostgresEventStore, PostgresOptions, PostgresReadModels, PostgresUnit,
};
use eventsource::prelude::*;
use eventsource::projection::{CheckpointUpdate, Claim, CommitError, Inject, UnitOfWork};
use eventsource::read_model::ReadModel;
use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase, SqliteEventStore, SqliteReadModels, SqliteUnit};
use eventsource::sqlx::{self, AssertSqlSafe};
use eventsource_tests::postgres::Schema;
use uuid::Uuid;

/// The row that most tests are about.
#[derive(Debug, Clone, PartialEq, ReadModel)]
#[read_model(table = "items")]
pub(crate) struct Item {
    #[read_model(id)]
    pub(crate) id: Uuid,
    #[read_model(index)]
    pub(crate) name: String,
    pub(crate) count: i64,
    pub(crate) note: Option<String>,
}

pub(crate) fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

pub(crate) fn item(n: u128, name: &str, count: i64) -> Item {
    Item { id: id(n), name: name.to_owned(), count, note: None }
}

/// A backend. Nothing but its methods tells the tests which one it is.
#[allow(async_fn_in_trait, reason = "these futures stay in one task")]
pub(crate) trait World: Sync {
    /// Whether a float can be NaN.
    const HOLDS_NAN: bool = false;

    type Checkpoints: CheckpointStore<Unit = Self::Unit>;
    type Unit: UnitOfWork;

    fn checkpoints(&self) -> Self::Checkpoints;
    type Store: EventStore + Clone + 'static;

    fn shared_store(&self) -> Self::Store;
    fn rows<M: ReadModel>(&self) -> ReadRepository<M>;
    fn create<M: ReadModel>(&self) -> impl Future<Output = ()> + Send;
    fn lend<M: ReadModel>(unit: &mut Self::Unit) -> impl Future<Output = Box<Repository<M>>> + Send;

    fn store(&self) -> Arc<dyn EventStore> {
        Arc::new(self.shared_store())
    }

    /// Begins a batch, whose checkpoint is its own.
    async fn batch(&self) -> Batch<Self::Unit> {
        let (name, checkpoints) = (Uuid::now_v7().to_string(), self.checkpoints());
        let epoch = checkpoints.claim(&Claim::new(&name, "", Position::START)).await.unwrap().epoch;
        let step = CheckpointUpdate::new(name, epoch, Position::START, Position::new(1));
        Batch { unit: checkpoints.begin().await.unwrap(), step }
    }

    /// Commits items.
    async fn save(&self, items: impl IntoIterator<Item = Item> + Send) {
        let mut batch = self.batch().await;
        Self::lend::<Item>(&mut batch.unit).await.save_many(items.into_iter().collect::<Vec<_>>()).await.unwrap();
        batch.commit().await.unwrap();
    }

    /// The names of all items that are committed, in order.
    async fn names(&self) -> Vec<String> {
        let items = self.rows::<Item>().find(Query::all().order_by(Item::NAME.asc())).await.unwrap();
        items.into_iter().map(|item| item.name).collect()
    }
}

/// A backend that is a database.
pub(crate) trait Database: World {
    /// The types of a UUID, an integer of 64 bits, a float of 64 bits, a text and a time.
    const TYPES: [&str; 5];

    /// What is behind the columns of a table.
    const TABLE_OPTIONS: &str;

    /// The SQL that creates the table of `M`.
    fn table_sql<M: ReadModel>(&self) -> String;

    async fn try_create<M: ReadModel>(&self) -> Result<(), ReadModelError>;
    async fn check<M: ReadModel>(&self) -> Result<(), ReadModelError>;

    /// How SQL names a table.
    fn table(&self, name: &str) -> String;

    /// Runs `sql`, in which `{schema}` stands before the name of a table.
    async fn run(&self, sql: &str) -> sqlx::Result<()>;
}

/// A unit of work, and the step of its checkpoint.
pub(crate) struct Batch<U> {
    pub(crate) unit: U,
    step: CheckpointUpdate,
}

impl<U: UnitOfWork> Batch<U> {
    pub(crate) async fn commit(self) -> Result<(), CommitError> {
        self.unit.commit(&self.step).await
    }

    /// The event that is handled next occurred at this second.
    pub(crate) fn at(&mut self, second: i64) {
        self.unit.begin_event(&event(1, second));
    }
}

/// An event about the aggregate `n` that occurred at this second.
pub(crate) fn event(n: u128, second: i64) -> RecordedEvent {
    let stream = (StreamId::new("Item", id(n)), 1);
    let mut parts = RecordedParts::new(Uuid::now_v7(), Position::new(1), stream, "Happened", "{}", Utc::now());
    parts.occurred_at = time(second);
    RecordedEvent::from(parts)
}

pub(crate) fn time(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(second, 123_456_000).unwrap()
}

#[derive(Default)]
pub(crate) struct Memory {
    checkpoints: MemoryCheckpoints,
    store: MemoryEventStore,
}

impl World for Memory {
    type Checkpoints = MemoryCheckpoints;
    type Unit = MemoryUnit;

    fn checkpoints(&self) -> MemoryCheckpoints {
        self.checkpoints.clone()
    }

    type Store = MemoryEventStore;

    fn shared_store(&self) -> MemoryEventStore {
        self.store.clone()
    }

    fn rows<M: ReadModel>(&self) -> ReadRepository<M> {
        MemoryReadModels::new(&self.checkpoints).repository()
    }

    async fn create<M: ReadModel>(&self) {}

    async fn lend<M: ReadModel>(unit: &mut MemoryUnit) -> Box<Repository<M>> {
        Repository::inject(unit).await.unwrap()
    }
}

pub(crate) struct Sqlite {
    folder: Arc<tempfile::TempDir>,
    pub(crate) db: SqliteDatabase,
}

impl Sqlite {
    /// A file with the table of [`Item`].
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = SqliteDatabase::open(folder.path().join("world.db")).await.unwrap();
        SqliteReadModels::new(&db).create_table::<Item>().await.unwrap();
        Self { folder: Arc::new(folder), db }
    }

    /// The same file, as another process opens it.
    pub(crate) async fn again(world: &Self) -> Self {
        let db = SqliteDatabase::open(world.folder.path().join("world.db")).await.unwrap();
        Self { folder: Arc::clone(&world.folder), db }
    }

    pub(crate) fn models(&self) -> SqliteReadModels {
        SqliteReadModels::new(&self.db)
    }
}

impl World for Sqlite {
    type Checkpoints = SqliteCheckpoints;
    type Unit = SqliteUnit;

    fn checkpoints(&self) -> SqliteCheckpoints {
        SqliteCheckpoints::new(&self.db)
    }

    type Store = SqliteEventStore;

    fn shared_store(&self) -> SqliteEventStore {
        SqliteEventStore::new(&self.db)
    }

    fn rows<M: ReadModel>(&self) -> ReadRepository<M> {
        self.models().repository()
    }

    async fn create<M: ReadModel>(&self) {
        self.models().create_table::<M>().await.unwrap();
    }

    async fn lend<M: ReadModel>(unit: &mut SqliteUnit) -> Box<Repository<M>> {
        Repository::inject(unit).await.unwrap()
    }
}

impl Database for Sqlite {
    const TYPES: [&str; 5] = ["BLOB", "INTEGER", "REAL", "TEXT", "INTEGER"];
    const TABLE_OPTIONS: &str = " STRICT";

    fn table_sql<M: ReadModel>(&self) -> String {
        SqliteReadModels::table_sql::<M>()
    }

    async fn try_create<M: ReadModel>(&self) -> Result<(), ReadModelError> {
        self.models().create_table::<M>().await
    }

    async fn check<M: ReadModel>(&self) -> Result<(), ReadModelError> {
        self.models().check_table::<M>().await
    }

    fn table(&self, name: &str) -> String {
        name.to_owned()
    }

    async fn run(&self, sql: &str) -> sqlx::Result<()> {
        let sql = AssertSqlSafe(sql.replace("{schema}", ""));
        sqlx::raw_sql(sql).execute(self.db.pool()).await.map(drop)
    }
}

pub(crate) struct Postgres {
    pub(crate) db: PostgresDatabase,
    // Dropped last.
    pub(crate) schema: Schema,
}

impl Postgres {
    /// A schema with the table of [`Item`].
    pub(crate) async fn new() -> Self {
        let schema = Schema::migrated().await;
        let options = schema.options();
        Self::on(schema, options).await
    }

    /// The same, reached by these options.
    pub(crate) async fn on(schema: Schema, options: PostgresOptions) -> Self {
        let db = PostgresDatabase::open_with(options).await.unwrap();
        PostgresReadModels::new(&db).create_table::<Item>().await.unwrap();
        Self { db, schema }
    }

    pub(crate) fn models(&self) -> PostgresReadModels {
        PostgresReadModels::new(&self.db)
    }

    /// `sql`, with the schema where `{schema}` stands before the name of a table.
    pub(crate) fn sql(&self, sql: &str) -> AssertSqlSafe<String> {
        AssertSqlSafe(sql.replace("{schema}", &format!("{}.", self.schema.name())))
    }
}

impl World for Postgres {
    const HOLDS_NAN: bool = true;

    type Checkpoints = PostgresCheckpoints;
    type Unit = PostgresUnit;

    fn checkpoints(&self) -> PostgresCheckpoints {
        PostgresCheckpoints::new(&self.db)
    }

    type Store = PostgresEventStore;

    fn shared_store(&self) -> PostgresEventStore {
        PostgresEventStore::new(&self.db)
    }

    fn rows<M: ReadModel>(&self) -> ReadRepository<M> {
        self.models().repository()
    }

    async fn create<M: ReadModel>(&self) {
        self.models().create_table::<M>().await.unwrap();
    }

    async fn lend<M: ReadModel>(unit: &mut PostgresUnit) -> Box<Repository<M>> {
        Repository::inject(unit).await.unwrap()
    }
}

impl Database for Postgres {
    const TYPES: [&str; 5] = ["uuid", "bigint", "double precision", "text COLLATE \"C\"", "timestamp with time zone"];
    const TABLE_OPTIONS: &str = "";

    fn table_sql<M: ReadModel>(&self) -> String {
        self.models().table_sql::<M>().replace(&format!("\"{}\".", self.schema.name()), "")
    }

    async fn try_create<M: ReadModel>(&self) -> Result<(), ReadModelError> {
        self.models().create_table::<M>().await
    }

    async fn check<M: ReadModel>(&self) -> Result<(), ReadModelError> {
        self.models().check_table::<M>().await
    }

    fn table(&self, name: &str) -> String {
        format!("{}.{name}", self.schema.name())
    }

    async fn run(&self, sql: &str) -> sqlx::Result<()> {
        sqlx::raw_sql(self.sql(sql)).execute(self.db.pool()).await.map(drop)
    }
}
