//! The read models in a SQLite file, and how a handler gets a repository.

use std::sync::Arc;

use super::batch::BatchTables;
use super::failure::failed;
use super::pool::PoolTables;
use super::schema;
use crate::projection::sqlite::SqliteUnit;
use crate::projection::{HandlerError, Inject, Subscriber, Table};
use crate::read_model::session::RepositorySession;
use crate::read_model::sql::{OfOther, Use};
use crate::read_model::{ReadModel, ReadModelError, ReadRepository, Repository};
use crate::store::sql::Action;
use crate::store::sqlite::SqliteDatabase;

/// The read models in a SQLite file: creates and checks their tables, and reads the committed rows. A clone is the same
/// object.
///
/// ```
/// # #[cfg(feature = "macros")]
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use eventsource::read_model::sqlite::SqliteReadModels;
/// use eventsource::read_model::{Query, ReadModel};
/// use eventsource::store::sqlite::SqliteDatabase;
/// use uuid::Uuid;
///
/// #[derive(ReadModel)]
/// #[read_model(table = "orders")]
/// struct OrderRow {
///     #[read_model(id)]
///     id: Uuid,
///     status: String,
/// }
///
/// # let path = std::env::temp_dir().join(format!("eventsource-doc-{}.db", uuid::Uuid::now_v7()));
/// let db = SqliteDatabase::open(&path).await?;
/// let models = SqliteReadModels::new(&db);
/// models.create_table::<OrderRow>().await?;
/// let orders = models.repository::<OrderRow>();
/// assert_eq!(orders.count(Query::all()).await?, 0);
/// # db.close().await;
/// # std::fs::remove_file(path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
///
/// In the tables, a UUID is a blob of 16 bytes, a time is a number of microseconds since 1970, a day is a text such as
/// `2026-01-31`, JSON is a text, and a decimal is a text that sorts as the numbers do.
#[derive(Debug, Clone)]
pub struct SqliteReadModels {
    db: SqliteDatabase,
}

impl SqliteReadModels {
    /// Returns the read models in `db`.
    #[must_use]
    pub fn new(db: &SqliteDatabase) -> Self {
        Self { db: db.clone() }
    }

    /// Creates the table of `M` and its indexes if they do not exist. If another version of the projection may have run
    /// before, call [`ensure_tables`](Self::ensure_tables) instead.
    ///
    /// # Errors
    /// [`ReadModelError::Mismatch`] if a table of that name exists and rows of `M` cannot be written to it.
    /// [`ReadModelError::Failed`] if the database fails.
    pub async fn create_table<M: ReadModel>(&self) -> Result<(), ReadModelError> {
        self.make(M::TABLE, OfOther::IsRefused).await
    }

    /// Creates the missing tables that `projection` declares (`#[projection(read_models(…))]`), and their missing
    /// indexes.
    ///
    /// An existing table stays as it is. If it has other columns than the model, another version of the projection
    /// built it and may still use it; [`SubscriptionConfig::on_change`](crate::SubscriptionConfig::on_change) then
    /// decides. So every version of a program starts in the same order: ensure the tables, subscribe, start.
    ///
    /// # Errors
    /// [`ReadModelError::Failed`] if the database fails.
    pub async fn ensure_tables<P: Subscriber>(&self, projection: &P) -> Result<(), ReadModelError> {
        for table in projection.read_models() {
            self.make(table, OfOther::Stays).await?;
        }
        Ok(())
    }

    async fn make(&self, table: &'static Table, other: OfOther) -> Result<(), ReadModelError> {
        let patience = self.db.patience(Action::CreateTable(table.name));
        let source = |error| ReadModelError::Failed { table: table.name, action: "create", source: Box::new(error) };
        let mut writing = self.db.write(&patience).await.map_err(source)?;
        if other.stays(schema::create(&mut writing.tx, table).await)? {
            return Ok(());
        }
        writing.tx.commit().await.map_err(|error| failed(table, "create", error))
    }

    /// Checks that the table of `M` is exactly as the model describes it.
    ///
    /// # Errors
    /// [`ReadModelError::Mismatch`] with the differences, [`ReadModelError::NoTable`] if there is no table,
    /// [`ReadModelError::Failed`] if the database fails.
    pub async fn check_table<M: ReadModel>(&self) -> Result<(), ReadModelError> {
        let mut conn = PoolTables::new(&self.db).acquire(M::TABLE).await?;
        schema::check(&mut conn, M::TABLE, Use::Exact).await
    }

    /// Returns the SQL with which [`create_table`](SqliteReadModels::create_table) creates the table, for migrations of
    /// your own.
    #[must_use]
    pub fn table_sql<M: ReadModel>() -> String {
        schema::create_sql(M::TABLE)
    }

    /// Returns a repository that reads the committed rows of `M`.
    #[must_use]
    pub fn repository<M: ReadModel>(&self) -> ReadRepository<M> {
        ReadRepository::new(Arc::new(PoolTables::new(&self.db)))
    }
}

impl<M: ReadModel> Inject<SqliteUnit> for Repository<M> {
    type Guard = Box<Self>;

    async fn inject(unit: &mut SqliteUnit) -> Result<Box<Self>, HandlerError> {
        unit.scope().check_table(M::TABLE)?;
        let connection = unit.connection().map_err(HandlerError::permanent)?;
        let (db, builds_next) = (unit.database().clone(), unit.scope().builds_next());
        let session = RepositorySession::of(unit.scope(), || Box::new(BatchTables::new(connection, &db, builds_next)));
        Ok(Box::new(Self::new(session, unit.scope().time())))
    }
}
