//! The read models in a PostgreSQL database, and how a handler is lent them.

use std::sync::Arc;

use super::batch::BatchTables;
use super::pool::PoolTables;
use super::schema;
use crate::projection::postgres::PostgresUnit;
use crate::projection::{HandlerError, Inject, Subscriber};
use crate::read_model::session::RepositorySession;
use crate::read_model::sql::{OfOther, Use};
use crate::read_model::{ReadModel, ReadModelError, ReadRepository, Repository};
use crate::store::postgres::PostgresDatabase;

/// The read models in a PostgreSQL database: their tables, in the database's schema, and what is committed of them.
///
/// ```no_run
/// # #[cfg(feature = "macros")]
/// # mod example {
/// use eventsource::read_model::postgres::PostgresReadModels;
/// use eventsource::read_model::{Query, ReadModel};
/// use eventsource::store::postgres::{PostgresDatabase, PostgresOptions};
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
/// async fn example() -> Result<(), Box<dyn std::error::Error>> {
///     let options = PostgresOptions::new("postgres://shop@localhost/shop")?.schema("shop");
///     options.migrate().await?;
///     let db = PostgresDatabase::open_with(options).await?;
///     let models = PostgresReadModels::new(&db);
///     models.create_table::<OrderRow>().await?;
///     println!("{} orders", models.repository::<OrderRow>().count(Query::all()).await?);
///     Ok(())
/// }
/// # }
/// ```
///
/// In the tables every type is PostgreSQL's own; texts are `COLLATE "C"`, JSON is `json`, which keeps all of it, and a
/// decimal is `numeric`. A float can be NaN, which is equal to itself and above all numbers.
///
/// # Several projections on one table
///
/// A row that a handler gets is locked until its batch ends, with those of all other aggregates of the batch in the order
/// of their ids. A row that was found by a query, or was found missing, is not; where somebody else has written it
/// before the batch does, the batch is tried again, as it is after a deadlock. No change is lost.
#[derive(Debug, Clone)]
pub struct PostgresReadModels {
    db: PostgresDatabase,
}

impl PostgresReadModels {
    /// The read models in `db`.
    #[must_use]
    pub fn new(db: &PostgresDatabase) -> Self {
        Self { db: db.clone() }
    }

    /// Creates the table of `M` and its indexes, where they do not exist. Several processes may do it at once; it needs
    /// the right to create only where there is something to do. For the tables of a projection that may be another version
    /// of one that ran before, call [`ensure_tables`](Self::ensure_tables).
    ///
    /// # Errors
    /// [`ReadModelError::Mismatch`], where there is such a table, and rows of `M` cannot be written to it.
    pub async fn create_table<M: ReadModel>(&self) -> Result<(), ReadModelError> {
        schema::create(&self.db, M::TABLE).await
    }

    /// Creates what is missing of the tables that `projection` declares (`#[projection(read_models(…))]`), with their
    /// indexes. A table that is there stays as it is: where it has other columns than the model, another version of the
    /// projection built it, which may serve from it still, and what happens to it is what
    /// [`SubscriptionConfig::on_change`](crate::SubscriptionConfig::on_change) says. So a program starts in this order,
    /// whatever its version: ensure the tables, subscribe, start.
    ///
    /// # Errors
    /// [`ReadModelError::Failed`] where the database fails.
    pub async fn ensure_tables<P: Subscriber>(&self, projection: &P) -> Result<(), ReadModelError> {
        for table in projection.read_models() {
            OfOther::Stays.stays(schema::create(&self.db, table).await)?;
        }
        Ok(())
    }

    /// Looks whether the table of `M` is as the model describes it.
    ///
    /// # Errors
    /// [`ReadModelError::Mismatch`], with what differs; [`ReadModelError::NoTable`].
    pub async fn check_table<M: ReadModel>(&self) -> Result<(), ReadModelError> {
        let mut session = PoolTables::new(&self.db).session(M::TABLE).await?;
        schema::check(&mut session, &self.db, M::TABLE, Use::Exact).await
    }

    /// The SQL by which [`create_table`](PostgresReadModels::create_table) creates the table, for migrations of your own.
    #[must_use]
    pub fn table_sql<M: ReadModel>(&self) -> String {
        schema::create_sql(&self.db, M::TABLE)
    }

    /// The rows of `M`, as they are committed.
    #[must_use]
    pub fn repository<M: ReadModel>(&self) -> ReadRepository<M> {
        ReadRepository::new(Arc::new(PoolTables::new(&self.db)))
    }
}

impl<M: ReadModel> Inject<PostgresUnit> for Repository<M> {
    type Guard = Box<Self>;

    async fn inject(unit: &mut PostgresUnit) -> Result<Box<Self>, HandlerError> {
        unit.scope().check_table(M::TABLE)?;
        let connection = unit.connection().map_err(HandlerError::permanent)?;
        let (db, builds_next) = (unit.database().clone(), unit.scope().builds_next());
        let session = RepositorySession::of(unit.scope(), || Box::new(BatchTables::new(connection, &db, builds_next)));
        Ok(Box::new(Self::new(session, unit.scope().time())))
    }
}
