//! What is particular to PostgreSQL: its own types and collations, outages, the pooler.

use eventsource::causes;
use eventsource::prelude::*;
use eventsource::projection::{CommitError, Inject as _, RawConnection};
use eventsource::read_model::ReadModel;
use eventsource::sqlx::{self, PgConnection};
use eventsource_tests::postgres::Pooler;
use eventsource_tests::postgres::Schema;

use crate::projection::{ActivityRow, CounterRow, Counters, bump, config};
use crate::world::{Database as _, Item, Postgres, World as _, id, item};

/// A table that another program created, whose types are not quite the model's.
#[derive(Debug, Clone, PartialEq, ReadModel)]
struct Price {
    #[read_model(id)]
    key: String,
    price: eventsource::read_model::Decimal,
    data: serde_json::Value,
    day: Option<chrono::NaiveDate>,
}

const FRAMEWORK: &str = "version bigint NOT NULL, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, \
                         deleted_at timestamptz";

#[tokio::test]
async fn a_type_that_loses_something_is_refused() {
    let world = Postgres::new().await;
    let table = "CREATE TABLE {schema}price (key text NOT NULL, price numeric(10, 2) NOT NULL, data jsonb NOT NULL, \
                 day timestamp, ";
    world.run(&format!("{table}{FRAMEWORK}, PRIMARY KEY (key, version))")).await.unwrap();
    let error = world.rows::<Price>().find(Query::all()).await.unwrap_err();
    let ReadModelError::Mismatch { differences, .. } = &error else { panic!("{error}") };
    let expected = [
        "the column `key` is text COLLATE \"default\", not text COLLATE \"C\"",
        "the column `price` is numeric(10,2), not numeric",
        "the column `data` is jsonb, not json",
        "the column `day` is timestamp without time zone, not date",
        "the column `version` is in the primary key",
    ];
    assert_eq!(differences[..], expected);
}

#[tokio::test]
async fn foreign_rows_are_an_error_and_no_panic() {
    let world = Postgres::new().await;
    world.create::<Price>().await;
    let cases = [
        ("'NaN', '1', NULL, 1, now()", "the column `price`: \"NaN\" is no decimal number"),
        ("1, '1', 'infinity', 1, now()", "the column `day`: 2147483647 days after 2000-01-01 is no day"),
        ("1, '1', '-infinity', 1, now()", "is no day"),
        ("1, '1', '5874897-12-31', 1, now()", "is no day"),
        ("1, '1', NULL, 1, 'infinity'", "the column `created_at`: 9223372036854775807 microseconds"),
        ("1, '1', NULL, 1, '-infinity'", "is out of range"),
        ("1, '1', NULL, 1, '290000-01-01'", "is out of range"),
        ("1, '1', NULL, -1, now()", "a row with the version -1"),
    ];
    for (values, expected) in cases {
        world.run("DELETE FROM {schema}price").await.unwrap();
        let columns = "key, price, data, day, version, created_at, updated_at";
        world.run(&format!("INSERT INTO {{schema}}price ({columns}) VALUES ('a', {values}, now())")).await.unwrap();
        let error = world.rows::<Price>().find(Query::all()).await.unwrap_err();
        assert!(matches!(error, ReadModelError::Corrupt { .. }), "{values}: {error}");
        assert!(error.to_string().contains(expected), "{values}: {error}");
    }
}

/// However many processes begin at once, and in whatever order; `IF NOT EXISTS` alone fails in some of these rounds.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_table_is_created_by_many_at_once() {
    let world = Postgres::new().await;
    for _ in 0..10 {
        world.run("DROP TABLE IF EXISTS {schema}items").await.unwrap();
        let creating: Vec<_> = (0..8)
            .map(|_| {
                let models = world.models();
                tokio::spawn(async move { models.create_table::<Item>().await })
            })
            .collect();
        for created in creating {
            created.await.unwrap().unwrap();
        }
    }
    world.check::<Item>().await.unwrap();
}

#[tokio::test]
async fn a_table_that_is_there_needs_no_right_to_create() {
    let (schema, _server) = Schema::of_a_superuser().await;
    let options = schema.options();
    let world = Postgres::on(schema, options).await;
    let role = format!("reader_{}", world.schema.name());
    let rights = format!(
        "CREATE ROLE {role}; GRANT USAGE ON SCHEMA {0} TO {role}; GRANT SELECT ON ALL TABLES IN SCHEMA {0} TO {role}",
        world.schema.name()
    );
    world.run(&rights).await.unwrap();
    let connect: sqlx::postgres::PgConnectOptions = world.schema.url().parse().unwrap();
    let connect = connect.options([("role", role.as_str())]);
    let options = eventsource::postgres::PostgresOptions::from_connect_options(connect);
    let db = eventsource::postgres::PostgresDatabase::open_with(options.schema(world.schema.name())).await.unwrap();
    let models = eventsource::postgres::PostgresReadModels::new(&db);
    models.create_table::<Item>().await.unwrap();
    models.create_table::<Price>().await.unwrap_err();
    db.close().await;
    world.run(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).await.unwrap();
}

