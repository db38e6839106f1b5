//! Reading the log with all that is known of an event, which a handler may ask for: the columns that the library reads.

use chrono::{DateTime, Utc};
use eventsource::sqlx::{self, PgConnection, Row as _, SqliteConnection, postgres::PgRow, sqlite::SqliteRow};
use uuid::Uuid;

use super::read_postgres::PAGE;
use crate::totals::Totals;

/// An event, as it is stored.
#[derive(Debug)]
pub struct Recorded {
    /// Where it stands.
    pub position: i64,
    /// Its id.
    pub event_id: Uuid,
    /// The type of its aggregate.
    pub aggregate_type: String,
    /// Its aggregate.
    pub aggregate_id: Uuid,
    /// Its version in the stream.
    pub version: i64,
    /// Its type.
    pub event_type: String,
    /// The version of its schema.
    pub schema_version: i64,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// When it was stored.
    pub recorded_at: DateTime<Utc>,
    /// What else is known.
    pub metadata: Option<String>,
    /// Its payload.
    pub payload: String,
}

const POSTGRES: &str = "SELECT position, event_id, aggregate_type, aggregate_id, version, event_type, schema_version, \
     occurred_at, recorded_at, metadata::text, payload FROM eventsource_events WHERE position > $1 ORDER BY position \
     LIMIT $2";
const SQLITE: &str = "SELECT position, event_id, aggregate_type, aggregate_id, version, event_type, schema_version, \
     occurred_at, recorded_at, metadata, payload FROM eventsource_events WHERE position > ?1 ORDER BY position LIMIT ?2";

impl Recorded {
    fn from_postgres(row: &PgRow) -> Self {
        Self {
            position: row.get_unchecked(0),
            event_id: row.get_unchecked(1),
            aggregate_type: row.get_unchecked(2),
            aggregate_id: row.get_unchecked(3),
            version: row.get_unchecked(4),
            event_type: row.get_unchecked(5),
            schema_version: row.get_unchecked(6),
            occurred_at: row.get_unchecked(7),
            recorded_at: row.get_unchecked(8),
            metadata: row.get_unchecked(9),
            payload: row.get_unchecked(10),
        }
    }

    fn from_sqlite(row: &SqliteRow) -> Self {
        let time = |index| DateTime::from_timestamp_micros(row.get_unchecked(index)).unwrap();
        Self {
            position: row.get_unchecked(0),
            event_id: row.get_unchecked(1),
            aggregate_type: row.get_unchecked(2),
            aggregate_id: row.get_unchecked(3),
            version: row.get_unchecked(4),
            event_type: row.get_unchecked(5),
            schema_version: row.get_unchecked(6),
            occurred_at: time(7),
            recorded_at: time(8),
            metadata: row.get_unchecked(9),
            payload: row.get_unchecked(10),
        }
    }
}

fn add(page: Vec<Recorded>, totals: &mut Totals) -> Option<i64> {
    for event in &page {
        totals.decode(&event.event_type, &event.payload);
    }
    page.last().map(|event| event.position)
}

/// Adds the next page after `after`, and returns where it ends, or `None` where nothing follows; from PostgreSQL.
pub async fn postgres(conn: &mut PgConnection, after: i64, totals: &mut Totals) -> Option<i64> {
    let rows = sqlx::query(POSTGRES).bind(after).bind(PAGE as i64).fetch_all(conn).await.unwrap();
    add(rows.iter().map(Recorded::from_postgres).collect(), totals)
}

/// The same from SQLite.
pub async fn sqlite(conn: &mut SqliteConnection, after: i64, totals: &mut Totals) -> Option<i64> {
    let rows = sqlx::query(SQLITE).bind(after).bind(PAGE as i64).fetch_all(conn).await.unwrap();
    add(rows.iter().map(Recorded::from_sqlite).collect(), totals)
}
