//! A private PostgreSQL server, and logs in it.

use std::sync::OnceLock;

use chrono::Utc;
use eventsource::postgres::{PostgresDatabase, PostgresOptions};
use eventsource::sqlx::postgres::PgConnectOptions;
use eventsource::sqlx::{self, AssertSqlSafe, Connection as _, PgConnection, PgPool};
use eventsource_tests::postgres::Server;
use uuid::Uuid;

use crate::domain::{Fact, ORDER};

/// As a user gets it who sets nothing: `fsync`, `synchronous_commit` and `full_page_writes` are on, and what the tests'
/// server has less of is set back to the default.
fn url() -> String {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::configured(|_| "shared_buffers = 128MB\n".to_owned())).url()
}

/// The version of the server.
pub async fn version() -> String {
    let mut conn = PgConnection::connect(&url()).await.unwrap();
    let version: String = sqlx::query_scalar("SHOW server_version").fetch_one(&mut conn).await.unwrap();
    version
}

/// A schema of a work's own.
#[derive(Debug, Clone)]
pub struct Place {
    url: String,
    name: String,
}

/// The tables of the plain loops: those of the library, with the same keys and indexes, without the trigger by which it
/// knows how far the log can be read.
const PLAIN: &str = include_str!("postgres.sql");

impl Place {
    /// Without tables.
    pub async fn empty() -> Self {
        let place = Self { url: url(), name: format!("bench_{}", Uuid::now_v7().simple()) };
        let mut conn = PgConnection::connect(&place.url).await.unwrap();
        let sql = AssertSqlSafe(format!("CREATE SCHEMA {}", place.name));
        sqlx::raw_sql(sql).execute(&mut conn).await.unwrap();
        place
    }

    /// With the library's tables.
    pub async fn migrated() -> Self {
        let place = Self::empty().await;
        place.options().migrate().await.unwrap();
        place
    }

    /// With the library's tables, and these events in the log.
    pub async fn filled(facts: impl IntoIterator<Item = Fact>) -> Self {
        let place = Self::migrated().await;
        place.fill(facts).await;
        place
    }

    /// With the plain loops' tables.
    pub async fn plain() -> Self {
        let place = Self::empty().await;
        sqlx::raw_sql(PLAIN).execute(&mut place.connect().await).await.unwrap();
        place
    }

    /// The library's options. Handlers name their tables without the schema.
    pub fn options(&self) -> PostgresOptions {
        let connect: PgConnectOptions = self.url.parse().unwrap();
        let connect = connect.options([("search_path", &self.name)]);
        PostgresOptions::from_connect_options(connect).schema(&self.name)
    }

    /// The library's database.
    pub async fn open(&self) -> PostgresDatabase {
        PostgresDatabase::open_with(self.options()).await.unwrap()
    }

    /// A connection whose search path is the schema.
    pub async fn connect(&self) -> PgConnection {
        let mut conn = PgConnection::connect(&self.url).await.unwrap();
        let path = AssertSqlSafe(format!("SET search_path TO {}", self.name));
        sqlx::raw_sql(path).execute(&mut conn).await.unwrap();
        conn
    }

    /// The address of the database, and the name of the schema.
    pub fn address(&self) -> (&str, &str) {
        (&self.url, &self.name)
    }

    /// How many events are in the log.
    pub async fn count(&self) -> usize {
        let sql = "SELECT count(*) FROM eventsource_events";
        let count: i64 = sqlx::query_scalar(sql).fetch_one(&mut self.connect().await).await.unwrap();
        count as usize
    }

    /// Drops it with all that is in it.
    pub async fn drop(self) {
        let mut conn = PgConnection::connect(&self.url).await.unwrap();
        let sql = AssertSqlSafe(format!("DROP SCHEMA {} CASCADE", self.name));
        sqlx::raw_sql(sql).execute(&mut conn).await.unwrap();
    }

    /// Adds events to the log, faster than by appends, and lets the server tidy up, so that it does not while a work
    /// is measured.
    pub async fn fill(&self, facts: impl IntoIterator<Item = Fact>) {
        let mut conn = self.connect().await;
        let mut facts = facts.into_iter();
        loop {
            let chunk: Vec<_> = facts.by_ref().take(5_000).collect();
            if chunk.is_empty() {
                break;
            }
            insert(&mut conn, &chunk).await;
        }
        sqlx::raw_sql("VACUUM (FREEZE, ANALYZE) eventsource_events").execute(&mut conn).await.unwrap();
    }
}

async fn insert(conn: &mut PgConnection, facts: &[Fact]) {
    let sql = "INSERT INTO eventsource_events (event_id, aggregate_type, aggregate_id, version, event_type, \
               schema_version, occurred_at, recorded_at, payload) \
               SELECT id, $5, aggregate, version, event_type, 1, $6, $6, payload \
               FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $7::text[]) WITH ORDINALITY \
               AS new (id, aggregate, version, event_type, payload, n) ORDER BY n";
    sqlx::query(sql)
        .bind(facts.iter().map(|_| Uuid::now_v7()).collect::<Vec<_>>())
        .bind(facts.iter().map(|fact| fact.order).collect::<Vec<_>>())
        .bind(facts.iter().map(|fact| fact.before as i64 + 1).collect::<Vec<_>>())
        .bind(facts.iter().map(Fact::event_type).collect::<Vec<_>>())
        .bind(ORDER)
        .bind(Utc::now())
        .bind(facts.iter().map(Fact::payload).collect::<Vec<_>>())
        .execute(conn)
        .await
        .unwrap();
}

/// Status, number and sum of the orders in `table`.
pub async fn summary(pool: &PgPool, table: &str) -> Vec<(String, i64, f64)> {
    let sql = AssertSqlSafe(format!("SELECT status, count(*), sum(total_amount) FROM {table} GROUP BY status"));
    sqlx::query_as(sql).fetch_all(pool).await.unwrap()
}
