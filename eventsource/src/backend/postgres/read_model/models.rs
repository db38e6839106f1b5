//! The read models in a PostgreSQL database, and how a handler gets a repository.

use std::sync::Arc;

use super::batch::BatchTables;
use super::pool::PoolTables;
use super::schema;
use crate::backend::postgres::projection::PostgresUnit;
use crate::backend::postgres::store::PostgresDatabase;
use crate::backend::sql::read_model::{OfOther, TableRef, Use};
use crate::projection::{HandlerError, Inject, Subscriber, Table};
use crate::read_model::{ReadModel, ReadModelError, ReadRepository, Repository};

/// The read models in a PostgreSQL database: creates and checks their tables, and reads the committed rows. A clone is
/// the same object.
///
/// ```no_run
/// # #[cfg(feature = "macros")]
/// # mod example {
/// use eventsource::prelude::*;
/// use eventsource::postgres::{PostgresDatabase, PostgresOptions, PostgresReadModels};
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
/// async fn example() -> Result<(), Box<dyn std::error::Error>> {
///     let options = PostgresOptions::new("postgres://shop@localhost/shop")?.schema("shop");
///     let db = PostgresDatabase::open_with(options).await?;
///     let models = PostgresReadModels::new(&db);
///     models.ensure_tables(&Orders).await?;
///     println!("{} orders", models.repository::<OrderRow>().count(Query::all()).await?);
///     Ok(())
/// }
/// # }
/// ```
///
/// The tables are in the schema of the tables of this crate ([`PostgresOptions::schema`]), with quoted names. Columns
/// have [types of PostgreSQL](crate::read_model::ColumnType): text is `COLLATE "C"`, so it is ordered by its bytes;
/// JSON is `json`, which keeps every detail of it and cannot be compared or indexed; a decimal is `numeric`. A float
/// can be NaN, which is equal to itself and greater than all numbers.
///
/// # Which function creates a table
///
/// | function | for | an existing table |
/// | --- | --- | --- |
/// | [`ensure_tables`](Self::ensure_tables) | the tables that a projection declares: call it at every start | stays as it is |
/// | [`create_table`](Self::create_table) | a table that no projection declares, because several write to it | is refused if rows of the model cannot be written to it |
/// | [`check_table`](Self::check_table) | a table that your own migration has created | is refused if its columns differ in any way |
///
/// They create indexes with `CREATE INDEX`, which blocks writes to the table until the index is built. To add
/// `#[read_model(index)]` to a large table, first run `CREATE INDEX CONCURRENTLY` with the name
/// `{table}_{column}_idx`: then nothing is left to create. An index does not change the fingerprint of the projection.
///
/// # Locks on rows
///
/// A row that a handler gets by its id is locked until its batch ends. If the id is the id of an aggregate in the
/// batch, the rows of all aggregates in the batch are read and locked with it, in the order of their ids. A row that a
/// query found, and a row that was missing, is not locked. If another transaction writes it before the batch does, the
/// batch is retried, as after a deadlock. No change is lost.
///
/// This matters if several projections write to one table. None of them can declare it, because a declared table has
/// one owner: see [deployment](crate::guide::deployment#who-owns-a-table).
///
/// # Slow reads
///
/// Reads use the shared connections of `db`, as checkpoints and leases do. For slow reads, open a second
/// [`PostgresDatabase`]. It can be on a replica, if `pooler_mode` is off: then rows arrive with the delay of the
/// replica.
///
/// [`PostgresOptions::schema`]: crate::postgres::PostgresOptions::schema
#[derive(Debug, Clone)]
pub struct PostgresReadModels {
    db: PostgresDatabase,
}

impl PostgresReadModels {
    /// Returns the read models in `db`.
    ///
    /// # Examples
    /// ```no_run
    /// # #[cfg(feature = "macros")]
    /// # mod example {
    /// # use eventsource::read_model::ReadModel;
    /// # #[derive(ReadModel)]
    /// # #[read_model(table = "orders")]
    /// # struct OrderRow { #[read_model(id)] id: u64, total: i64 }
    /// # use eventsource::postgres::{PostgresDatabase, PostgresReadModels};
    /// # async fn example(db: PostgresDatabase) -> Result<(), Box<dyn std::error::Error>> {
    /// let orders = PostgresReadModels::new(&db).repository::<OrderRow>();
    /// # Ok(())
    /// # }
    /// # }
    /// ```
    #[must_use]
    pub fn new(db: &PostgresDatabase) -> Self {
        Self { db: db.clone() }
    }

