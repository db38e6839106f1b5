//! The read models in a SQLite file, and how a handler gets a repository.

use std::sync::Arc;

use super::batch::BatchTables;
use super::failure::failed;
use super::pool::PoolTables;
use super::schema;
use crate::backend::sql::read_model::{OfOther, TableRef, Use};
use crate::backend::sql::store::Action;
use crate::backend::sqlite::projection::SqliteUnit;
use crate::backend::sqlite::store::SqliteDatabase;
use crate::projection::{HandlerError, Inject, Subscriber, Table};
use crate::read_model::{ReadModel, ReadModelError, ReadRepository, Repository};

/// The read models in a SQLite file: creates and checks their tables, and reads the committed rows. A clone is the same
/// object.
///
/// ```
/// # #[cfg(feature = "macros")]
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use eventsource::prelude::*;
/// use eventsource::sqlite::{SqliteDatabase, SqliteReadModels};
/// use uuid::Uuid;
/// # #[derive(serde::Serialize, serde::Deserialize, DomainEvent)]
/// # #[event(aggregate = "Order")]
/// # struct OrderPlaced {}
///
/// #[derive(ReadModel)]
/// #[read_model(table = "orders")]
/// struct OrderRow {
///     #[read_model(id)]
///     id: Uuid,
///     status: String,
/// }
///
/// struct Orders;
///
/// #[projection(read_models(OrderRow))]
/// impl Orders {
///     // … its handlers …
/// #   #[handles(OrderPlaced)]
/// #   async fn placed(&self, e: &Event<OrderPlaced>, rows: &mut Repository<OrderRow>) -> Result<(), ReadModelError> {
/// #       rows.save(OrderRow { id: e.aggregate_id(), status: "placed".into() }).await
/// #   }
/// }
///
/// # let path = std::env::temp_dir().join(format!("eventsource-doc-{}.db", uuid::Uuid::now_v7()));
/// let db = SqliteDatabase::open(&path).await?;
/// let models = SqliteReadModels::new(&db);
/// models.ensure_tables(&Orders).await?;
/// let orders = models.repository::<OrderRow>();
/// assert_eq!(orders.count(Query::all()).await?, 0);
/// # db.close().await;
/// # std::fs::remove_file(path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
///
/// Call [`ensure_tables`](Self::ensure_tables) at every start for the tables that a projection declares, and
/// [`create_table`](Self::create_table) for a table that no projection declares.
///
/// In the tables, a UUID is a blob of 16 bytes, a time is a number of microseconds since 1970, a day is a text such as
/// `2026-01-31`, JSON is a text, and a decimal is a text that sorts as the numbers do.
#[derive(Debug, Clone)]
pub struct SqliteReadModels {
    db: SqliteDatabase,
}

impl SqliteReadModels {
    /// Returns the read models in `db`.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::ReadModel;
    /// # #[derive(ReadModel)]
    /// # #[read_model(table = "orders")]
    /// # struct OrderRow { #[read_model(id)] id: u64, total: i64 }
    /// # use eventsource::sqlite::SqliteReadModels;
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # use eventsource::sqlite::{SqliteDatabase, SqliteOptions};
    /// # let db = SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await?;
    /// let models = SqliteReadModels::new(&db);
    /// models.create_table::<OrderRow>().await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// # }
    /// ```
    #[must_use]
    pub fn new(db: &SqliteDatabase) -> Self {
        Self { db: db.clone() }
    }

    /// Creates the table of `M` and its indexes if they do not exist. Use it for a table that no projection declares,
    /// because several write to it; for a declared table, call [`ensure_tables`](Self::ensure_tables).
    ///
    /// # Errors
    /// - [`ReadModelError::Mismatch`]: a table of that name exists, and rows of `M` cannot be written to it. Rebuild
    ///   the projection, or deploy the version of the program that built the table.
    /// - [`ReadModelError::Failed`]: the database failed. A retry may help.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::ReadModel;
    /// # #[derive(ReadModel)]
    /// # #[read_model(table = "orders")]
    /// # struct OrderRow { #[read_model(id)] id: u64, total: i64 }
    /// # use eventsource::sqlite::SqliteReadModels;
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # use eventsource::sqlite::{SqliteDatabase, SqliteOptions};
    /// # let db = SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await?;
    /// # let models = SqliteReadModels::new(&db);
    /// models.create_table::<OrderRow>().await?;
    /// // A second call finds the table and changes nothing.
    /// models.create_table::<OrderRow>().await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// # }
    /// ```
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
    /// [`ReadModelError::Failed`] if the database fails. A retry may help.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::prelude::*;
    /// # use uuid::Uuid;
    /// # #[derive(serde::Serialize, serde::Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Order")]
    /// # struct OrderPlaced { total: i64 }
    /// # #[derive(ReadModel)]
    /// # #[read_model(table = "orders")]
    /// # struct OrderRow { #[read_model(id)] id: Uuid, total: i64 }
    /// # struct Orders;
    /// # #[projection(read_models(OrderRow))]
    /// # impl Orders {
    /// #     #[handles(OrderPlaced)]
    /// #     async fn placed(&self, event: &Event<OrderPlaced>, orders: &mut Repository<OrderRow>)
    /// #         -> Result<(), ReadModelError>
    /// #     {
    /// #         orders.save(OrderRow { id: event.aggregate_id(), total: event.total }).await
    /// #     }
    /// # }
    /// # use eventsource::sqlite::SqliteReadModels;
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # use eventsource::sqlite::{SqliteDatabase, SqliteOptions};
    /// # let db = SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await?;
    /// let models = SqliteReadModels::new(&db);
    /// models.ensure_tables(&Orders).await?;
    /// models.check_table::<OrderRow>().await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// # }
    /// ```
    pub async fn ensure_tables<P: Subscriber>(&self, projection: &P) -> Result<(), ReadModelError> {
        for table in projection.read_models() {
            self.make(table, OfOther::Stays).await?;
        }
        Ok(())
    }

