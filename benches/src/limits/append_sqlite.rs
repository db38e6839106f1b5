//! Appending to SQLite: with rusqlite, and an event at a time with sqlx.

use chrono::Utc;
use eventsource::sqlx::{self, Connection as _, SqliteConnection};
use rusqlite::{Connection, TransactionBehavior, params};
use uuid::Uuid;

use crate::domain::{Fact, ORDER};
use crate::places::sqlite::INSERT;

const VERSION: &str =
    "SELECT coalesce(max(version), 0) FROM eventsource_events WHERE aggregate_type = ?1 AND aggregate_id = ?2";

/// Appends all these events to one stream in one commit, if the stream is at the first one's version.
pub fn append(conn: &mut Connection, stream: Uuid, before: u64, facts: &[Fact]) {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    let mut version: i64 = {
        let mut read = tx.prepare_cached(VERSION).unwrap();
        read.query_row(params![ORDER, stream.as_bytes()], |row| row.get(0)).unwrap()
    };
    assert_eq!(version as u64, before);
    {
        let mut insert = tx.prepare_cached(INSERT).unwrap();
        for fact in facts {
            version += 1;
            let (id, now) = (Uuid::now_v7(), Utc::now().timestamp_micros());
            let values =
                params![id.as_bytes(), ORDER, stream.as_bytes(), version, fact.event_type(), now, fact.payload()];
            insert.execute(values).unwrap();
        }
    }
    tx.commit().unwrap();
}

/// Appends an event in a commit of its own, with sqlx, and returns its position.
pub async fn sqlx_one(conn: &mut SqliteConnection, fact: &Fact) -> i64 {
    let mut tx = conn.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let version: i64 = sqlx::query_scalar(VERSION).bind(ORDER).bind(fact.order).fetch_one(&mut *tx).await.unwrap();
    assert_eq!(version as u64, fact.before);
    let inserted = sqlx::query(INSERT)
        .bind(Uuid::now_v7())
        .bind(ORDER)
        .bind(fact.order)
        .bind(version + 1)
        .bind(fact.event_type())
        .bind(Utc::now().timestamp_micros())
        .bind(fact.payload())
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    inserted.last_insert_rowid()
}
