//! A rolling deployment to the version with slices: the statements of version 10, as they were, before and after the
//! migration.

use eventsource::event::{Slice, SliceRange};
use eventsource::postgres::PostgresDatabase;
use eventsource::projection::Claim;
use eventsource::sqlite::SqliteDatabase;
use eventsource::sqlx::{self, AssertSqlSafe, Connection as _, Row as _};
use eventsource_tests::SCHEMA_VERSION;
use eventsource_tests::postgres::Schema;
use uuid::Uuid;

use crate::world::*;

macro_rules! migrations {
    ($database:literal) => {
        [
            migrations!($database, "0001_events_and_checkpoints"),
            migrations!($database, "0002_dead_letters_leases_snapshots"),
            migrations!($database, "0003_log_identity"),
            migrations!($database, "0004_read_models"),
            migrations!($database, "0007_projection_states"),
            migrations!($database, "0008_letters_by_key"),
            migrations!($database, "0009_aggregate_snapshots"),
            migrations!($database, "0010_checksums"),
        ]
    };
    ($database:literal, $file:literal) => {
        (
            $file,
            include_str!(concat!("../../../eventsource/src/backend/", $database, "/store/migrations/", $file, ".sql")),
        )
    };
}

/// Returns the rows of the table of versions.
fn versions(schema: &str, migrations: &[(&str, &str)]) -> String {
    let rows = migrations.iter().map(|(file, _)| {
        let (number, name) = file.split_once('_').unwrap();
        format!("({}, '{name}')", number.parse::<i64>().unwrap())
    });
    let rows: Vec<_> = rows.collect();
    format!("INSERT INTO {schema}eventsource_schema (version, name) VALUES {}", rows.join(", "))
}

/// Checks what the old statements have left, through the new stores, and that both versions go on. `step` moves the
/// checkpoint `old` with an epoch by the old statement, and returns how many rows it has changed.
async fn check<C: CheckpointStore>(
    store: &impl EventStore,
    checkpoints: &C,
    step: impl AsyncFn(i64) -> u64,
    claim: impl AsyncFn() -> u64,
) {
    let page = store.read_log(Position::START, &EventFilter::all(), PageLimit::events(10)).await.unwrap();
    assert_eq!(page.events.len(), 2, "the old process has appended before and after the migration");
    for event in &page.events {
        assert_eq!(event.slice(), Slice::of_stream(event.stream()), "computed, because it is not stored");
    }
    assert_eq!(bump(store, [1]).await, Position::new(3));
    let old = checkpoints.load("old").await.unwrap().unwrap();
    assert_eq!((old.position, old.epoch, old.slices), (Position::new(2), 2, SliceRange::ALL));
    assert_eq!(checkpoints.list().await.unwrap(), [old], "the next generation was reset");

    // The new process takes over, which fences the old one, and the old one takes over again.
    let new = checkpoints.claim(&Claim::new("old", "old v1", Position::START)).await.unwrap();
    assert_eq!((new.epoch, step(2).await), (3, 0));
    assert_eq!(claim().await, 1);
    assert_eq!(step(4).await, 1);
    let old = checkpoints.load("old").await.unwrap().unwrap();
    assert_eq!((old.position, old.epoch, old.slices), (Position::new(3), 4, SliceRange::ALL));

    // The old statements do not touch the parts of another subscription.
    let half = SliceRange::new(0, 511).unwrap();
    let part = checkpoints.claim(&Claim::new("parted", "parted v1", Position::START).slices(half)).await.unwrap();
    assert_eq!(claim().await, 1);
    assert_eq!(checkpoints.load_slices("parted", half).await.unwrap(), Some(part));
}

const SQLITE_APPEND: &str = "INSERT INTO eventsource_events (position, event_id, aggregate_type, aggregate_id, version, \
     event_type, schema_version, occurred_at, recorded_at, tenant, metadata, payload) SELECT \
     (SELECT max(coalesce((SELECT max(position) FROM eventsource_events), 0), (SELECT deleted_to FROM eventsource_log))) \
     + 1, ?1, ?2, ?3, ?4 + 1, ?5, ?6, ?7, ?8, ?9, ?10, \
     ?11 WHERE ?4 = coalesce((SELECT max(version) FROM eventsource_events \
         WHERE aggregate_type = ?2 AND aggregate_id = ?3), 0) \
     AND coalesce((SELECT recorded_at FROM eventsource_events ORDER BY position DESC LIMIT 1), 0) \
         NOT BETWEEN ?8 + 1 AND ?8 + 5000000";
