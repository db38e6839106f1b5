//! Reading the log in SQLite, a page at a time: with rusqlite, and with sqlx.

use eventsource::sqlx::{self, Row as _, SqliteConnection};
use rusqlite::{Connection, params};

use super::read_postgres::PAGE;
use crate::totals::Totals;

const READ: &str = "SELECT position, event_type, payload FROM eventsource_events WHERE position > ?1 \
     ORDER BY position LIMIT ?2";

/// Adds the next page after `after`, and returns where it ends, or `None` where nothing follows; with rusqlite.
pub fn page(conn: &Connection, after: i64, totals: &mut Totals) -> Option<i64> {
    let mut read = conn.prepare_cached(READ).unwrap();
    let mut rows = read.query(params![after, PAGE as i64]).unwrap();
    let mut last = None;
    while let Some(row) = rows.next().unwrap() {
        last = Some(row.get(0).unwrap());
        totals.decode(row.get_ref(1).unwrap().as_str().unwrap(), row.get_ref(2).unwrap().as_str().unwrap());
    }
    last
}

/// The same with sqlx.
pub async fn sqlx_page(conn: &mut SqliteConnection, after: i64, totals: &mut Totals) -> Option<i64> {
    let rows = sqlx::query(READ).bind(after).bind(PAGE as i64).fetch_all(conn).await.unwrap();
    for row in &rows {
        totals.decode(row.get_unchecked(1), row.get_unchecked(2));
    }
    rows.last().map(|row| row.get_unchecked(0))
}
