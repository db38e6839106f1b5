//! Writing the table of orders in PostgreSQL with sqlx: a page in one transaction, with its checkpoint.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use eventsource::sqlx::{self, Connection as _, PgConnection, Row as _};
use uuid::Uuid;

use super::page::{Change, Entry, Outcome};
use super::read_postgres::PAGE;
use crate::rows::statements;

const READ: &str = "SELECT position, aggregate_id, occurred_at, event_type, payload FROM eventsource_events \
     WHERE position > $1 ORDER BY position LIMIT $2";
const LOAD: &str = "SELECT id, customer_name, total_amount, version, created_at FROM plain_rows WHERE id = ANY ($1)";
const INSERT: &str = "INSERT INTO plain_rows (id, customer_name, total_amount, status, version, created_at, updated_at) \
     SELECT * FROM unnest($1::uuid[], $2::text[], $3::float8[], $4::text[], $5::bigint[], $6::timestamptz[], \
     $7::timestamptz[])";
const UPDATE: &str = "UPDATE plain_rows AS own SET customer_name = new.customer_name, total_amount = new.total_amount, \
     status = new.status, version = new.version, updated_at = new.updated_at \
     FROM unnest($1::uuid[], $2::text[], $3::float8[], $4::text[], $5::bigint[], $6::timestamptz[]) \
     AS new (id, customer_name, total_amount, status, version, updated_at) WHERE own.id = new.id";
const ADVANCE: &str = "UPDATE plain_checkpoints SET position = $1 WHERE name = 'orders' AND position = $2";

const DELETE_LETTERS: &str = "DELETE FROM plain_letters WHERE position > $1 AND position <= $2";

/// Letters for all orders that were placed, in a table of their own.
pub const LETTERS: &str = "CREATE TABLE IF NOT EXISTS plain_letters (position bigint PRIMARY KEY, letter text NOT NULL); \
     INSERT INTO plain_letters SELECT position, payload FROM eventsource_events WHERE version = 1";

/// The tables, next to those of the library, which they are like. They are emptied where they are there.
pub const TABLES: &str = "CREATE TABLE IF NOT EXISTS plain_rows (LIKE order_rows INCLUDING ALL); \
     CREATE TABLE IF NOT EXISTS plain_checkpoints (name text PRIMARY KEY, position bigint NOT NULL) \
         WITH (fillfactor = 50); \
     TRUNCATE plain_rows; TRUNCATE plain_checkpoints; INSERT INTO plain_checkpoints VALUES ('orders', 0)";

async fn read(conn: &mut PgConnection, after: i64) -> Vec<Entry> {
    let rows = sqlx::query(READ).bind(after).bind(PAGE as i64).fetch_all(conn).await.unwrap();
    let entry = |row: &sqlx::postgres::PgRow| Entry {
        position: row.get_unchecked(0),
        order: row.get_unchecked(1),
        time: row.get_unchecked(2),
        event: Change::decode(row.get_unchecked(3), row.get_unchecked(4)),
    };
    rows.iter().map(entry).collect()
}

async fn advance(conn: &mut PgConnection, to: i64, from: i64) {
    let moved = sqlx::query(ADVANCE).bind(to).bind(from).execute(conn).await.unwrap();
    assert_eq!(moved.rows_affected(), 1);
}

/// Applies the next page after `after`, row sets at a time: what is there is read, and all is written, by one statement
/// each. Returns where the page ends, or `None` where nothing follows.
pub async fn by_sets(conn: &mut PgConnection, after: i64) -> Option<i64> {
    let page = read(conn, after).await;
    let last = page.last()?.position;
    let outcome = Outcome::of(page);
    let mut tx = conn.begin().await.unwrap();
    let ids: Vec<Uuid> = outcome.changed.iter().map(|(id, ..)| *id).collect();
    let found: Vec<(Uuid, String, f64, i64, DateTime<Utc>)> =
        sqlx::query_as(LOAD).bind(&ids).fetch_all(&mut *tx).await.unwrap();
    let found: HashMap<Uuid, (String, f64, i64)> =
        found.into_iter().map(|(id, name, total, version, _)| (id, (name, total, version))).collect();
    let new = &outcome.new;
    sqlx::query(INSERT)
        .bind(new.iter().map(|row| row.id).collect::<Vec<_>>())
        .bind(new.iter().map(|row| &row.placed.customer_name[..]).collect::<Vec<_>>())
        .bind(new.iter().map(|row| row.placed.total_amount).collect::<Vec<_>>())
        .bind(new.iter().map(|row| row.status).collect::<Vec<_>>())
        .bind(new.iter().map(|row| row.version).collect::<Vec<_>>())
        .bind(new.iter().map(|row| row.created_at).collect::<Vec<_>>())
        .bind(new.iter().map(|row| row.updated_at).collect::<Vec<_>>())
        .execute(&mut *tx)
        .await
        .unwrap();
    if !ids.is_empty() {
        sqlx::query(UPDATE)
            .bind(&ids)
            .bind(ids.iter().map(|id| &found[id].0[..]).collect::<Vec<_>>())
            .bind(ids.iter().map(|id| found[id].1).collect::<Vec<_>>())
            .bind(outcome.changed.iter().map(|(_, status, _)| *status).collect::<Vec<_>>())
            .bind(ids.iter().map(|id| found[id].2 + 1).collect::<Vec<_>>())
            .bind(outcome.changed.iter().map(|(.., time)| *time).collect::<Vec<_>>())
            .execute(&mut *tx)
            .await
            .unwrap();
    }
    advance(&mut tx, last, after).await;
    tx.commit().await.unwrap();
    Some(last)
}

/// Applies the next page after `after`, a statement an event.
pub async fn by_statements(conn: &mut PgConnection, after: i64) -> Option<i64> {
    statements_and(conn, after, None).await
}

/// The same, and deletes the letters of the page.
pub async fn by_letters(conn: &mut PgConnection, after: i64) -> Option<i64> {
    statements_and(conn, after, Some(DELETE_LETTERS)).await
}

async fn statements_and(conn: &mut PgConnection, after: i64, delete: Option<&'static str>) -> Option<i64> {
    let page = read(conn, after).await;
    let last = page.last()?.position;
    let mut tx = conn.begin().await.unwrap();
    for Entry { order, event, .. } in page {
        let query = match &event {
            Change::Placed(placed) => {
                let place = sqlx::query(statements::PLACE).bind(order);
                place.bind(&placed.customer_name).bind(placed.total_amount)
            }
            Change::Status(status) => sqlx::query(statements::SET_STATUS).bind(order).bind(*status),
        };
        query.execute(&mut *tx).await.unwrap();
    }
    if let Some(delete) = delete {
        sqlx::query(delete).bind(after).bind(last).execute(&mut *tx).await.unwrap();
    }
    advance(&mut tx, last, after).await;
    tx.commit().await.unwrap();
    Some(last)
}
