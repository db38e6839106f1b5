//! The database file: opened, claimed for this program, and emptied where that is asked for.

use std::path::Path;
use std::time::Duration;

use eventsource::sqlite::SqliteDatabase;
use eventsource::sqlx::sqlite::SqliteConnectOptions;
use eventsource::sqlx::{self, AssertSqlSafe, ConnectOptions as _, Connection as _, SqliteConnection};

use crate::failure::Result;

/// SQLite keeps such a number in the file's header: by it a file is known as this program's own.
const APPLICATION_ID: i64 = 0x6769_7468;

/// Opens the file at `path`, which is made where it does not exist, and emptied where it is to be `fresh`.
pub async fn open(path: &Path, fresh: bool) -> Result<SqliteDatabase> {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut conn = options.busy_timeout(Duration::from_secs(30)).connect().await?;
    let mut tx = conn.begin_with("BEGIN IMMEDIATE").await?;
    if !claim(&mut tx).await? {
        return Err(format!("{} is a database of something else: give another file", path.display()).into());
    }
    if fresh {
        empty(&mut tx).await?;
    }
    tx.commit().await?;
    conn.close().await?;
    Ok(SqliteDatabase::open(path).await?)
}

/// Takes a new file; whether the file is this program's own.
async fn claim(conn: &mut SqliteConnection) -> sqlx::Result<bool> {
    let owner: i64 = sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut *conn).await?;
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema").fetch_one(&mut *conn).await?;
    if owner == 0 && tables == 0 {
        sqlx::raw_sql(AssertSqlSafe(format!("PRAGMA application_id = {APPLICATION_ID}"))).execute(conn).await?;
        return Ok(true);
    }
    Ok(owner == APPLICATION_ID)
}

/// Drops every table. In one transaction, so that another program that has the file open sees all of it or nothing.
async fn empty(conn: &mut SqliteConnection) -> sqlx::Result<()> {
    let own = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
    let tables: Vec<String> = sqlx::query_scalar(own).fetch_all(&mut *conn).await?;
    for table in tables {
        sqlx::raw_sql(AssertSqlSafe(format!("DROP TABLE \"{table}\""))).execute(&mut *conn).await?;
    }
    Ok(())
}
