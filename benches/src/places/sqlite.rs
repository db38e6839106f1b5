//! SQLite files, and logs in them.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::Utc;
use eventsource::sqlite::SqliteDatabase;
use rusqlite::{Connection, params};
use tempfile::TempDir;
use uuid::Uuid;

use crate::domain::{Fact, ORDER};

/// A file of a work's own, in a folder of its own, which goes with the last clone.
#[derive(Debug, Clone)]
pub struct Place(Arc<TempDir>);

/// The tables of the plain loops.
const PLAIN: &str = include_str!("sqlite.sql");

/// What adds an event to the log.
pub(crate) const INSERT: &str = "INSERT INTO eventsource_events (event_id, aggregate_type, aggregate_id, version, \
     event_type, schema_version, occurred_at, recorded_at, payload) VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, ?6, ?7)";

impl Place {
    /// Without tables.
    pub fn empty() -> Self {
        Self(Arc::new(tempfile::tempdir().unwrap()))
    }

    /// With the library's tables.
    pub async fn migrated() -> Self {
        let place = Self::empty();
        place.open().await.close().await;
        place
    }

    /// With the library's tables, and these events in the log.
    pub async fn filled(facts: impl IntoIterator<Item = Fact>) -> Self {
        let place = Self::migrated().await;
        place.fill(facts);
        place
    }

    /// With the plain loops' tables.
    pub fn plain() -> Self {
        let place = Self::empty();
        place.connect().execute_batch(PLAIN).unwrap();
        place
    }

    /// The file.
    pub fn file(&self) -> PathBuf {
        self.0.path().join("orders.db")
    }

    /// The library's database, by its default options.
    pub async fn open(&self) -> SqliteDatabase {
        SqliteDatabase::open(self.file()).await.unwrap()
    }

    /// A connection of the other driver's, with the durability that the library's default options have.
    pub fn connect(&self) -> Connection {
        let conn = Connection::open(self.file()).unwrap();
        conn.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON").unwrap();
        conn.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
        conn.set_prepared_statement_cache_capacity(100);
        conn
    }

    /// How many events are in the log.
    pub fn count(&self) -> usize {
        let sql = "SELECT count(*) FROM eventsource_events";
        let count: i64 = self.connect().query_row(sql, [], |row| row.get(0)).unwrap();
        count as usize
    }

    /// Adds events to the log, faster than by appends.
    pub fn fill(&self, facts: impl IntoIterator<Item = Fact>) {
        let mut conn = self.connect();
        let mut facts = facts.into_iter().peekable();
        while facts.peek().is_some() {
            let tx = conn.transaction().unwrap();
            let mut insert = tx.prepare_cached(INSERT).unwrap();
            for fact in facts.by_ref().take(50_000) {
                let (id, now) = (Uuid::now_v7(), Utc::now().timestamp_micros());
                let values = params![
                    id.as_bytes(),
                    ORDER,
                    fact.order.as_bytes(),
                    fact.before as i64 + 1,
                    fact.event_type(),
                    now,
                    fact.payload()
                ];
                insert.execute(values).unwrap();
            }
            drop(insert);
            tx.commit().unwrap();
        }
        conn.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    }

    /// Status, number and sum of the orders in `table`.
    pub fn summary(&self, table: &str) -> Vec<(String, i64, f64)> {
        let conn = self.connect();
        let sql = format!("SELECT status, count(*), sum(total_amount) FROM {table} GROUP BY status");
        let mut rows = conn.prepare(&sql).unwrap();
        let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
        rows.map(Result::unwrap).collect()
    }
}
