//! A rolling deployment: a process of the version before runs on after the migration, and what it has stored is adopted.

use eventsource::sqlite::SqliteDatabase;
use eventsource::sqlx::{self, AssertSqlSafe, Connection as _, Row as _};
use eventsource_tests::postgres::Schema;

use crate::world::*;

on_sql_backends!(
    checkpoint_without_a_log_is_adopted,
    checkpoint_without_a_log_is_refused_beyond_the_head,
    checkpoint_that_an_old_process_moved_is_compared_with_the_head,
);

const FORGET: &str = "UPDATE eventsource_checkpoints SET log_id = NULL, event_position = NULL, event_id = NULL";

async fn at_100<B: Lossy>(world: &B) -> (SubscriptionManager<B::Checkpoints>, SubscriptionHandle<BumpSums>)
where
    BumpSums: On<B>,
{
    bump(&world.store(), 0..100).await;
    let manager = world.manager();
    let handle = manager.subscribe(BumpSums, small()).await.unwrap();
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
    (manager, handle)
}

async fn checkpoint_without_a_log_is_adopted<B: Lossy + Sql>(world: B)
where
    BumpSums: On<B>,
{
    let (manager, handle) = at_100(&world).await;
    world.execute(FORGET).await;
    manager.start().await.unwrap();
    handle.wait_for(Position::new(100)).within(DEADLINE).await.unwrap();
    let log = world.store().log_id().await.unwrap();
    let claimed = world.checkpoints().load("bump-sums").await.unwrap().unwrap();
    assert_eq!(claimed.log, Some(log), "the claim adopts it");
    handle.wait_for(bump(&world.store(), [7]).await).within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
    let moved = world.checkpoints().load("bump-sums").await.unwrap().unwrap();
    assert_eq!(moved.mark, world.store().last_event(Position::new(101)).await.unwrap());
}

async fn checkpoint_without_a_log_is_refused_beyond_the_head<B: Lossy + Sql>(world: B)
where
    BumpSums: On<B>,
{
    let (manager, handle) = at_100(&world).await;
    world.execute(FORGET).await;
    world.restore_copy().await;
    manager.start().await.unwrap();
    let sentence = "the log has gone back from position 100 to 50: restore the read model too, or rebuild";
    assert_eq!(assert_lost(&manager, &handle).await, sentence);
}

/// An old process moves the position and leaves the event that it does not know of.
async fn checkpoint_that_an_old_process_moved_is_compared_with_the_head<B: Lossy + Sql>(world: B)
where
    BumpSums: On<B>,
{
    let (manager, handle) = at_100(&world).await;
    bump(&world.store(), 0..20).await;
    world.execute("UPDATE eventsource_checkpoints SET position = 120").await;
    manager.start().await.unwrap();
    handle.wait_for(Position::new(120)).within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
    world.execute("UPDATE eventsource_checkpoints SET position = 140").await;
    manager.start().await.unwrap();
    let sentence = "the log has gone back from position 140 to 120: restore the read model too, or rebuild";
    assert_eq!(assert_lost(&manager, &handle).await, sentence);
}

const SQLITE: [&str; 2] = [
    include_str!("../../../eventsource/src/backend/sqlite/store/migrations/0001_events_and_checkpoints.sql"),
    include_str!("../../../eventsource/src/backend/sqlite/store/migrations/0002_dead_letters_leases_snapshots.sql"),
];
const POSTGRES: [&str; 2] = [
    include_str!("../../../eventsource/src/backend/postgres/store/migrations/0001_events_and_checkpoints.sql"),
    include_str!("../../../eventsource/src/backend/postgres/store/migrations/0002_dead_letters_leases_snapshots.sql"),
];

