//! Opens a database file: the connections, the journal mode and the migrations.

use sqlx::pool::PoolConnection;
use sqlx::{Sqlite, SqliteConnection, SqlitePool};
use tokio::time::Instant;

use super::busy::{is_locked, pause};
use super::error::Trouble;
use super::options::own_connections;
use super::{SqliteOpenError, SqliteOptions, migrations, statements};
use crate::store::LogId;

pub(super) struct Opened {
    pub(super) pool: SqlitePool,
    /// The connection of appends; `None` if they use the common pool.
    pub(super) appender: Option<SqlitePool>,
    /// The connection of handlers; `None` if they use the common pool.
    pub(super) handlers: Option<SqlitePool>,
    /// The absolute path of the file, with symbolic links resolved; `None` for a database in memory.
    pub(super) file: Option<String>,
    /// The identity of the log in the file.
    pub(super) log: LogId,
}

pub(super) async fn open(options: &SqliteOptions) -> Result<Opened, SqliteOpenError> {
    options.check()?;
    let started = Instant::now();
    let pool = options.pool_options().connect_lazy_with(options.connect_options());
    loop {
        let source = match prepare(&pool, options).await {
            Ok((file, log)) => {
                let own = || options.pool_options().max_connections(1).connect_lazy_with(options.connect_options());
                let apart = own_connections(options.connections);
                let (appender, handlers) = ((apart > 0).then(own), (apart > 1).then(own));
                return Ok(Opened { pool, appender, handlers, file, log });
            }
            Err(Trouble::Refused(error)) => return Err(error),
            Err(Trouble::Database(source)) => source,
        };
        let path = options.shown_path();
        if !is_locked(&source) {
            return Err(SqliteOpenError::Failed { path, source });
        }
        if started.elapsed() >= options.write_timeout {
            return Err(SqliteOpenError::Busy { path, waited: started.elapsed() });
        }
        // SQLite does not wait by itself when two connections switch a new file to WAL.
        pause().await;
    }
}

impl SqliteOptions {
    /// Migrates the tables, and creates the file and the tables if they do not exist. Several processes can call it at
    /// the same time.
    ///
    /// Call it as a step of the deployment if [`migrate_on_open`](Self::migrate_on_open) is `false`.
    ///
    /// # Errors
    /// The errors of [`SqliteDatabase::open_with`](super::SqliteDatabase::open_with), except
    /// [`SqliteOpenError::NotMigrated`]. [`SqliteOpenError::Busy`] follows after the [write
    /// timeout](Self::write_timeout).
    ///
    /// # Panics
    /// Panics outside a Tokio runtime.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// use eventsource::sqlite::{SqliteDatabase, SqliteOptions};
    ///
    /// # let path = std::env::temp_dir().join(format!("eventsource-doc-{}.db", uuid::Uuid::now_v7()));
    /// let options = SqliteOptions::new(&path).migrate_on_open(false);
    /// options.migrate().await?;
    /// let db = SqliteDatabase::open_with(options).await?;
    /// # db.close().await;
    /// # std::fs::remove_file(path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn migrate(&self) -> Result<(), SqliteOpenError> {
        let opened = open(&self.clone().migrate_on_open(true)).await?;
        opened.pool.close().await;
        Ok(())
    }
}

async fn prepare(pool: &SqlitePool, options: &SqliteOptions) -> Result<(Option<String>, LogId), Trouble> {
    let mut conn: PoolConnection<Sqlite> = pool.acquire().await?;
    let file: String = sqlx::query_scalar(statements::FILE).fetch_one(&mut *conn).await?;
    let file = Some(file).filter(|file| !file.is_empty());
    if file.is_some() {
        switch_to_wal(&mut conn, options).await?;
    } else if options.connections > 1 {
        let (path, connections) = (options.shown_path(), options.connections);
        return Err(Trouble::Refused(SqliteOpenError::InMemory { path, connections }));
    }
    migrations::migrate(&mut conn, options).await?;
    let log = sqlx::query_scalar(statements::LOG_ID).fetch_one(&mut *conn).await?;
    Ok((file, LogId::from_uuid(log)))
}

async fn switch_to_wal(conn: &mut SqliteConnection, options: &SqliteOptions) -> Result<(), Trouble> {
    let mode: String = sqlx::query_scalar(statements::JOURNAL_MODE).fetch_one(&mut *conn).await?;
    if mode == "wal" {
        return Ok(());
    }
    match sqlx::query_scalar(statements::SWITCH_TO_WAL).fetch_one(conn).await? {
        mode if mode == "wal" => Ok(()),
        mode => Err(Trouble::Refused(SqliteOpenError::NoWal { path: options.shown_path(), mode })),
    }
}
