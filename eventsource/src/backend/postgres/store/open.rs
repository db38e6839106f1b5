//! Opens a database: the connections, the version of the server, and the version of the tables.

use sqlx::{AssertSqlSafe, ConnectOptions as _, PgConnection, PgPool, Postgres, Row as _};

use super::error::Trouble;
use super::horizon_cache::HorizonCache;
use super::loss_tracker::LossTracker;
use super::schema::Schema;
use super::{PostgresOpenError, PostgresOptions, migrations, statements};
use crate::backend::sql::store::ConnectionCache;

/// The oldest supported version of the server, as the driver counts.
const OLDEST: u32 = 150_000;

pub(super) struct Opened {
    pub(super) pool: PgPool,
    /// The connections of units of work. Outside a transaction they only read. With a pooler, the shared connections.
    pub(super) units: PgPool,
    /// The connections that read the log. With a pooler, the shared connections.
    pub(super) readers: ConnectionCache<Postgres>,
    /// The connections of appends: one for single appends, and one for group commits.
    pub(super) appender: ConnectionCache<Postgres>,
    /// The maximum number of open units of work.
    pub(super) unit_turns: u32,
    pub(super) losses: LossTracker,
    pub(super) known: HorizonCache,
    pub(super) schema: Schema,
    /// The number that identifies the log in its database.
    pub(super) log: i64,
}

impl PostgresOptions {
    /// Migrates the tables, and creates the schema and the tables if they do not exist.
    ///
    /// You can call it at every start, and several processes can call it at the same time. The role needs the right to
    /// create tables only if a migration is due. All migrations are one transaction. There is no migration back.
    ///
    /// [`PostgresDatabase::open_with`](super::PostgresDatabase::open_with) migrates too, so you need this call only
    /// with [`migrate_on_open(false)`](Self::migrate_on_open).
    ///
    /// # Errors
    /// - [`PostgresOpenError::Failed`]: the server cannot be reached or refuses a statement. The source says why.
    /// - [`PostgresOpenError::InvalidSchema`]: the name of the schema is not valid.
    /// - [`PostgresOpenError::NewerSchema`]: a newer version of this crate has migrated the tables. Deploy that
    ///   version.
    /// - [`PostgresOpenError::EditedMigration`]: the tables were created by another text of a migration. Restore it.
    ///
    /// # Panics
    /// Panics outside a Tokio runtime.
    ///
    /// # Examples
    /// ```no_run
    /// use eventsource::postgres::PostgresOptions;
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// PostgresOptions::new("postgres://owner@localhost/shop")?.schema("events").migrate().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn migrate(&self) -> Result<(), PostgresOpenError> {
        let schema = self.parsed_schema()?;
        let migrated = async {
            let mut conn: PgConnection = self.connect_options().connect().await?;
            migrations::migrate(&mut conn, &self.begin_sql(), &schema, &self.shown()).await?;
            let _ = sqlx::Connection::close(conn).await;
            Ok(())
        };
        migrated.await.map_err(|trouble: Trouble| trouble.on(self.shown()))
    }
}

pub(super) async fn open(options: &PostgresOptions) -> Result<Opened, PostgresOpenError> {
    let (schema, budget) = (options.parsed_schema()?, options.budget()?);
    let (losses, known) = (LossTracker::default(), HorizonCache::default());
    let pool = options.shared_pool_options(budget, &losses, &known).connect_lazy_with(options.connect_options());
    let prepared = async {
        let mut conn = options.named(&pool, pool.acquire().await).await?;
        prepare(&mut conn, &schema, options).await
    };
    let units = match options.pooler {
        true => pool.clone(),
        false => options.unit_pool_options(budget, &losses).connect_lazy_with(options.connect_options()),
    };
    let readers = match options.pooler {
        true => ConnectionCache::none(pool.clone()),
        false => {
            let readers = options.reader_pool_options(budget, &losses, &known);
            ConnectionCache::new(readers.connect_lazy_with(options.connect_options()))
        }
    };
    let appenders = options.appender_pool_options(budget, &losses);
    let appender = ConnectionCache::new(appenders.connect_lazy_with(options.connect_options()));
    match prepared.await {
        Ok(log) => Ok(Opened { pool, units, readers, appender, unit_turns: budget.units, losses, known, schema, log }),
        Err(trouble) => Err(trouble.on(options.shown())),
    }
}

async fn prepare(conn: &mut PgConnection, schema: &Schema, options: &PostgresOptions) -> Result<i64, Trouble> {
    if let Some(found) = conn.server_version_num().filter(|version| *version < OLDEST) {
        let (database, found) = (options.shown(), found / 10_000);
        return Err(Trouble::Refused(PostgresOpenError::OldServer { database, found }));
    }
    if options.migrate_on_open {
        migrations::migrate(conn, &options.begin_sql(), schema, &options.shown()).await?;
    } else if let Some(found) = migrations::pending_since(conn, schema, &options.shown()).await? {
        let (database, schema, known) = (options.shown(), schema.to_string(), migrations::known());
        return Err(Trouble::Refused(PostgresOpenError::NotMigrated { database, schema, found, known }));
    }
    let row = sqlx::raw_sql(AssertSqlSafe(schema.sql(statements::LOG))).fetch_one(&mut *conn).await?;
    let log = row.try_get(0)?;
    let rights = sqlx::raw_sql(AssertSqlSafe(schema.sql(statements::APPENDS_BLINDLY))).fetch_one(conn).await?;
    if rights.try_get(0)? {
        let (database, role, sequence) =
            (options.shown(), rights.try_get(1)?, schema.sql("{schema}.eventsource_positions"));
        return Err(Trouble::Refused(PostgresOpenError::SequenceUnreadable { database, role, sequence }));
    }
    Ok(log)
}
