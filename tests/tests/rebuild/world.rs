//! A backend with a log, checkpoints and read models, and a projection to rebuild on it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use eventsource::prelude::*;
use eventsource::projection::EventSubscriber;
use eventsource::projection::postgres::PostgresCheckpoints;
use eventsource::projection::sqlite::SqliteCheckpoints;
use eventsource::read_model::ReadModel;
use eventsource::read_model::postgres::PostgresReadModels;
use eventsource::read_model::sqlite::SqliteReadModels;
use eventsource::sqlx;
use eventsource::store::postgres::{PostgresDatabase, PostgresEventStore};
use eventsource::store::sqlite::{SqliteDatabase, SqliteEventStore};
use eventsource_tests::domain::Bumped;
use eventsource_tests::postgres::Schema;
use eventsource_tests::rows::BumpRows;
use eventsource_tests::sums::{BumpSums, SumRow};
use eventsource_tests::wait::eventually;

/// A backend. Nothing but its methods tells the tests which one it is.
#[allow(async_fn_in_trait, reason = "these futures stay in one task")]
pub(crate) trait World: Sized {
    type Checkpoints: CheckpointStore;
    type Store: EventStore + Clone + 'static;

    async fn new() -> Self;
    fn checkpoints(&self) -> Self::Checkpoints;
    fn store(&self) -> Self::Store;
    fn rows<M: ReadModel>(&self) -> ReadRepository<M>;

    fn manager(&self) -> SubscriptionManager<Self::Checkpoints> {
        SubscriptionManager::new(self.store(), MemoryEventBus::new(), self.checkpoints())
    }

    async fn checkpoint(&self) -> Option<eventsource::projection::Checkpoint> {
        self.checkpoints().load("bump-sums").await.unwrap()
    }

    /// That the rows are what a fold of the log gives, each changed once for each of its events.
    async fn assert_rows_equal_the_log(&self) {
        let rows = self.rows::<SumRow>().find_stored(Query::all().order_by(SumRow::DIGIT.asc())).await.unwrap();
        assert!(BumpSums::counted_once(&rows), "{rows:?}");
        let rows: Vec<_> = rows.into_iter().map(|row| row.into_inner()).collect();
        let log = BumpRows::fold(&self.store()).await;
        assert_eq!(rows, BumpSums::fold(&log));
        let lasts: BTreeMap<_, _> = log.into_iter().map(|(position, by)| (by as u64, position as u64)).collect();
        let rows = self.rows::<LastRow>().find(Query::all()).await.unwrap();
        assert_eq!(rows.iter().map(|row| (row.by, row.last)).collect::<BTreeMap<_, _>>(), lasts);
    }
}

#[derive(Default)]
pub(crate) struct Memory {
    checkpoints: MemoryCheckpoints,
    store: MemoryEventStore,
}

impl World for Memory {
    type Checkpoints = MemoryCheckpoints;
    type Store = MemoryEventStore;

    async fn new() -> Self {
        Self::default()
    }

    fn checkpoints(&self) -> MemoryCheckpoints {
        self.checkpoints.clone()
    }

    fn store(&self) -> MemoryEventStore {
        self.store.clone()
    }

    fn rows<M: ReadModel>(&self) -> ReadRepository<M> {
        eventsource::read_model::MemoryReadModels::new(&self.checkpoints).repository()
    }
}

pub(crate) struct Sqlite {
    folder: tempfile::TempDir,
    pub(crate) db: SqliteDatabase,
}

impl World for Sqlite {
    type Checkpoints = SqliteCheckpoints;
    type Store = SqliteEventStore;

    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = SqliteDatabase::open(folder.path().join("world.db")).await.unwrap();
        let models = SqliteReadModels::new(&db);
        models.create_table::<SumRow>().await.unwrap();
        models.create_table::<LastRow>().await.unwrap();
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
}

pub(crate) struct Postgres {
    pub(crate) schema: Schema,
    pub(crate) db: PostgresDatabase,
}

impl World for Postgres {
    type Checkpoints = PostgresCheckpoints;
    type Store = PostgresEventStore;

    async fn new() -> Self {
        let schema = Schema::migrated().await;
        let db = PostgresDatabase::open_with(schema.options()).await.unwrap();
        let models = PostgresReadModels::new(&db);
        models.create_table::<SumRow>().await.unwrap();
        models.create_table::<LastRow>().await.unwrap();
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
}

/// A backend that can keep two generations.
#[allow(async_fn_in_trait, reason = "these futures stay in one task")]
pub(crate) trait Sql: World {
    async fn execute(&self, sql: &'static str);
    /// How another process finds it.
    fn arguments(&self) -> Vec<String>;
    /// The names of tables and indexes of read models.
    async fn names(&self) -> Vec<String>;
}

impl Sql for Sqlite {
    fn arguments(&self) -> Vec<String> {
        vec!["sqlite".to_owned(), self.folder.path().join("world.db").to_str().unwrap().to_owned()]
    }