const SQLITE_CLAIM: &str = "INSERT INTO eventsource_checkpoints AS mine \
     (name, position, epoch, fingerprint, updated_at, owner, leased_until, log_id) VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6, ?7) \
     ON CONFLICT (name) DO UPDATE SET position = coalesce(mine.position, excluded.position), epoch = mine.epoch + 1, \
     fingerprint = excluded.fingerprint, updated_at = excluded.updated_at, owner = excluded.owner, \
     leased_until = excluded.leased_until, \
     log_id = CASE WHEN mine.position IS NULL THEN excluded.log_id ELSE coalesce(mine.log_id, excluded.log_id) END, \
     event_position = CASE WHEN mine.position IS NOT NULL THEN mine.event_position END \
     WHERE (excluded.owner IS NULL OR mine.leased_until IS NULL OR mine.owner = excluded.owner \
     OR (mine.epoch = ?8 AND mine.leased_until = ?9)) \
     AND (NOT ?10 OR mine.position IS NULL OR mine.fingerprint = excluded.fingerprint)";
const SQLITE_ADVANCE: &str = "UPDATE eventsource_checkpoints SET position = ?1, updated_at = ?2, \
     rebuild_to = CASE WHEN rebuild_to > ?1 THEN rebuild_to END, leased_until = coalesce(?6, leased_until), \
     event_position = coalesce(?7, event_position), event_id = coalesce(?8, event_id) \
     WHERE name = ?3 AND position = ?4 AND epoch = ?5";
const SQLITE_RENEW: &str =
    "UPDATE eventsource_checkpoints SET leased_until = ?1 WHERE name = ?2 AND epoch = ?3 AND position IS NOT NULL";
const SQLITE_CLEAR: &str = "UPDATE eventsource_checkpoints SET position = NULL, epoch = epoch + 1, updated_at = ?2, \
     rebuild_to = ?3, leased_until = NULL, log_id = NULL, event_position = NULL, event_id = NULL \
     WHERE name = ?1 AND (?4 IS NULL OR (epoch = ?4 AND position IS NOT NULL))";
const SQLITE_SWITCH: &str = "INSERT INTO eventsource_checkpoints AS live \
     (name, position, epoch, fingerprint, updated_at, rebuild_to, log_id, event_position, event_id) \
     SELECT ?1, position, 1, fingerprint, ?3, rebuild_to, log_id, event_position, event_id FROM eventsource_checkpoints WHERE name = ?2 \
     ON CONFLICT (name) DO UPDATE SET position = excluded.position, epoch = live.epoch + 1, \
     fingerprint = excluded.fingerprint, updated_at = excluded.updated_at, rebuild_to = excluded.rebuild_to, \
     owner = NULL, leased_until = NULL, \
     log_id = excluded.log_id, event_position = excluded.event_position, event_id = excluded.event_id";

async fn sqlite_claim(old: &mut sqlx::SqliteConnection, name: &str) -> u64 {
    let query = sqlx::query(SQLITE_CLAIM).bind(name).bind(0).bind("old v1").bind(0).bind("old-host").bind(i64::MAX);
    let query = query.bind(None::<Uuid>).bind(None::<i64>).bind(None::<i64>).bind(false);
    query.execute(old).await.unwrap().rows_affected()
}

async fn sqlite_step(old: &mut sqlx::SqliteConnection, from: i64, epoch: i64) -> u64 {
    let query = sqlx::query(SQLITE_ADVANCE).bind(from + 1).bind(0).bind("old").bind(from).bind(epoch);
    let query = query.bind(None::<i64>).bind(None::<i64>).bind(None::<Uuid>);
    query.execute(old).await.unwrap().rows_affected()
}

