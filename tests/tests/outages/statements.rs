//! Statements that the server ends, plans that do not hold any more, backends that are terminated (PostgreSQL); tables that
//! change (both).

use std::time::Duration;

use eventsource::postgres::PostgresOptions;
use eventsource::prelude::*;
use eventsource::sqlx::postgres::PgConnectOptions;
use eventsource::sqlx::{self, AssertSqlSafe, Row as _};
use eventsource_tests::backend::{Backend, Postgres, Sql as _, Sqlite};
use eventsource_tests::domain::Bumped;
use eventsource_tests::postgres::Schema;
use eventsource_tests::wait::DEADLINE;

use crate::scripted::{PgScripted, Script, bump_apart, reason_with, strict};

/// A database with a table of rows, and the projection that writes them.
async fn postgres(setting: &[(&str, &str)]) -> (Postgres, PgScripted) {
    let schema = Schema::migrated().await;
    let connect: PgConnectOptions = schema.url().parse().unwrap();
    let connect = connect.options(setting.iter().copied());
    let options = PostgresOptions::from_connect_options(connect).schema(schema.name());
    on(schema, options).await
}

async fn on(schema: Schema, options: PostgresOptions) -> (Postgres, PgScripted) {
    let db = eventsource::postgres::PostgresDatabase::open_with(options).await.unwrap();
    let backend = Postgres { schema, db };
    backend.execute("CREATE TABLE rows (n bigserial, by bigint)").await;
    let insert = format!("INSERT INTO {}.rows (by) VALUES ($1)", backend.schema.name());
    (backend, PgScripted { script: Script::default(), insert })
}

async fn numbers(backend: &Postgres) -> String {
    backend.ask("SELECT coalesce(string_agg(by::text, ' ' ORDER BY n), '') FROM {schema}.rows").await
}

#[tokio::test]
async fn statement_timeout_of_one_event_is_named_and_makes_no_dead_letter() {
    let (backend, rows) = postgres(&[("statement_timeout", "300")]).await;
    rows.script.always(3, "SELECT pg_sleep(60)");
    let script = rows.script.clone();
    let last = bump_apart(&backend.store(), 1..=5).await;
    let manager = backend.manager();
    let handle = manager.subscribe(rows, strict()).await.unwrap();
    manager.start().await.unwrap();
    let reason = reason_with(&handle, &["position 3", "statement timeout", "2 times since", "answered other"]).await;
    assert!(reason.contains("event `Bumped`"), "{reason}");
    assert_eq!(numbers(&backend).await, "1 2", "what stands before it is kept");
    assert_eq!(handle.dead_letters().list().await.unwrap(), []);
    script.always(3, "SELECT 1");
    handle.wait_for(last).within(DEADLINE).await.unwrap();
    assert_eq!(numbers(&backend).await, "1 2 3 4 5");
    assert_eq!(handle.dead_letters().list().await.unwrap(), []);
}

#[tokio::test]
async fn outage_limit_makes_the_obstructed_event_alone_a_dead_letter() {
    let (backend, rows) = postgres(&[("statement_timeout", "200")]).await;
    rows.script.always(2, "SELECT pg_sleep(60)");
    let script = rows.script.clone();
    let last = bump_apart(&backend.store(), 1..=3).await;
    let manager = backend.manager();
    let config = strict().outage_limit(Duration::from_millis(500));
    let handle = manager.subscribe(rows, config).await.unwrap();
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    assert_eq!(numbers(&backend).await, "1 3");
    let letters = handle.dead_letters().list().await.unwrap();
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert!(letters[0].attempts >= 3 && letters[0].errors.join(" ").contains("outage_limit"), "{letters:?}");
    // A retry of the letter is under the same limit.
    let retried = handle.dead_letters().retry_all().await.unwrap();
    assert_eq!((retried.applied, retried.left.len()), (0, 1));
    script.always(2, "SELECT 1");
    assert_eq!(handle.dead_letters().retry_all().await.unwrap().applied, 1);
    assert_eq!((numbers(&backend).await.as_str(), last > Position::START), ("1 3 2", true));
}

#[tokio::test]
async fn statement_that_ends_its_own_backend_is_named() {
    let (backend, rows) = postgres(&[]).await;
    rows.script.always(2, "SELECT pg_terminate_backend(pg_backend_pid())");
    bump_apart(&backend.store(), 1..=3).await;
    let manager = backend.manager();
    let handle = manager.subscribe(rows, strict()).await.unwrap();
    manager.start().await.unwrap();
    reason_with(&handle, &["position 2", "terminating connection", "2 times since"]).await;
    assert_eq!(numbers(&backend).await, "1");
    assert_eq!(handle.dead_letters().list().await.unwrap(), []);
}

/// The whole batch is undone where the server refuses its commit: which event it was is found by parting it.
#[tokio::test]
async fn outage_at_the_commit_is_traced_to_its_event() {
    let (backend, rows) = postgres(&[]).await;
    backend
        .execute(
            "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF to_jsonb(NEW) ->> 'by' = '3' THEN \
             RAISE EXCEPTION 'canceled' USING ERRCODE = '57014'; END IF; RETURN NULL; END $$; \
             CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON rows DEFERRABLE INITIALLY DEFERRED FOR EACH ROW \
             EXECUTE FUNCTION slow()",
        )
        .await;
    bump_apart(&backend.store(), 1..=5).await;
    let manager = backend.manager();
    let handle = manager.subscribe(rows, strict().outage_limit(Duration::from_millis(200))).await.unwrap();
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    assert_eq!(numbers(&backend).await, "1 2 4 5");
    let letters = handle.dead_letters().list().await.unwrap();
    assert_eq!(letters.iter().map(|letter| letter.position.value()).collect::<Vec<_>>(), [3]);
}