/// The statements of version 2 as they were, for SQLite: append, claim, step, reset, switch.
const OLD_SQLITE: [&str; 6] = [
    "INSERT INTO eventsource_events (position, event_id, aggregate_type, aggregate_id, version, event_type, \
     schema_version, occurred_at, recorded_at, tenant, metadata, payload) \
     SELECT coalesce((SELECT max(position) FROM eventsource_events), 0) + 1, randomblob(16), 'Counter', randomblob(16), 1, \
     'Bumped', 1, 0, 0, NULL, NULL, '{\"by\":1}'",
    "INSERT INTO eventsource_checkpoints AS mine (name, position, epoch, fingerprint, updated_at, owner, leased_until) \
     VALUES ('old', 0, 1, 'old v1', 0, NULL, NULL) \
     ON CONFLICT (name) DO UPDATE SET position = coalesce(mine.position, excluded.position), epoch = mine.epoch + 1, \
     fingerprint = excluded.fingerprint, updated_at = excluded.updated_at, owner = excluded.owner, \
     leased_until = excluded.leased_until",
    "UPDATE eventsource_checkpoints SET position = position + 1, updated_at = 0, \
     rebuild_to = CASE WHEN rebuild_to > 1 THEN rebuild_to END, leased_until = coalesce(NULL, leased_until) \
     WHERE name = 'old' AND position >= 0",
    "UPDATE eventsource_checkpoints SET position = NULL, epoch = epoch + 1, updated_at = 0, rebuild_to = NULL, \
     leased_until = NULL WHERE name = 'old~next'",
    "INSERT INTO eventsource_checkpoints AS live (name, position, epoch, fingerprint, updated_at, rebuild_to) \
     SELECT 'new', position, 1, fingerprint, 0, rebuild_to FROM eventsource_checkpoints WHERE name = 'old' \
     ON CONFLICT (name) DO UPDATE SET position = excluded.position, epoch = live.epoch + 1, \
     fingerprint = excluded.fingerprint, updated_at = excluded.updated_at, rebuild_to = excluded.rebuild_to, \
     owner = NULL, leased_until = NULL",
    "SELECT name, position, epoch, fingerprint, updated_at, rebuild_to FROM eventsource_checkpoints WHERE name = 'old'",
];

#[tokio::test]
async fn sqlite_statements_of_the_version_before_work_after_the_migration() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("world.db");
    let mut old = sqlx::SqliteConnection::connect(&format!("sqlite://{}?mode=rwc", file.display())).await.unwrap();
    let versions = "PRAGMA journal_mode = WAL; CREATE TABLE eventsource_schema (version INTEGER PRIMARY KEY, \
         name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT; \
         INSERT INTO eventsource_schema VALUES (1, 'events_and_checkpoints', 0), (2, 'dead_letters_leases_snapshots', 0)";
    for sql in [versions].into_iter().chain(SQLITE) {
        sqlx::raw_sql(sql).execute(&mut old).await.unwrap();
    }
    for sql in OLD_SQLITE {
        sqlx::query(sql).execute(&mut old).await.unwrap();
    }
    let db = SqliteDatabase::open(&file).await.unwrap();
    let store = eventsource::sqlite::SqliteEventStore::new(&db);
    let checkpoints = eventsource::sqlite::SqliteCheckpoints::new(&db);
    for sql in OLD_SQLITE {
        sqlx::query(sql).execute(&mut old).await.unwrap();
    }
    assert_eq!(store.head().await.unwrap(), Position::new(2));
    assert_eq!(bump(&store, [1]).await, Position::new(3), "it goes on from what the old process has appended");
    let found = checkpoints.load("old").await.unwrap().unwrap();
    assert_eq!((found.position, found.epoch, found.log, found.mark), (Position::new(2), 2, None, None));
    let log = store.log_id().await.unwrap();
    let claim = eventsource::projection::Claim::new("old", "old v1", Position::START).in_log(log);
    assert_eq!(checkpoints.claim(&claim).await.unwrap().log, Some(log));
}