/// The plan of a query in the order of a column is that of its index, also where the column may be null.
#[tokio::test]
async fn an_index_serves_the_order_of_a_query() {
    #[derive(Debug, Clone, PartialEq, ReadModel)]
    struct Sorted {
        #[read_model(id)]
        id: i64,
        #[read_model(index)]
        maybe: Option<i64>,
    }
    let world = Postgres::new().await;
    world.create::<Sorted>().await;
    let rows =
        "INSERT INTO {schema}sorted SELECT n, nullif(n % 1000, 7), 1, now(), now() FROM generate_series(1, 5000) n";
    world.run(&format!("{rows}; ANALYZE {{schema}}sorted")).await.unwrap();
    for order in ["own.\"maybe\" NULLS FIRST, own.\"id\"", "own.\"maybe\" DESC NULLS LAST, own.\"id\""] {
        let plan = format!("EXPLAIN SELECT * FROM {{schema}}sorted AS own ORDER BY {order} LIMIT 10");
        let plan: Vec<String> = sqlx::query_scalar(world.sql(&plan)).fetch_all(world.db.pool()).await.unwrap();
        assert!(plan.iter().any(|line| line.contains("sorted_maybe_idx")), "{plan:#?}");
    }
}

/// Rows are looked up by their ids, also where the plan was made for a table that had next to none: it is kept.
#[tokio::test]
async fn rows_are_looked_up_by_id_after_the_table_grew() {
    let world = Postgres::new().await;
    world.save((1..=5).map(|n| item(n, "a", 1))).await;
    let mut batch = world.batch().await;
    let items = Postgres::lend::<Item>(&mut batch.unit).await;
    assert_eq!(items.get_many((1..=900).map(id)).await.unwrap().len(), 5);
    let mut conn = PgConnection::inject(&mut batch.unit).await.unwrap();
    let scans = "SELECT seq_scan, idx_scan FROM pg_stat_xact_user_tables WHERE relid = '{schema}items'::regclass";
    let scans: (i64, i64) = sqlx::query_as(world.sql(scans)).fetch_one(&mut *conn).await.unwrap();
    assert!(matches!(scans, (0, 900..)), "{scans:?}");
}

#[tokio::test]
async fn an_outage_while_the_batch_is_written_is_no_refusal() {
    const fn is_raw<T: RawConnection>() {}
    is_raw::<PgConnection>();
    let world = Postgres::new().await;
    world.save([item(1, "a", 1)]).await;
    let mut batch = world.batch().await;
    let mut items = Postgres::lend::<Item>(&mut batch.unit).await;
    let mut conn = PgConnection::inject(&mut batch.unit).await.unwrap();
    let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut *conn).await.unwrap();
    drop(conn);
    items.save(item(1, "b", 1)).await.unwrap();
    world.run(&format!("SELECT pg_terminate_backend({pid}, 10000)")).await.unwrap();
    let error = batch.commit().await.unwrap_err();
    assert!(matches!(error, CommitError::Failed(_)), "{error:?}");
    assert_eq!(world.names().await, ["a"]);
    world.save([item(1, "b", 1)]).await;
}

/// What a handler has done to the transaction is told before what that has done to the repository.
#[tokio::test]
async fn a_transaction_that_a_handler_ended_or_failed_is_told_from_a_refusal() {
    let world = Postgres::new().await;
    for (sql, expected) in
        [("ROLLBACK", "ended the batch's transaction itself"), ("SELECT 1/0", "ignored a failed statement")]
    {
        let mut batch = world.batch().await;
        let mut conn = PgConnection::inject(&mut batch.unit).await.unwrap();
        let _ = sqlx::raw_sql(sql).execute(&mut *conn).await;
        drop(conn);
        let mut items = Postgres::lend::<Item>(&mut batch.unit).await;
        items.save(item(1, "a", 1)).await.unwrap();
        let error = batch.commit().await.unwrap_err();
        assert!(
            !matches!(error, CommitError::Failed(_)) && causes(&error).to_string().contains(expected),
            "{sql}: {error}"
        );
        assert!(world.names().await.is_empty());
    }
}

#[tokio::test]
async fn a_detached_unit_lends_no_repository() {
    let world = Postgres::new().await;
    let mut unit = world.checkpoints().detached();
    let error = Repository::<Item>::inject(&mut unit).await.err().unwrap();
    assert!(error.to_string().contains("only a transactional projection"), "{error}");
    unit.rollback().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn transaction_pooler_serves_all_operations() {
    let pooler = Pooler::start().await;
    let schema = Schema::migrated().await;
    let options = pooler.options(&schema);
    let world = Postgres::on(schema, options).await;
    world.create::<CounterRow>().await;
    world.create::<ActivityRow>().await;
    let store = world.store();
    let manager = SubscriptionManager::new(world.shared_store(), MemoryEventBus::new(), world.checkpoints());
    let handle = manager.subscribe(Counters, config(7)).await.unwrap();
    for round in 0..10 {
        bump(&*store, round % 3, &[1, 2, 3]).await;
    }
    for _ in 0..2 {
        manager.start().await.unwrap();
        handle.caught_up().await.unwrap();
        manager.stop().await.unwrap();
        let totals = world.rows::<CounterRow>().find(Query::all().order_by(CounterRow::TOTAL.desc())).await.unwrap();
        assert_eq!(totals.iter().map(|row| row.total).collect::<Vec<_>>(), [24, 18, 18]);
        assert_eq!(world.rows::<ActivityRow>().get("bump").await.unwrap().unwrap().times, 30);
        assert_eq!(world.rows::<CounterRow>().get_many([id(0), id(2)]).await.unwrap().len(), 2);
        handle.reset().await.unwrap();
        assert_eq!(world.rows::<CounterRow>().count(Query::all()).await.unwrap(), 0);
    }
    let left = "SELECT count(*) FROM pg_prepared_statements WHERE name <> ''";
    for _ in 0..4 {
        let row = sqlx::raw_sql(left).fetch_one(world.db.pool()).await.unwrap();
        let left: i64 = sqlx::Row::try_get(&row, 0).unwrap();
        assert_eq!(left, 0, "no session of the server's keeps a statement");
    }
}