/// One round of an old process.
async fn sqlite_round(old: &mut sqlx::SqliteConnection, round: i64) {
    let append = sqlx::query(SQLITE_APPEND).bind(Uuid::now_v7()).bind("Counter").bind(Uuid::now_v7()).bind(0_i64);
    let append = append.bind("Bumped").bind(1).bind(0_i64).bind(round).bind(None::<String>).bind(None::<String>);
    assert_eq!(append.bind(r#"{"by":1}"#).execute(&mut *old).await.unwrap().rows_affected(), 1);
    assert_eq!(sqlite_claim(old, "old").await, 1);
    assert_eq!(sqlite_step(old, round - 1, round).await, 1);
    let renew = sqlx::query(SQLITE_RENEW).bind(None::<i64>).bind("old").bind(round);
    assert_eq!(renew.execute(&mut *old).await.unwrap().rows_affected(), 1);
    assert_eq!(sqlite_claim(old, "old~next").await, 1);
    let switch = sqlx::query(SQLITE_SWITCH).bind("elsewhere").bind("old").bind(0);
    assert_eq!(switch.execute(&mut *old).await.unwrap().rows_affected(), 1);
    for name in ["old~next", "elsewhere"] {
        let clear = sqlx::query(SQLITE_CLEAR).bind(name).bind(0).bind(None::<i64>).bind(None::<i64>);
        assert_eq!(clear.execute(&mut *old).await.unwrap().rows_affected(), 1);
    }
}

#[tokio::test]
async fn sqlite_process_of_version_10_goes_on_after_the_migration_to_slices() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("world.db");
    let mut old = sqlx::SqliteConnection::connect(&format!("sqlite://{}?mode=rwc", file.display())).await.unwrap();
    let table = "PRAGMA journal_mode = WAL; CREATE TABLE eventsource_schema \
         (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL DEFAULT 0) STRICT";
    let migrations = migrations!("sqlite");
    let versions = versions("", &migrations);
    for sql in [table].into_iter().chain(migrations.iter().map(|(_, sql)| *sql)).chain([&*versions]) {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut old).await.unwrap();
    }
    sqlite_round(&mut old, 1).await;
    let db = SqliteDatabase::open(&file).await.unwrap();
    let version: i64 =
        sqlx::query_scalar("SELECT max(version) FROM eventsource_schema").fetch_one(db.pool()).await.unwrap();
    assert_eq!(version, SCHEMA_VERSION);
    sqlite_round(&mut old, 2).await;
    let old = tokio::sync::Mutex::new(old);
    let step = async |epoch| sqlite_step(&mut *old.lock().await, 2, epoch).await;
    let claim = async || sqlite_claim(&mut *old.lock().await, "old").await;
    check(&db.event_store(), &db.checkpoints(), step, claim).await;
}

const POSTGRES_APPEND: &str = "INSERT INTO {schema}.eventsource_events (event_id, aggregate_type, aggregate_id, version, \
     event_type, schema_version, occurred_at, recorded_at, tenant, metadata, payload) \
     SELECT $6, aggregate_type, aggregate_id, version + 1, $7, $8, $9, \
     (SELECT CASE WHEN last.at > clock.at AND last.at <= clock.at + interval '5 seconds' THEN last.at \
             ELSE clock.at END \
         FROM (SELECT least($1, clock_timestamp()) AS at) AS clock, (SELECT (SELECT recorded_at \
             FROM {schema}.eventsource_events ORDER BY position DESC LIMIT 1) AS at) AS last), \
     $10, $11::text::json, $12 FROM (SELECT wanted.*, coalesce((SELECT max(own.version) FROM {schema}.eventsource_events AS own \
         WHERE own.aggregate_type = wanted.aggregate_type AND own.aggregate_id = wanted.aggregate_id), 0) AS version \
     FROM (SELECT $2::text AS aggregate_type, $3::uuid AS aggregate_id) AS wanted OFFSET 0) AS wanted \
     WHERE version BETWEEN $4 AND $5 RETURNING version, position, recorded_at";