/// Every code that says nothing about the event: met by each event once, none becomes a dead letter.
#[tokio::test]
async fn codes_of_outages_and_conflicts_make_no_dead_letter() {
    let codes = [
        "57014", "57P01", "57P02", "57P03", "57P05", "40001", "40P01", "40003", "55P03", "55006", "53000", "53100",
        "53200", "53300", "53400", "08000", "08001", "08003", "08006", "08P01", "26000", "42P05", "25P04", "28000",
        "28P01", "3D000", "58000", "58030", "XX001", "XX002",
    ];
    let (backend, rows) = postgres(&[]).await;
    for (by, code) in (1..).zip(codes) {
        rows.script.times(by, format!("DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{code}'; END $$;"), 1);
    }
    bump_apart(&backend.store(), 1..=codes.len() as u64).await;
    let manager = backend.manager();
    let handle = manager.subscribe(rows, strict()).await.unwrap();
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    assert_eq!(backend.ask("SELECT count(DISTINCT by) FROM {schema}.rows").await, codes.len().to_string());
    assert_eq!(handle.dead_letters().list().await.unwrap(), []);
}

/// Reads the latest price with `SELECT *` on the lent connection, and writes it next to the number.
#[derive(Debug)]
struct Priced(String);

#[projection(name = "priced")]
impl Priced {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Bumped, db: &mut sqlx::PgConnection) -> sqlx::Result<()> {
        let select = AssertSqlSafe(format!("SELECT * FROM {}.prices WHERE id = $1", self.0));
        let row = sqlx::query(select).bind(1_i64).fetch_one(&mut *db).await?;
        let price: i64 = row.try_get("price")?;
        let insert = AssertSqlSafe(format!("INSERT INTO {}.rows (by) VALUES ($1)", self.0));
        sqlx::query(insert).bind(event.by as i64 * price).execute(db).await.map(drop)
    }
}

#[tokio::test]
async fn stale_plan_after_alter_table_makes_no_dead_letter() {
    let (backend, _) = postgres(&[]).await;
    backend.execute("CREATE TABLE prices (id bigint, price bigint); INSERT INTO prices VALUES (1, 10)").await;
    let manager = backend.manager();
    let handle = manager.subscribe(Priced(backend.schema.name().to_owned()), strict()).await.unwrap();
    let other = strict().name("priced-too");
    let other = manager.subscribe(Priced(backend.schema.name().to_owned()), other).await.unwrap();
    manager.start().await.unwrap();
    let mut last = bump_apart(&backend.store(), [1]).await;
    for change in [
        "ALTER TABLE prices ADD COLUMN currency text",
        "ALTER TABLE prices DROP COLUMN currency",
        "ALTER TABLE prices ADD COLUMN tax int; ALTER TABLE prices ADD COLUMN note text",
    ] {
        handle.wait_for(last).within(DEADLINE).await.unwrap();
        other.wait_for(last).within(DEADLINE).await.unwrap();
        backend.execute(change).await;
        last = bump_apart(&backend.store(), 2..=11).await;
    }
    for handle in [&handle, &other] {
        handle.wait_for(last).within(DEADLINE).await.unwrap();
        assert_eq!(handle.dead_letters().list().await.unwrap(), []);
    }
    assert_eq!(backend.ask("SELECT count(*) FROM {schema}.rows").await, "62");
}

/// The same on SQLite, where the driver reads the row of a changed table wrongly by a statement that it kept.
#[derive(Debug)]
struct SqlitePriced;

#[projection(name = "priced")]
impl SqlitePriced {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Bumped, db: &mut sqlx::SqliteConnection) -> sqlx::Result<()> {
        let row = sqlx::query("SELECT * FROM prices WHERE id = ?").bind(1_i64).fetch_one(&mut *db).await?;
        let price: i64 = row.try_get("price")?;
        let tax: i64 = if event.by > 1 { row.try_get("tax")? } else { 0 };
        let insert = sqlx::query("INSERT INTO rows (by) VALUES (?)");
        insert.bind(event.by as i64 * (price + tax)).execute(db).await.map(drop)
    }
}

#[tokio::test]
async fn column_added_to_a_sqlite_table_is_seen_by_select_star() {
    let backend = Sqlite::open().await;
    backend.execute("CREATE TABLE rows (by); CREATE TABLE prices (id, price); INSERT INTO prices VALUES (1, 10)").await;
    let manager = backend.manager();
    let handle = manager.subscribe(SqlitePriced, strict()).await.unwrap();
    manager.start().await.unwrap();
    handle.wait_for(bump_apart(&backend.store(), [1]).await).within(DEADLINE).await.unwrap();
    backend.execute("ALTER TABLE prices ADD COLUMN tax INTEGER DEFAULT 2").await;
    handle.wait_for(bump_apart(&backend.store(), 2..=11).await).within(DEADLINE).await.unwrap();
    assert_eq!(handle.dead_letters().list().await.unwrap(), []);
    assert_eq!(backend.ask("SELECT sum(by) FROM rows").await, (10 + 65 * 12).to_string());
}