    /// Creates the table of `M` and its indexes if they do not exist. Use it for a table that no projection declares;
    /// for a declared table, call [`ensure_tables`](Self::ensure_tables). Several processes may call it at the same
    /// time. The database role needs the right to create only if something is missing.
    ///
    /// # Errors
    /// - [`ReadModelError::Mismatch`]: a table of that name exists, and rows of `M` cannot be written to it: a column
    ///   is missing or has another type, or an additional column is `NOT NULL` without a default. Change the table by a
    ///   migration of your own.
    /// - [`ReadModelError::Failed`]: the database failed. A retry may help. Without the right to create, or if a view
    ///   has that name, the source is the error of the server.
    ///
    /// # Examples
    /// ```no_run
    /// # #[cfg(feature = "macros")]
    /// # mod example {
    /// # use eventsource::read_model::ReadModel;
    /// # #[derive(ReadModel)]
    /// # #[read_model(table = "orders")]
    /// # struct OrderRow { #[read_model(id)] id: u64, total: i64 }
    /// # use eventsource::postgres::{PostgresDatabase, PostgresReadModels};
    /// # async fn example(db: PostgresDatabase) -> Result<(), Box<dyn std::error::Error>> {
    /// # let models = PostgresReadModels::new(&db);
    /// models.create_table::<OrderRow>().await?;
    /// # Ok(())
    /// # }
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
    /// decides. So every version of a program starts in the same order: ensure the tables, subscribe, start. A
    /// projection that declares no read models needs nothing. Several processes may call it at the same time. The role
    /// needs the right to create only if something is missing.
    ///
    /// # Errors
    /// [`ReadModelError::Failed`] if the database fails. A retry may help. Without the right to create, or if a view
    /// has that name, the source is the error of the server.
    ///
    /// # Examples
    /// ```no_run
    /// # #[cfg(feature = "macros")]
    /// # mod example {
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
    /// # use eventsource::postgres::{PostgresDatabase, PostgresReadModels};
    /// # async fn example(db: PostgresDatabase) -> Result<(), Box<dyn std::error::Error>> {
    /// let models = PostgresReadModels::new(&db);
    /// models.ensure_tables(&Orders).await?;
    /// # Ok(())
    /// # }
    /// # }
    /// ```
    pub async fn ensure_tables<P: Subscriber>(&self, projection: &P) -> Result<(), ReadModelError> {
        for table in projection.read_models() {
            self.make(table, OfOther::Stays).await?;
        }
        Ok(())
    }

    async fn make(&self, table: &'static Table, other: OfOther) -> Result<(), ReadModelError> {
        other.stays(schema::create(&self.db, TableRef::live(table)).await).map(drop)
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
    /// ```no_run
    /// # #[cfg(feature = "macros")]
    /// # mod example {
    /// # use eventsource::read_model::ReadModel;
    /// # #[derive(ReadModel)]
    /// # #[read_model(table = "orders")]
    /// # struct OrderRow { #[read_model(id)] id: u64, total: i64 }
    /// # use eventsource::postgres::{PostgresDatabase, PostgresReadModels};
    /// # async fn example(db: PostgresDatabase) -> Result<(), Box<dyn std::error::Error>> {
    /// # let models = PostgresReadModels::new(&db);
    /// // After a migration of your own.
    /// models.check_table::<OrderRow>().await?;
    /// # Ok(())
    /// # }
    /// # }
    /// ```
    pub async fn check_table<M: ReadModel>(&self) -> Result<(), ReadModelError> {
        let table = TableRef::live(M::TABLE);
        let mut session = PoolTables::new(&self.db).session(table).await?;
        schema::check(&mut session, &self.db, table, Use::Exact).await
    }

    /// Returns the SQL with which [`create_table`](PostgresReadModels::create_table) creates the table, for migrations
    /// of your own: one `CREATE TABLE`, and a `CREATE INDEX` for each index, with the schema of this database.
    ///
    /// # Examples
    /// ```no_run
    /// # #[cfg(feature = "macros")]
    /// # mod example {
    /// # use eventsource::read_model::ReadModel;
    /// # #[derive(ReadModel)]
    /// # #[read_model(table = "orders")]
    /// # struct OrderRow { #[read_model(id)] id: u64, total: i64 }
    /// # use eventsource::postgres::{PostgresDatabase, PostgresReadModels};
    /// # async fn example(db: PostgresDatabase) -> Result<(), Box<dyn std::error::Error>> {
    /// # let models = PostgresReadModels::new(&db);
    /// println!("{}", models.table_sql::<OrderRow>());
    /// # Ok(())
    /// # }
    /// # }
    /// ```
    #[must_use]
    pub fn table_sql<M: ReadModel>(&self) -> String {
        schema::create_sql(&self.db, TableRef::live(M::TABLE))
    }

    /// Returns a repository that reads the committed rows of `M`. It is cheap, and does not contact the server.
    ///
    /// # Examples
    /// ```no_run
    /// # #[cfg(feature = "macros")]
    /// # mod example {
    /// # use eventsource::read_model::ReadModel;
    /// # #[derive(ReadModel)]
    /// # #[read_model(table = "orders")]
    /// # struct OrderRow { #[read_model(id)] id: u64, total: i64 }
    /// # use eventsource::postgres::{PostgresDatabase, PostgresReadModels};
    /// # async fn example(db: PostgresDatabase) -> Result<(), Box<dyn std::error::Error>> {
    /// # let models = PostgresReadModels::new(&db);
    /// let orders = models.repository::<OrderRow>();
    /// let large = orders.find(OrderRow::TOTAL.gt(1_000)).await?;
    /// # Ok(())
    /// # }
    /// # }
    /// ```
    #[must_use]
    pub fn repository<M: ReadModel>(&self) -> ReadRepository<M> {
        ReadRepository::new(Arc::new(PoolTables::new(&self.db)))
    }
}

impl<M: ReadModel> Inject<PostgresUnit> for Repository<M> {
    type Guard = Box<Self>;

    async fn inject(unit: &mut PostgresUnit) -> Result<Box<Self>, HandlerError> {
        let unit = unit.unit();
        unit.scope().check_table(M::TABLE)?;
        let connection = unit.connection().map_err(HandlerError::permanent)?;
        let db = unit.database().clone();
        let session = unit.scope_mut().session(|generation| Box::new(BatchTables::new(connection, &db, generation)));
        Ok(Box::new(Self::new(session, unit.scope().time())))
    }
}