const POSTGRES_CLAIM: &str = "INSERT INTO {schema}.eventsource_checkpoints AS mine \
     (name, position, epoch, fingerprint, updated_at, owner, leased_until, log_id) \
     VALUES ($1, $2, 1, $3, $4, $5, clock_timestamp() + $6 * interval '1 microsecond', $7) \
     ON CONFLICT (name) DO UPDATE SET position = coalesce(mine.position, excluded.position), epoch = mine.epoch + 1, \
     fingerprint = excluded.fingerprint, updated_at = excluded.updated_at, owner = excluded.owner, \
     leased_until = excluded.leased_until, \
     log_id = CASE WHEN mine.position IS NULL THEN excluded.log_id ELSE coalesce(mine.log_id, excluded.log_id) END, \
     event_position = CASE WHEN mine.position IS NOT NULL THEN mine.event_position END \
     WHERE (excluded.owner IS NULL OR mine.leased_until IS NULL OR mine.leased_until <= clock_timestamp() \
     OR mine.owner = excluded.owner) \
     AND (NOT $8 OR mine.position IS NULL OR mine.fingerprint = excluded.fingerprint) RETURNING \
     name, position, epoch, fingerprint, updated_at, rebuild_to, log_id, event_position, event_id";
const POSTGRES_ADVANCE: &str = "UPDATE {schema}.eventsource_checkpoints SET position = $1, updated_at = $2, \
     rebuild_to = CASE WHEN rebuild_to > $1 THEN rebuild_to END, \
     leased_until = coalesce(clock_timestamp() + $6 * interval '1 microsecond', leased_until), \
     event_position = coalesce($7, event_position), event_id = coalesce($8, event_id) \
     WHERE name = $3 AND position = $4 AND epoch = $5";
const POSTGRES_RENEW: &str = "UPDATE {schema}.eventsource_checkpoints \
     SET leased_until = clock_timestamp() + $1 * interval '1 microsecond' \
     WHERE name = $2 AND epoch = $3 AND position IS NOT NULL";
const POSTGRES_CLEAR: &str = "UPDATE {schema}.eventsource_checkpoints SET position = NULL, epoch = epoch + 1, \
     updated_at = $2, rebuild_to = $3, leased_until = NULL, log_id = NULL, event_position = NULL, event_id = NULL \
     WHERE name = $1 AND ($4::bigint IS NULL OR (epoch = $4 AND position IS NOT NULL))";
const POSTGRES_SWITCH: &str = "INSERT INTO {schema}.eventsource_checkpoints AS live \
     (name, position, epoch, fingerprint, updated_at, rebuild_to, log_id, event_position, event_id) \
     SELECT $1, position, 1, fingerprint, $3, rebuild_to, log_id, event_position, event_id FROM {schema}.eventsource_checkpoints WHERE name = $2 \
     ON CONFLICT (name) DO UPDATE SET position = excluded.position, epoch = live.epoch + 1, \
     fingerprint = excluded.fingerprint, updated_at = excluded.updated_at, rebuild_to = excluded.rebuild_to, \
     owner = NULL, leased_until = NULL, \
     log_id = excluded.log_id, event_position = excluded.event_position, event_id = excluded.event_id";
const POSTGRES_LIST: &str = "SELECT name, position, epoch, fingerprint, updated_at, rebuild_to, log_id, event_position, \
     event_id FROM {schema}.eventsource_checkpoints WHERE position IS NOT NULL ORDER BY name";

/// A page of the log, as it is read without event types.
const POSTGRES_READ: &str = "SELECT position, event_id, aggregate_type, aggregate_id, version, event_type, schema_version, \
     occurred_at, recorded_at, CASE WHEN octet_length(metadata::text) <= $4 THEN metadata::text END, \
     CASE WHEN octet_length(payload) <= $4 THEN payload END, \
     CASE WHEN octet_length(payload) > $4 OR octet_length(metadata::text) > $4 \
     THEN octet_length(payload) + coalesce(octet_length(metadata::text), 0) END \
     FROM ((SELECT * FROM {schema}.eventsource_events WHERE position > $1 AND position <= $2 ORDER BY position LIMIT $3)) \
     AS log ORDER BY position LIMIT $3";

/// An old process, whose statements stay prepared over the migration.
struct OldPostgres {
    conn: sqlx::PgConnection,
    schema: String,
}

