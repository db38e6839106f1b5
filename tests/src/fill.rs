//! Many events and many dead letters, by one statement.

use eventsource::sqlx::{self, AssertSqlSafe};

use crate::backend::{Postgres, Sql, Sqlite};

/// A database that can be filled by one statement.
#[allow(async_fn_in_trait, reason = "these futures stay in one task")]
pub trait Fill: Sql {
    /// Stores events. Each has its own stream: `Order` with the id `n`, from `from` to `to`. It has the correlation id
    /// `n % 100`, and the type `Type` with the last digit of `n`.
    async fn fill(&self, from: u32, to: u32);

    /// Copies the letter of the stream 1 at position 1 into the streams up to `letters`.
    async fn copy_letter(&self, letters: u64);
}

impl Fill for Sqlite {
    async fn fill(&self, from: u32, to: u32) {
        let sql = "WITH RECURSIVE numbers (n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?2) \
                   INSERT INTO eventsource_events (position, event_id, aggregate_type, aggregate_id, version, event_type, \
                   schema_version, occurred_at, recorded_at, metadata, payload) \
                   SELECT n, unhex(printf('%032x', n)), 'Order', unhex(printf('%032x', n)), 1, 'Type' || (n % 10), 1, \
                   n * 1000000, n * 1000000, \
                   printf('{\"correlation_id\":\"00000000-0000-0000-0000-%012x\"}', n % 100), '{}' FROM numbers";
        sqlx::query(sql).bind(from).bind(to).execute(self.db.pool()).await.unwrap();
    }

    async fn copy_letter(&self, letters: u64) {
        let sql = format!(
            "WITH RECURSIVE numbers (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM numbers WHERE n < {letters}), \
             ids AS (SELECT n, printf('%032x', n) AS h FROM numbers) \
             INSERT INTO eventsource_dead_letters (subscription, position, aggregate_type, aggregate_id, parks, held, \
                 event_type, error, failed_at, letter) \
             SELECT subscription, n, aggregate_type, unhex(h), parks, 1, event_type, error, failed_at + n, replace(replace(letter, '\"position\":1,', '\"position\":' || n || ','), \
                 '00000000-0000-0000-0000-000000000001', concat_ws('-', substr(h, 1, 8), substr(h, 9, 4), \
                 substr(h, 13, 4), substr(h, 17, 4), substr(h, 21))) \
             FROM ids, eventsource_dead_letters WHERE position = 1"
        );
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(self.db.pool()).await.unwrap();
    }
}

impl Fill for Postgres {
    async fn fill(&self, from: u32, to: u32) {
        let sql = "INSERT INTO {schema}.eventsource_events (event_id, aggregate_type, aggregate_id, version, event_type, \
                   schema_version, occurred_at, recorded_at, metadata, payload) \
                   SELECT lpad(to_hex(n), 32, '0')::uuid, 'Order', lpad(to_hex(n), 32, '0')::uuid, 1, 'Type' || (n % 10), 1, \
                   to_timestamp(n), to_timestamp(n), json_build_object('correlation_id', \
                   lpad(to_hex(n % 100), 32, '0')::uuid), '{}' FROM generate_series($1::int, $2::int) AS n ORDER BY n";
        let sql = AssertSqlSafe(sql.replace("{schema}", self.schema.name()));
        sqlx::query(sql).bind(from as i32).bind(to as i32).execute(self.db.pool()).await.unwrap();
        // The server does it by itself some time after so many rows.
        let sql = AssertSqlSafe(format!("ANALYZE {}.eventsource_events", self.schema.name()));
        sqlx::query(sql).execute(self.db.pool()).await.unwrap();
    }

    async fn copy_letter(&self, letters: u64) {
        let table = format!("{}.eventsource_dead_letters", self.schema.name());
        let sql = format!(
            "INSERT INTO {table} (subscription, position, aggregate_type, aggregate_id, parks, held, event_type, error, \
                 failed_at, letter) \
             SELECT subscription, n, aggregate_type, id, parks, 1, event_type, error, \
                 failed_at + n * interval '1 microsecond', replace(replace(letter, '\"position\":1,', '\"position\":' || n || ','), \
                 '00000000-0000-0000-0000-000000000001', id::text) \
             FROM (SELECT n, lpad(to_hex(n), 32, '0')::uuid AS id FROM generate_series(2, {letters}) AS n) AS numbers, \
             {table} WHERE position = 1"
        );
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(self.db.pool()).await.unwrap();
    }
}
