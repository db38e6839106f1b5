//! Writing the table of orders in SQLite, a page in one transaction, with its checkpoint: with rusqlite by prepared
//! statements, and with sqlx by a statement an event.

use chrono::DateTime;
use eventsource::sqlx::{self, Row as _, SqliteConnection};
use rusqlite::{Connection, TransactionBehavior, params};
use uuid::Uuid;

use super::page::{Change, Entry, Outcome};
use super::read_postgres::PAGE;
use crate::rows::statements;

const READ: &str = "SELECT position, aggregate_id, occurred_at, event_type, payload FROM eventsource_events \
     WHERE position > ?1 ORDER BY position LIMIT ?2";
const LOAD: &str = "SELECT customer_name, total_amount, version FROM plain_rows WHERE id = ?1";
const INSERT: &str = "INSERT INTO plain_rows (id, customer_name, total_amount, status, version, created_at, updated_at) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const UPDATE: &str = "UPDATE plain_rows SET customer_name = ?2, total_amount = ?3, status = ?4, version = ?5, \
     updated_at = ?6 WHERE id = ?1";
const ADVANCE: &str = "UPDATE plain_checkpoints SET position = ?1 WHERE name = 'orders' AND position = ?2";

const DELETE_LETTERS: &str = "DELETE FROM plain_letters WHERE position > ?1 AND position <= ?2";

/// Letters for all orders that were placed, in a table of their own.
pub const LETTERS: &str = "CREATE TABLE IF NOT EXISTS plain_letters (position INTEGER PRIMARY KEY, letter TEXT NOT NULL) \
         STRICT; \
     INSERT INTO plain_letters SELECT position, payload FROM eventsource_events WHERE version = 1";

/// The tables, next to those of the library, which they are like. They are emptied where they are there.
pub const TABLES: &str = "CREATE TABLE IF NOT EXISTS plain_rows (id BLOB NOT NULL PRIMARY KEY, customer_name TEXT NOT NULL, \
         total_amount REAL NOT NULL, status TEXT NOT NULL, version INTEGER NOT NULL, created_at INTEGER NOT NULL, \
         updated_at INTEGER NOT NULL, deleted_at INTEGER) STRICT; \
     CREATE TABLE IF NOT EXISTS plain_checkpoints (name TEXT PRIMARY KEY, position INTEGER NOT NULL) STRICT, WITHOUT ROWID; \
     DELETE FROM plain_rows; DELETE FROM plain_checkpoints; INSERT INTO plain_checkpoints VALUES ('orders', 0)";

fn read(conn: &Connection, after: i64) -> Vec<Entry> {
    let mut read = conn.prepare_cached(READ).unwrap();
    let entry = |row: &rusqlite::Row<'_>| {
        Ok(Entry {
            position: row.get(0)?,
            order: Uuid::from_slice(row.get_ref(1)?.as_blob()?).unwrap(),
            time: DateTime::from_timestamp_micros(row.get(2)?).unwrap(),
            event: Change::decode(row.get_ref(3)?.as_str()?, row.get_ref(4)?.as_str()?),
        })
    };
    read.query_map(params![after, PAGE as i64], entry).unwrap().map(Result::unwrap).collect()
}

/// Applies the next page after `after` with rusqlite: each row that is changed is read and written once a page. Returns
/// where the page ends, or `None` where nothing follows.
pub fn by_rows(conn: &mut Connection, after: i64) -> Option<i64> {
    let page = read(conn, after);
    let last = page.last()?.position;
    let outcome = Outcome::of(page);
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    {
        let mut insert = tx.prepare_cached(INSERT).unwrap();
        for row in &outcome.new {
            let (created, updated) = (row.created_at.timestamp_micros(), row.updated_at.timestamp_micros());
            let placed = &row.placed;
            let values = params![
                row.id.as_bytes(),
                placed.customer_name,
                placed.total_amount,
                row.status,
                row.version,
                created,
                updated
            ];
            insert.execute(values).unwrap();
        }
        let (mut load, mut update) = (tx.prepare_cached(LOAD).unwrap(), tx.prepare_cached(UPDATE).unwrap());
        for (id, status, time) in &outcome.changed {
            let found = load.query_row([id.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
            let (name, total, version): (String, f64, i64) = found.unwrap();
            let values = params![id.as_bytes(), name, total, status, version + 1, time.timestamp_micros()];
            update.execute(values).unwrap();
        }
        assert_eq!(tx.prepare_cached(ADVANCE).unwrap().execute([last, after]).unwrap(), 1);
    }
    tx.commit().unwrap();
    Some(last)
}

/// Applies the next page after `after` with sqlx, a statement an event.
pub async fn by_statements(conn: &mut SqliteConnection, after: i64) -> Option<i64> {
    statements_and(conn, after, None).await
}

/// The same, and deletes the letters of the page.
pub async fn by_letters(conn: &mut SqliteConnection, after: i64) -> Option<i64> {
    statements_and(conn, after, Some(DELETE_LETTERS)).await
}

async fn statements_and(conn: &mut SqliteConnection, after: i64, delete: Option<&'static str>) -> Option<i64> {
    use sqlx::Connection as _;
    let rows = sqlx::query(READ).bind(after).bind(PAGE as i64).fetch_all(&mut *conn).await.unwrap();
    let last = rows.last()?.get_unchecked(0);
    let mut tx = conn.begin_with("BEGIN IMMEDIATE").await.unwrap();
    for row in &rows {
        let order: Uuid = row.get_unchecked(1);
        let query = match Change::decode(row.get_unchecked(3), row.get_unchecked(4)) {
            Change::Placed(placed) => {
                let place = sqlx::query(statements::SQLITE_PLACE).bind(order);
                place.bind(placed.customer_name).bind(placed.total_amount)
            }
            Change::Status(status) => sqlx::query(statements::SQLITE_SET_STATUS).bind(order).bind(status),
        };
        query.execute(&mut *tx).await.unwrap();
    }
    if let Some(delete) = delete {
        sqlx::query(delete).bind(after).bind(last).execute(&mut *tx).await.unwrap();
    }
    let moved = sqlx::query(ADVANCE).bind(last).bind(after).execute(&mut *tx).await.unwrap();
    assert_eq!(moved.rows_affected(), 1);
    tx.commit().await.unwrap();
    Some(last)
}
