//! Appending to PostgreSQL with sqlx.

use chrono::Utc;
use eventsource::sqlx::{self, PgConnection};
use uuid::Uuid;

use crate::domain::{Fact, ORDER};

/// One event, if the stream is at its version.
const ONE: &str = "INSERT INTO eventsource_events (event_id, aggregate_type, aggregate_id, version, event_type, \
     schema_version, occurred_at, recorded_at, payload) SELECT $1, $2, $3, $4 + 1, $5, 1, $6, $6, $7 \
     WHERE $4 = (SELECT coalesce(max(version), 0) FROM eventsource_events WHERE aggregate_type = $2 AND aggregate_id = $3) \
     RETURNING position";

/// Many events of one stream, if it is at this version.
const MANY: &str = "INSERT INTO eventsource_events (event_id, aggregate_type, aggregate_id, version, event_type, \
     schema_version, occurred_at, recorded_at, payload) \
     SELECT new.event_id, $2, $3, $4 + new.n, new.event_type, 1, $6, $6, new.payload \
     FROM unnest($1::uuid[], $5::text[], $7::text[]) WITH ORDINALITY AS new (event_id, event_type, payload, n) \
     WHERE $4 = (SELECT coalesce(max(version), 0) FROM eventsource_events WHERE aggregate_type = $2 AND aggregate_id = $3) \
     ORDER BY new.n RETURNING position";

/// Appends an event in a commit of its own.
pub async fn one(conn: &mut PgConnection, fact: &Fact) -> i64 {
    sqlx::query_scalar(ONE)
        .bind(Uuid::now_v7())
        .bind(ORDER)
        .bind(fact.order)
        .bind(fact.before as i64)
        .bind(fact.event_type())
        .bind(Utc::now())
        .bind(fact.payload())
        .fetch_one(conn)
        .await
        .unwrap()
}

/// Appends all these events to one new stream, in one commit.
pub async fn many(conn: &mut PgConnection, stream: Uuid, facts: &[Fact]) {
    let positions: Vec<i64> = sqlx::query_scalar(MANY)
        .bind(facts.iter().map(|_| Uuid::now_v7()).collect::<Vec<_>>())
        .bind(ORDER)
        .bind(stream)
        .bind(0_i64)
        .bind(facts.iter().map(Fact::event_type).collect::<Vec<_>>())
        .bind(Utc::now())
        .bind(facts.iter().map(Fact::payload).collect::<Vec<_>>())
        .fetch_all(conn)
        .await
        .unwrap();
    assert_eq!(positions.len(), facts.len());
}