    async fn make(&self, table: &'static Table, other: OfOther) -> Result<(), ReadModelError> {
        let patience = self.db.patience(Action::On("create the table", table.name));
        let source = |error| ReadModelError::Failed { table: table.name, action: "create", source: Box::new(error) };
        let mut writing = self.db.write(&patience).await.map_err(source)?;
        if other.stays(schema::create(&mut writing.tx, TableRef::live(table)).await)? {
            return Ok(());
        }
        writing.tx.commit().await.map_err(|error| failed(TableRef::live(table), "create", error))
    }

    /// Checks that the table of `M` has exactly the columns that the model describes. An additional column is a
    /// difference, also a nullable one. Indexes and constraints are not compared.
    ///
    /// # Errors
    /// - [`ReadModelError::NoTable`]: there is no table. Create it.
    /// - [`ReadModelError::Mismatch`]: the table differs from the model. The error lists the differences.
    /// - [`ReadModelError::Failed`]: the database failed. A retry may help.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::ReadModel;
    /// # #[derive(ReadModel)]
    /// # #[read_model(table = "orders")]
    /// # struct OrderRow { #[read_model(id)] id: u64, total: i64 }
    /// # use eventsource::sqlite::SqliteReadModels;
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # use eventsource::sqlite::{SqliteDatabase, SqliteOptions};
    /// # let db = SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await?;
    /// # use eventsource::ReadModelError;
    /// # let models = SqliteReadModels::new(&db);
    /// assert!(matches!(models.check_table::<OrderRow>().await, Err(ReadModelError::NoTable { .. })));
    /// models.create_table::<OrderRow>().await?;
    /// models.check_table::<OrderRow>().await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// # }
    /// ```
    pub async fn check_table<M: ReadModel>(&self) -> Result<(), ReadModelError> {
        let table = TableRef::live(M::TABLE);
        let mut conn = PoolTables::new(&self.db).acquire(table).await?;
        schema::check(&mut conn, table, Use::Exact).await
    }

    /// Returns the SQL with which [`create_table`](SqliteReadModels::create_table) creates the table, for migrations of
    /// your own: one `CREATE TABLE`, and a `CREATE INDEX` for each index. It needs no database, because SQLite has no
    /// schemas.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::ReadModel;
    /// # #[derive(ReadModel)]
    /// # #[read_model(table = "orders")]
    /// # struct OrderRow { #[read_model(id)] id: u64, total: i64 }
    /// # use eventsource::sqlite::SqliteReadModels;
    /// assert!(SqliteReadModels::table_sql::<OrderRow>().starts_with("CREATE TABLE"));
    /// # }
    /// ```
    #[must_use]
    pub fn table_sql<M: ReadModel>() -> String {
        schema::create_sql(TableRef::live(M::TABLE))
    }

    /// Returns a repository that reads the committed rows of `M`.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::ReadModel;
    /// # #[derive(ReadModel)]
    /// # #[read_model(table = "orders")]
    /// # struct OrderRow { #[read_model(id)] id: u64, total: i64 }
    /// # use eventsource::sqlite::SqliteReadModels;
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # use eventsource::sqlite::{SqliteDatabase, SqliteOptions};
    /// # let db = SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await?;
    /// # let models = SqliteReadModels::new(&db);
    /// # models.create_table::<OrderRow>().await?;
    /// let orders = models.repository::<OrderRow>();
    /// assert!(orders.get(7_u64).await?.is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// # }
    /// ```
    #[must_use]
    pub fn repository<M: ReadModel>(&self) -> ReadRepository<M> {
        ReadRepository::new(Arc::new(PoolTables::new(&self.db)))
    }
}

impl<M: ReadModel> Inject<SqliteUnit> for Repository<M> {
    type Guard = Box<Self>;

    async fn inject(unit: &mut SqliteUnit) -> Result<Box<Self>, HandlerError> {
        let unit = unit.unit();
        unit.scope().check_table(M::TABLE)?;
        let connection = unit.connection().map_err(HandlerError::permanent)?;
        let db = unit.database().clone();
        let session = unit.scope_mut().session(|generation| Box::new(BatchTables::new(connection, &db, generation)));
        Ok(Box::new(Self::new(session, unit.scope().time())))
    }
}
