//! Backends for tests: a log, checkpoints and read models, in memory or in a database that other processes find as well.

use eventsource::memory::MemoryReadModels;
use eventsource::postgres::{PostgresCheckpoints, PostgresDatabase, PostgresEventStore, PostgresReadModels};
use eventsource::prelude::*;
use eventsource::read_model::ReadModel;
use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase, SqliteEventStore, SqliteReadModels};
use eventsource::sqlx::{self, AssertSqlSafe, Connection as _, Sqlite as SqliteDriver, SqliteConnection};

use crate::postgres::Schema;

/// A backend. Nothing but its methods tells a test which one it is.
#[allow(async_fn_in_trait, reason = "these futures stay in one task")]
pub trait Backend: Sized {
    /// Its checkpoints.
    type Checkpoints: CheckpointStore;
    /// Its log.
    type Store: EventStore + Clone + 'static;

    /// An empty one.
    async fn open() -> Self;
    /// Its checkpoints.
    fn checkpoints(&self) -> Self::Checkpoints;
    /// Its log.
    fn store(&self) -> Self::Store;
    /// The rows of `M`.
    fn rows<M: ReadModel>(&self) -> ReadRepository<M>;
    /// Makes the table of `M`.
    async fn create_table<M: ReadModel>(&self);

    /// Creates the missing tables of `projection`.
    async fn ensure_tables<P: Subscriber>(&self, projection: &P);

    /// A new manager on it.
    fn manager(&self) -> SubscriptionManager<Self::Checkpoints> {
        SubscriptionManager::new(self.store(), MemoryEventBus::new(), self.checkpoints())
    }
}

/// A backend in a database, which other processes find as well.
#[allow(async_fn_in_trait, reason = "these futures stay in one task")]
pub trait Sql: Backend {
    /// How another process finds it.
    fn arguments(&self) -> Vec<String>;
    /// Executes statements.
    async fn execute(&self, sql: &'static str);
    /// What a query for one number or text gives, as text; tables stand in `{schema}.`.
    async fn ask(&self, sql: &'static str) -> String;
    /// The names of tables and indexes that begin with `bump`.
    async fn names(&self) -> Vec<String>;
    /// Whether a lock is held that every writer of the database needs.
    async fn is_locked(&self) -> bool;
}

/// In memory.
#[derive(Debug, Default)]
pub struct Memory {
    checkpoints: MemoryCheckpoints,
    store: MemoryEventStore,
}

impl Backend for Memory {
    type Checkpoints = MemoryCheckpoints;
    type Store = MemoryEventStore;

    async fn open() -> Self {
        Self::default()
    }

    fn checkpoints(&self) -> MemoryCheckpoints {
        self.checkpoints.clone()
    }

    fn store(&self) -> MemoryEventStore {
        self.store.clone()
    }

    fn rows<M: ReadModel>(&self) -> ReadRepository<M> {
        MemoryReadModels::new(&self.checkpoints).repository()
    }

    async fn create_table<M: ReadModel>(&self) {}

    async fn ensure_tables<P: Subscriber>(&self, projection: &P) {
        MemoryReadModels::new(&self.checkpoints).ensure_tables(projection).await.unwrap();
    }
}

/// A file of SQLite's.
#[derive(Debug)]
pub struct Sqlite {
    folder: tempfile::TempDir,
    /// The database in it.
    pub db: SqliteDatabase,
}

impl Backend for Sqlite {
    type Checkpoints = SqliteCheckpoints;
    type Store = SqliteEventStore;

    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = SqliteDatabase::open(folder.path().join("world.db")).await.unwrap();
        Self { folder, db }
    }

    fn checkpoints(&self) -> SqliteCheckpoints {
        SqliteCheckpoints::new(&self.db)
    }

    fn store(&self) -> SqliteEventStore {
        SqliteEventStore::new(&self.db)
    }

    fn rows<M: ReadModel>(&self) -> ReadRepository<M> {
        SqliteReadModels::new(&self.db).repository()
    }

    async fn create_table<M: ReadModel>(&self) {
        SqliteReadModels::new(&self.db).create_table::<M>().await.unwrap();
    }

    async fn ensure_tables<P: Subscriber>(&self, projection: &P) {
        SqliteReadModels::new(&self.db).ensure_tables(projection).await.unwrap();
    }
}

impl Sqlite {
    /// Where it is.
    pub fn file(&self) -> String {
        self.folder.path().join("world.db").to_str().unwrap().to_owned()
    }
}

impl Sql for Sqlite {
    fn arguments(&self) -> Vec<String> {
        vec!["sqlite".to_owned(), self.file()]
    }