    async fn execute(&self, sql: &'static str) {
        sqlx::raw_sql(sql).execute(self.db.pool()).await.unwrap();
    }

    async fn names(&self) -> Vec<String> {
        let sql = "SELECT name FROM sqlite_schema WHERE name LIKE 'bump%' ORDER BY name";
        sqlx::query_scalar(sql).fetch_all(self.db.pool()).await.unwrap()
    }
}

impl Sql for Postgres {
    fn arguments(&self) -> Vec<String> {
        vec!["postgres".to_owned(), self.schema.url().to_owned(), self.schema.name().to_owned()]
    }

    async fn execute(&self, sql: &'static str) {
        let sql = format!("SET LOCAL search_path = {}; {sql}", self.schema.name());
        let mut tx = self.db.pool().begin().await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn names(&self) -> Vec<String> {
        let sql = "SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                   WHERE n.nspname = $1 AND c.relname LIKE 'bump%' ORDER BY 1";
        sqlx::query_scalar(sql).bind(self.schema.name()).fetch_all(self.db.pool()).await.unwrap()
    }
}

/// Runs a test on every backend that can keep two generations.
macro_rules! on_sql_backends {
    ($($test:ident),* $(,)?) => {
        $(
            mod $test {
                use crate::world::{Postgres, Sqlite, World};

                #[tokio::test]
                async fn on_sqlite() {
                    super::$test(<Sqlite as World>::new().await).await;
                }

                #[tokio::test]
                async fn on_postgres() {
                    super::$test(<Postgres as World>::new().await).await;
                }
            }
        )*
    };
}

pub(crate) use on_sql_backends;

/// Runs a test on every backend.
macro_rules! on_every_backend {
    ($($test:ident),* $(,)?) => {
        $(
            mod $test {
                use crate::world::{Memory, Postgres, Sqlite, World};

                #[tokio::test]
                async fn in_memory() {
                    super::$test(<Memory as World>::new().await).await;
                }

                #[tokio::test]
                async fn on_sqlite() {
                    super::$test(<Sqlite as World>::new().await).await;
                }

                #[tokio::test]
                async fn on_postgres() {
                    super::$test(<Postgres as World>::new().await).await;
                }
            }
        )*
    };
}

pub(crate) use on_every_backend;

/// The sums of bumps, which can be slow, and can refuse an event.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sums {
    pub(crate) slow: Arc<AtomicBool>,
    pub(crate) refuses: Arc<AtomicBool>,
}

/// The last bump of each number, to be found by its position.
#[derive(Debug, Clone, PartialEq, ReadModel)]
#[read_model(table = "bump_lasts")]
pub(crate) struct LastRow {
    #[read_model(id)]
    pub(crate) by: u64,
    #[read_model(index)]
    pub(crate) last: u64,
}

#[projection(name = "bump-sums", read_models(SumRow, LastRow))]
impl Sums {
    #[handles(Bumped)]
    async fn bumped(
        &self,
        event: &Event<Bumped>,
        sums: &mut Repository<SumRow>,
        lasts: &mut Repository<LastRow>,
    ) -> Result<(), HandlerError> {
        lasts.save(LastRow { by: event.by, last: event.position().value() }).await?;
        if self.slow.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        if event.by == 666 && self.refuses.load(Ordering::SeqCst) {
            return Err(HandlerError::permanent("the number of the beast"));
        }
        let digit = event.by % 10;
        let row = sums.get(digit).await?.unwrap_or(SumRow { digit, total: 0, bumps: 0, last: 0 });
        let (total, bumps, last) = (row.total + event.by, row.bumps + 1, event.position().value());
        Ok(sums.save(SumRow { digit, total, bumps, last }).await?)
    }
}

impl Sums {
    pub(crate) fn be_slow(&self, slow: bool) {
        self.slow.store(slow, Ordering::SeqCst);
    }
}

/// Returns when the subscription has passed `position`.
pub(crate) async fn passed<P>(handle: &SubscriptionHandle<P>, position: u64) {
    let is_there = |at: Option<Position>| at.is_some_and(|at| at.value() >= position);
    eventually("it gets there", || async { is_there(handle.status().await.position) }).await;
}

/// Three at a time.
pub(crate) fn small() -> SubscriptionConfig {
    SubscriptionConfig::default().batch_size(3).unwrap().poll_interval(Duration::from_millis(5)).unwrap()
}

/// What can be subscribed to a manager of the world `W`.
pub(crate) trait On<W: World>: EventSubscriber<<W::Checkpoints as CheckpointStore>::Unit> {}

impl<W: World, P: EventSubscriber<<W::Checkpoints as CheckpointStore>::Unit>> On<W> for P {}