impl OldPostgres {
    fn sql(&self, sql: &str) -> AssertSqlSafe<String> {
        AssertSqlSafe(sql.replace("{schema}", &self.schema))
    }

    async fn claim(&mut self, name: &str) -> u64 {
        let now = eventsource::event::now();
        let query = sqlx::query(self.sql(POSTGRES_CLAIM)).bind(name).bind(0_i64).bind("old v1").bind(now);
        let query = query.bind("old-host").bind(None::<i64>).bind(None::<Uuid>).bind(false);
        query.fetch_all(&mut self.conn).await.unwrap().len() as u64
    }

    async fn step(&mut self, from: i64, epoch: i64) -> u64 {
        let now = eventsource::event::now();
        let query = sqlx::query(self.sql(POSTGRES_ADVANCE)).bind(from + 1).bind(now).bind("old").bind(from).bind(epoch);
        let query = query.bind(None::<i64>).bind(None::<i64>).bind(None::<Uuid>);
        query.execute(&mut self.conn).await.unwrap().rows_affected()
    }

    async fn round(&mut self, round: i64) {
        let now = eventsource::event::now();
        let append = sqlx::query(self.sql(POSTGRES_APPEND)).bind(now).bind("Counter").bind(Uuid::now_v7());
        let append = append.bind(0_i64).bind(0_i64).bind(Uuid::now_v7()).bind("Bumped").bind(1_i64).bind(now);
        let append = append.bind(None::<String>).bind(None::<String>).bind(r#"{"by":1}"#);
        assert_eq!(append.fetch_all(&mut self.conn).await.unwrap().len(), 1);
        let read = sqlx::query(self.sql(POSTGRES_READ)).bind(0_i64).bind(i64::MAX).bind(100_i64).bind(8_192_i32);
        assert_eq!(read.fetch_all(&mut self.conn).await.unwrap().len() as i64, round);
        assert_eq!(self.claim("old").await, 1);
        assert_eq!(self.step(round - 1, round).await, 1);
        let renew = sqlx::query(self.sql(POSTGRES_RENEW)).bind(None::<i64>).bind("old").bind(round);
        assert_eq!(renew.execute(&mut self.conn).await.unwrap().rows_affected(), 1);
        assert_eq!(self.claim("old~next").await, 1);
        let switch = sqlx::query(self.sql(POSTGRES_SWITCH)).bind("elsewhere").bind("old").bind(now);
        assert_eq!(switch.execute(&mut self.conn).await.unwrap().rows_affected(), 1);
        for name in ["old~next", "elsewhere"] {
            let clear = sqlx::query(self.sql(POSTGRES_CLEAR)).bind(name).bind(now).bind(None::<i64>).bind(None::<i64>);
            assert_eq!(clear.execute(&mut self.conn).await.unwrap().rows_affected(), 1);
        }
        let listed = sqlx::query(self.sql(POSTGRES_LIST)).fetch_all(&mut self.conn).await.unwrap();
        let names: Vec<String> = listed.iter().map(|row| row.get("name")).collect();
        assert_eq!(names, ["old"]);
    }
}

#[tokio::test]
async fn postgres_process_of_version_10_goes_on_after_the_migration_to_slices() {
    let schema = Schema::unmade();
    let mut old = OldPostgres { conn: schema.connect().await, schema: schema.name().to_owned() };
    let table = "CREATE SCHEMA IF NOT EXISTS {schema}; CREATE TABLE {schema}.eventsource_schema \
         (version bigint PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())";
    let migrations = migrations!("postgres");
    let versions = versions("{schema}.", &migrations);
    for sql in [table].into_iter().chain(migrations.iter().map(|(_, sql)| *sql)).chain([&*versions]) {
        let sql = old.sql(sql);
        sqlx::raw_sql(sql).execute(&mut old.conn).await.unwrap();
    }
    old.round(1).await;
    let db = PostgresDatabase::open_with(schema.options()).await.unwrap();
    old.round(2).await;
    let old = tokio::sync::Mutex::new(old);
    let step = async |epoch| old.lock().await.step(2, epoch).await;
    let claim = async || old.lock().await.claim("old").await;
    check(&db.event_store(), &db.checkpoints(), step, claim).await;
}