    async fn execute(&self, sql: &'static str) {
        sqlx::raw_sql(sql).execute(self.db.pool()).await.unwrap();
    }

    async fn ask(&self, sql: &'static str) -> String {
        let sql = format!("SELECT CAST(({}) AS TEXT)", sql.replace("{schema}.", ""));
        sqlx::query_scalar::<SqliteDriver, String>(AssertSqlSafe(sql)).fetch_one(self.db.pool()).await.unwrap()
    }

    async fn names(&self) -> Vec<String> {
        let sql = "SELECT name FROM sqlite_schema WHERE name LIKE 'bump%' ORDER BY name";
        sqlx::query_scalar(sql).fetch_all(self.db.pool()).await.unwrap()
    }

    async fn is_locked(&self) -> bool {
        let mut conn = SqliteConnection::connect(&format!("sqlite://{}", self.file())).await.unwrap();
        let begun = sqlx::raw_sql("PRAGMA busy_timeout = 0; BEGIN IMMEDIATE; ROLLBACK").execute(&mut conn).await;
        let _ = conn.close().await;
        begun.is_err()
    }
}

/// A schema in PostgreSQL.
#[derive(Debug)]
pub struct Postgres {
    /// The schema.
    pub schema: Schema,
    /// Its database.
    pub db: PostgresDatabase,
}

impl Backend for Postgres {
    type Checkpoints = PostgresCheckpoints;
    type Store = PostgresEventStore;

    async fn open() -> Self {
        let schema = Schema::migrated().await;
        let db = PostgresDatabase::open_with(schema.options()).await.unwrap();
        Self { schema, db }
    }

    fn checkpoints(&self) -> PostgresCheckpoints {
        PostgresCheckpoints::new(&self.db)
    }

    fn store(&self) -> PostgresEventStore {
        PostgresEventStore::new(&self.db)
    }

    fn rows<M: ReadModel>(&self) -> ReadRepository<M> {
        PostgresReadModels::new(&self.db).repository()
    }

    async fn create_table<M: ReadModel>(&self) {
        PostgresReadModels::new(&self.db).create_table::<M>().await.unwrap();
    }

    async fn ensure_tables<P: Subscriber>(&self, projection: &P) {
        PostgresReadModels::new(&self.db).ensure_tables(projection).await.unwrap();
    }
}

impl Sql for Postgres {
    fn arguments(&self) -> Vec<String> {
        vec!["postgres".to_owned(), self.schema.url().to_owned(), self.schema.name().to_owned()]
    }

    async fn execute(&self, sql: &'static str) {
        let sql = format!("SET LOCAL search_path = {}; {sql}", self.schema.name());
        let mut tx = self.db.pool().begin().await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn ask(&self, sql: &'static str) -> String {
        let sql = format!("SELECT ({})::text", sql.replace("{schema}", self.schema.name()));
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(self.db.pool()).await.unwrap()
    }

    async fn names(&self) -> Vec<String> {
        let sql = "SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                   WHERE n.nspname = $1 AND c.relname LIKE 'bump%' ORDER BY 1";
        sqlx::query_scalar(sql).bind(self.schema.name()).fetch_all(self.db.pool()).await.unwrap()
    }

    async fn is_locked(&self) -> bool {
        false
    }
}