/// The same for PostgreSQL, and what reads the horizon.
const OLD_POSTGRES: [&str; 7] = [
    "INSERT INTO {schema}.eventsource_events (event_id, aggregate_type, aggregate_id, version, event_type, \
     schema_version, occurred_at, recorded_at, tenant, metadata, payload) \
     SELECT gen_random_uuid(), 'Counter', gen_random_uuid(), 1, 'Bumped', 1, now(), now(), NULL, NULL, '{\"by\":1}' \
     RETURNING version, position, recorded_at",
    "INSERT INTO {schema}.eventsource_checkpoints AS mine \
     (name, position, epoch, fingerprint, updated_at, owner, leased_until) \
     VALUES ('old', 0, 1, 'old v1', now(), NULL, NULL) \
     ON CONFLICT (name) DO UPDATE SET position = coalesce(mine.position, excluded.position), epoch = mine.epoch + 1, \
     fingerprint = excluded.fingerprint, updated_at = excluded.updated_at, owner = excluded.owner, \
     leased_until = excluded.leased_until RETURNING name, position, epoch, fingerprint, updated_at, rebuild_to",
    "UPDATE {schema}.eventsource_checkpoints SET position = position + 1, updated_at = now(), \
     rebuild_to = CASE WHEN rebuild_to > 1 THEN rebuild_to END WHERE name = 'old' AND position >= 0",
    "UPDATE {schema}.eventsource_checkpoints SET position = NULL, epoch = epoch + 1, updated_at = now(), \
     rebuild_to = NULL, leased_until = NULL WHERE name = 'old~next'",
    "INSERT INTO {schema}.eventsource_checkpoints AS live (name, position, epoch, fingerprint, updated_at, rebuild_to) \
     SELECT 'new', position, 1, fingerprint, now(), rebuild_to FROM {schema}.eventsource_checkpoints WHERE name = 'old' \
     ON CONFLICT (name) DO UPDATE SET position = excluded.position, epoch = live.epoch + 1, \
     fingerprint = excluded.fingerprint, updated_at = excluded.updated_at, rebuild_to = excluded.rebuild_to, \
     owner = NULL, leased_until = NULL",
    "SELECT name, position, epoch, fingerprint, updated_at, rebuild_to FROM {schema}.eventsource_checkpoints",
    "SELECT standby, drawn, held, head FROM {schema}.eventsource_horizon()",
];

#[tokio::test]
async fn postgres_statements_of_the_version_before_work_after_the_migration() {
    let schema = Schema::unmade();
    let mut old = schema.connect().await;
    let sql = |sql: &str| AssertSqlSafe(sql.replace("{schema}", schema.name()));
    let versions = "CREATE SCHEMA IF NOT EXISTS {schema}; CREATE TABLE {schema}.eventsource_schema \
         (version bigint PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now()); \
         INSERT INTO {schema}.eventsource_schema (version, name) \
         VALUES (1, 'events_and_checkpoints'), (2, 'dead_letters_leases_snapshots')";
    for statements in [versions].into_iter().chain(POSTGRES) {
        sqlx::raw_sql(sql(statements)).execute(&mut old).await.unwrap();
    }
    // Prepared by the old process before the migration, and executed after it.
    for round in 1..=2 {
        for statement in OLD_POSTGRES {
            let row = sqlx::query(sql(statement)).persistent(true).fetch_optional(&mut old).await.unwrap();
            if statement.contains("eventsource_horizon") {
                assert_eq!(row.unwrap().get::<Option<i64>, _>("head"), Some(round));
            }
        }
        schema.options().migrate().await.unwrap();
    }
    let db = eventsource::postgres::PostgresDatabase::open_with(schema.options()).await.unwrap();
    let store = eventsource::postgres::PostgresEventStore::new(&db);
    let checkpoints = eventsource::postgres::PostgresCheckpoints::new(&db);
    assert_eq!(bump(&store, [1]).await, Position::new(3), "it goes on from what the old process has appended");
    let found = checkpoints.load("old").await.unwrap().unwrap();
    assert_eq!((found.position, found.epoch, found.log, found.mark), (Position::new(2), 2, None, None));
    let log = store.log_id().await.unwrap();
    let claim = eventsource::projection::Claim::new("old", "old v1", Position::START).in_log(log);
    assert_eq!(checkpoints.claim(&claim).await.unwrap().log, Some(log));
}
