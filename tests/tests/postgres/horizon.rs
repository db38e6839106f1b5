//! Nothing is skipped (no gaps): adversaries on connections of their own, and who holds the horizon back.

use std::collections::BTreeSet;
use std::time::Duration;

use eventsource::postgres::{PostgresEventStore, PostgresOptions};
use eventsource::prelude::*;
use eventsource::sqlx::postgres::PgConnectOptions;
use eventsource::sqlx::{self, Connection as _, PgConnection};
use eventsource::{AppendError, ReadStream};
use eventsource_tests::postgres::{Schema, Server};
use eventsource_tests::wait::eventually;
use uuid::Uuid;

use crate::steps::{append, append_in, order, placed, read, readable, store_is_free};
use crate::world::World;

#[tokio::test]
async fn an_append_held_open_holds_later_ones_back_and_then_both_come_in_order() {
    let world = World::new().await;
    let first = append(&world.store).await;
    let mut conn = world.schema.connect().await;
    let mut held = conn.begin().await.unwrap();
    let open = append_in(&world.store, &mut held).await;
    let later = append(&world.store).await;
    assert!(open < later);
    let naive: i64 = sqlx::query_scalar(world.sql("SELECT max(position) FROM {schema}.eventsource_events"))
        .fetch_one(world.db.pool())
        .await
        .unwrap();
    assert_eq!(naive as u64, later.value(), "a naive reader goes on to here, past the open one");
    assert_eq!(read(&world.store, Position::START).await, (vec![first], first));
    assert_eq!(world.store.head().await.unwrap(), first);
    assert_eq!(world.store.backlog(Position::START, u64::MAX).await.unwrap().events, 1);
    assert_eq!(world.store.backlog(first, u64::MAX).await.unwrap().events, 0);
    // The stream itself is read as it is.
    let streams =
        world.store.read_log(first, &EventFilter::types(["OrderPlaced"]), PageLimit::events(10)).await.unwrap();
    assert!(streams.events.is_empty());
    held.commit().await.unwrap();
    assert_eq!(readable(&world.store).await, [first, open, later]);
    assert_eq!(world.store.backlog(Position::START, u64::MAX).await.unwrap().events, 3);
}

#[tokio::test]
async fn log_read_backwards_ends_before_an_append_held_open() {
    let world = World::new().await;
    let first = append(&world.store).await;
    let mut conn = world.schema.connect().await;
    let mut held = conn.begin().await.unwrap();
    let open = append_in(&world.store, &mut held).await;
    let later = append(&world.store).await;
    let back = async |before: Option<Position>| {
        let page = world.store.read_log_back(before, &EventFilter::all(), PageLimit::events(10)).await.unwrap();
        page.events.iter().map(|event| event.position()).collect::<Vec<_>>()
    };
    assert_eq!(back(None).await, [first]);
    assert_eq!(back(Some(Position::new(later.value() + 1))).await, [first]);
    held.commit().await.unwrap();
    assert_eq!(back(None).await, [later, open, first]);
    assert_eq!(back(Some(later)).await, [open, first]);
}

#[tokio::test]
async fn an_aborted_append_holds_nothing_up() {
    let world = World::new().await;
    for end in ["rollback", "drop", "terminate"] {
        let head = world.store.head().await.unwrap();
        let mut conn = world.schema.connect().await;
        let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut conn).await.unwrap();
        sqlx::raw_sql("BEGIN").execute(&mut conn).await.unwrap();
        append_in(&world.store, &mut conn).await;
        let later = append(&world.store).await;
        assert_eq!(world.store.head().await.unwrap(), head, "{end}");
        match end {
            "rollback" => drop(sqlx::raw_sql("ROLLBACK").execute(&mut conn).await.unwrap()),
            "drop" => drop(conn),
            _ => drop(sqlx::query("SELECT pg_terminate_backend($1)").bind(pid).execute(world.db.pool()).await.unwrap()),
        }
        let store = &world.store;
        eventually("the log goes on", || async move { store.head().await.unwrap() == later }).await;
        assert!(store_is_free(&world).await);
    }
    assert_eq!(readable(&world.store).await.len(), 3);
}

#[tokio::test]
async fn a_transaction_that_writes_first_and_appends_last_holds_back_only_from_then_on() {
    let world = World::new().await;
    let mut conn = world.schema.connect().await;
    let mut tx = conn.begin().await.unwrap();
    world.run(&mut tx, "INSERT INTO {schema}.bumps (position, by) VALUES (1, 1)").await.unwrap();
    // Its xid is older than that of all of these.
    let before: Vec<_> = [append(&world.store).await, append(&world.store).await].into();
    assert_eq!(readable(&world.store).await, before, "it has not appended yet, and holds nothing back");
    let last = append_in(&world.store, &mut tx).await;
    let after = append(&world.store).await;
    assert_eq!(read(&world.store, before[1]).await, (vec![], before[1]));
    tx.commit().await.unwrap();
    assert_eq!(read(&world.store, before[1]).await, (vec![last, after], after));
    assert_eq!(world.numbers().await, [1], "what else it wrote came with it");
}

#[tokio::test]
async fn a_users_writes_and_its_append_vanish_together() {
    let world = World::new().await;
    let mut conn = world.schema.connect().await;
    let mut tx = conn.begin().await.unwrap();
    world.run(&mut tx, "INSERT INTO {schema}.bumps (position, by) VALUES (1, 1)").await.unwrap();
    append_in(&world.store, &mut tx).await;
    tx.rollback().await.unwrap();
    assert_eq!((world.numbers().await, readable(&world.store).await), (vec![], vec![]));
    // Outside a transaction it is refused, and a refused append leaves the transaction usable.
    let refused = world.store.append_in(&mut conn, &order(), ExpectedVersion::Any, placed(1)).await.unwrap_err();
    let refused = HandlerError::from(refused).to_string();
    assert!(refused.contains("has no transaction open"), "{refused}");
    let stream = order();
    let mut tx = conn.begin().await.unwrap();
    let events = placed(2);
    world.store.append_in(&mut tx, &stream, ExpectedVersion::NoStream, events.clone()).await.unwrap();
    let conflict = world.store.append_in(&mut tx, &stream, ExpectedVersion::NoStream, placed(1)).await.unwrap_err();
    assert!(matches!(conflict, AppendError::Conflict { actual: 2, .. }), "{conflict}");
    let twice = world.store.append_in(&mut tx, &order(), ExpectedVersion::Any, events).await.unwrap_err();
    assert!(matches!(twice, AppendError::DuplicateEvent { .. }), "{twice}");
    world.run(&mut tx, "INSERT INTO {schema}.bumps (position, by) VALUES (1, 1)").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(world.store.read_stream(&stream, ReadStream::forward()).await.unwrap().len(), 2);
    assert_eq!((world.numbers().await, readable(&world.store).await.len()), (vec![1], 2));
}

#[tokio::test]
async fn an_append_rolled_back_to_a_savepoint_and_repeated_takes_its_lock_again() {
    let world = World::new().await;
    let mut conn = world.schema.connect().await;
    let mut tx = conn.begin().await.unwrap();
    sqlx::raw_sql("SAVEPOINT mine").execute(&mut *tx).await.unwrap();
    append_in(&world.store, &mut tx).await;
    assert!(!store_is_free(&world).await);
    sqlx::raw_sql("ROLLBACK TO SAVEPOINT mine").execute(&mut *tx).await.unwrap();
    assert!(store_is_free(&world).await, "the rollback lets go of the lock");
    let between = append(&world.store).await;
    assert_eq!(readable(&world.store).await, [between]);
    let again = append_in(&world.store, &mut tx).await;
    let later = append(&world.store).await;
    assert_eq!(readable(&world.store).await, [between], "the repeated append holds back what comes after it");
    tx.commit().await.unwrap();
    assert_eq!(readable(&world.store).await, [between, again, later]);
}

#[tokio::test]
async fn many_appends_in_one_transaction_take_one_lock() {
    let world = World::new().await;
    let mut conn = world.schema.connect().await;
    let mut tx = conn.begin().await.unwrap();
    for _ in 0..50 {
        append_in(&world.store, &mut tx).await;
    }
    let locks: i64 =
        sqlx::query_scalar("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
            .fetch_one(&mut *tx)
            .await
            .unwrap();
    assert_eq!(locks, 1);
    append(&world.store).await;
    assert!(readable(&world.store).await.is_empty());
    tx.commit().await.unwrap();
    assert_eq!(readable(&world.store).await.len(), 51);
}

#[tokio::test]
async fn advisory_key_holds_every_position() {
    let world = World::new().await;
    let mut conn = world.schema.connect().await;
    let most = (1_i64 << 48) - 1;
    let sql = "SELECT (max_value, cache_size) = (281474976710655, 1) FROM pg_sequences \
               WHERE schemaname = '{schema}' AND sequencename = 'eventsource_positions'";
    let bounded: bool = sqlx::query_scalar(world.sql(sql)).fetch_one(&mut conn).await.unwrap();
    assert!(bounded, "no position is drawn ahead of its transaction, and none that the key of a lock cannot carry");
    for at in [(1 << 31) - 2, (1 << 32) - 2, (1 << 40) + 5, most - 3] {
        world.run(&mut conn, &format!("SELECT setval('{{schema}}.eventsource_positions', {at})")).await.unwrap();
        let before = world.store.head().await.unwrap();
        sqlx::raw_sql("BEGIN").execute(&mut conn).await.unwrap();
        let open = append_in(&world.store, &mut conn).await;
        let later = append(&world.store).await;
        assert_eq!((open.value(), later.value()), (at as u64 + 1, at as u64 + 2));
        assert_eq!(read(&world.store, before).await, (vec![], before), "{at}");
        assert_eq!(world.store.horizon_holders().await.unwrap()[0].after.value(), at as u64);
        sqlx::raw_sql("COMMIT").execute(&mut conn).await.unwrap();
        assert_eq!(read(&world.store, before).await, (vec![open, later], later), "{at}");
    }
    append(&world.store).await;
    let full = world.store.append(&order(), ExpectedVersion::Any, placed(1)).await.unwrap_err();
    let full = HandlerError::from(full).to_string();
    assert!(full.contains("reached maximum value"), "{full}");
}

#[tokio::test]
async fn plain_sql_that_inserts_keeps_to_the_horizon() {
    let world = World::new().await;
    let mut conn = world.schema.connect().await;
    let mut tx = conn.begin().await.unwrap();
    let insert = "INSERT INTO {schema}.eventsource_events (event_id, aggregate_type, aggregate_id, version, event_type, \
                  schema_version, occurred_at, recorded_at, payload) SELECT gen_random_uuid(), 'Order', \
                  gen_random_uuid(), 1, 'OrderPlaced', 1, now(), now(), '{}' FROM generate_series(1, 3)";
    world.run(&mut tx, insert).await.unwrap();
    append(&world.store).await;
    assert!(readable(&world.store).await.is_empty());
    tx.commit().await.unwrap();
    assert_eq!(readable(&world.store).await.len(), 4);
}

#[tokio::test]
async fn a_prepared_transaction_counts() {
    let mut world = World::new().await;
    let supported: String =
        sqlx::query_scalar("SHOW max_prepared_transactions").fetch_one(world.db.pool()).await.unwrap();
    // By default a server prepares none.
    let mut _own = None;
    if supported == "0" {
        let (schema, server) = Schema::on_its_own_server().await;
        (world, _own) = (World::on(schema, |options| options).await, server);
    }
    let name = Uuid::now_v7().simple().to_string();
    let mut conn = world.schema.connect().await;
    let insert = "INSERT INTO {schema}.eventsource_events (event_id, aggregate_type, aggregate_id, version, event_type, \
                  schema_version, occurred_at, recorded_at, payload) VALUES (gen_random_uuid(), 'Order', \
                  gen_random_uuid(), 1, 'OrderPlaced', 1, now(), now(), '{}')";
    world.run(&mut conn, &format!("BEGIN; {insert}")).await.unwrap();
    world.run(&mut conn, &format!("PREPARE TRANSACTION '{name}'")).await.unwrap();
    drop(conn);
    append(&world.store).await;
    assert!(readable(&world.store).await.is_empty());
    let holders = world.store.horizon_holders().await.unwrap();
    assert_eq!((holders[0].pid, holders[0].prepared.as_deref()), (None, Some(&*name)), "{holders:?}");
    let mut conn = world.schema.connect().await;
    world.run(&mut conn, &format!("COMMIT PREPARED '{name}'")).await.unwrap();
    assert_eq!(readable(&world.store).await.len(), 2);
}

#[tokio::test]
async fn an_unrelated_transaction_delays_nothing_not_even_in_another_database() {
    let (world, _server) = World::of_a_superuser().await;
    let mut here = world.schema.connect().await;
    world.run(&mut here, "BEGIN; INSERT INTO {schema}.bumps (position, by) VALUES (1, 1)").await.unwrap();
    // Another log in this database, and one in another database with the same keys and names.
    let neighbour = Schema::unmade_on(world.schema.url());
    neighbour.options().migrate().await.unwrap();
    let other = World::on(neighbour, |options| options).await;
    let mut neighbour = other.schema.connect().await;
    sqlx::raw_sql("BEGIN").execute(&mut neighbour).await.unwrap();
    append_in(&other.store, &mut neighbour).await;
    let elsewhere = format!("elsewhere_{}", Uuid::now_v7().simple());
    let mut conn = world.schema.connect().await;
    world.run(&mut conn, &format!("CREATE DATABASE {elsewhere}")).await.unwrap();
    let mut url = world.schema.url().to_owned();
    url.truncate(url.rfind('/').unwrap() + 1);
    let mut far = PgConnection::connect(&format!("{url}{elsewhere}")).await.unwrap();
    let lock = "BEGIN; CREATE TABLE t (x int); SELECT pg_advisory_xact_lock_shared(key) FROM (SELECT \
                ((oid::bigint % 65534 + 1) << 48) AS key FROM (SELECT {oid}::bigint AS oid) AS o) AS k";
    let oid: i64 = sqlx::query_scalar(world.sql("SELECT '{schema}.eventsource_events'::regclass::oid::bigint"))
        .fetch_one(world.db.pool())
        .await
        .unwrap();
    let lock = lock.replace("{oid}", &oid.to_string());
    sqlx::raw_sql(sqlx::AssertSqlSafe(lock.clone())).execute(&mut far).await.unwrap();
    for n in 1..=10 {
        let appended = append(&world.store).await;
        assert_eq!(world.store.head().await.unwrap(), appended);
        assert_eq!(readable(&world.store).await.len(), n);
    }
    // The same lock in this database does hold the log back, which shows that the test tests.
    let mut near = world.schema.connect().await;
    sqlx::raw_sql(sqlx::AssertSqlSafe(lock.replace("CREATE TABLE t (x int);", ""))).execute(&mut near).await.unwrap();
    assert!(readable(&world.store).await.is_empty());
    drop((near, far));
    let drop = format!("DROP DATABASE {elsewhere} WITH (FORCE)");
    world.run(&mut conn, &drop).await.unwrap();
}

/// The default isolation level of the server must not give a page an old snapshot.
#[tokio::test]
async fn a_strict_default_isolation_changes_nothing() {
    let world = World::new().await;
    let connect: sqlx::postgres::PgConnectOptions = world.schema.url().parse().unwrap();
    for (level, stored) in [("serializable", 160), ("repeatable read", 320)] {
        let connect = connect.clone().options([("default_transaction_isolation", level)]);
        let options = eventsource::postgres::PostgresOptions::from_connect_options(connect);
        let options = options.schema(world.schema.name());
        let db = eventsource::postgres::PostgresDatabase::open_with(options).await.unwrap();
        let store = PostgresEventStore::new(&db);
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move {
                    for _ in 0..20 {
                        append(&store).await;
                    }
                })
            })
            .collect();
        let (mut after, mut seen) = (Position::START, BTreeSet::new());
        while !tasks.iter().all(tokio::task::JoinHandle::is_finished) {
            let (events, horizon) = read(&store, after).await;
            seen.extend(events);
            after = horizon;
        }
        for task in tasks {
            task.await.unwrap();
        }
        seen.extend(read(&store, after).await.0);
        assert_eq!((seen.len(), readable(&store).await.len()), (stored, stored), "{level}");
    }
}

/// Where the locks of appends cannot be seen, the horizon is unknown.
#[tokio::test]
async fn reading_from_a_standby_is_refused() {
    let mut server = Server::start();
    let schema = Schema::unmade_on(&server.url());
    schema.options().migrate().await.unwrap();
    let world = World::on(schema, |options| options).await;
    append(&world.store).await;
    world.db.close().await;
    server.resume_as_standby();
    let store = PostgresEventStore::new(&world.schema.open().await);
    for error in [
        store.read_log(Position::START, &EventFilter::all(), PageLimit::events(10)).await.unwrap_err(),
        store.head().await.unwrap_err(),
        store.backlog(Position::START, u64::MAX).await.unwrap_err(),
    ] {
        let error = HandlerError::from(error).to_string();
        assert!(error.contains("the server is a standby"), "{error}");
    }
}

#[tokio::test]
async fn holder_of_the_horizon_is_named() {
    let world = World::new().await;
    let connect: sqlx::postgres::PgConnectOptions = world.schema.url().parse().unwrap();
    let mut conn = PgConnection::connect_with(&connect.application_name("the-culprit")).await.unwrap();
    let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut conn).await.unwrap();
    let before = append(&world.store).await;
    sqlx::raw_sql("BEGIN").execute(&mut conn).await.unwrap();
    append_in(&world.store, &mut conn).await;
    sqlx::raw_sql("SELECT 'thinking'").execute(&mut conn).await.unwrap();
    let holders = world.store.horizon_holders().await.unwrap();
    assert_eq!(holders.len(), 1);
    let holder = &holders[0];
    assert_eq!(
        (holder.pid, holder.after, holder.application_name.as_deref()),
        (Some(pid), before, Some("the-culprit"))
    );
    assert!(holder.age.is_some_and(|age| age < Duration::from_secs(30)));
    let text = holder.to_string();
    assert!(
        text.contains("the-culprit") && text.contains("idle in transaction") && text.contains("thinking"),
        "{text}"
    );
    sqlx::raw_sql("COMMIT").execute(&mut conn).await.unwrap();
    assert!(store_is_free(&world).await);
}

/// A server that comes back without its last commits, as one may that is told not to wait for the disk, draws their
/// positions once more: what was known of the horizon before says nothing of them.
#[tokio::test]
async fn a_horizon_is_not_trusted_longer_than_the_connections() {
    let (schema, name) = (Schema::migrated().await, format!("taken-back-{}", Uuid::now_v7().simple()));
    let connect: PgConnectOptions = schema.url().parse().unwrap();
    let options = PostgresOptions::from_connect_options(connect.application_name(&name)).schema(schema.name());
    let world = World::on(schema, |_| options).await;
    for _ in 0..10 {
        append(&world.store).await;
    }
    assert_eq!(read(&world.store, Position::START).await.1, Position::new(10));
    let mut conn = world.schema.connect().await;
    world.run(&mut conn, "DELETE FROM {schema}.eventsource_events WHERE position > 4").await.unwrap();
    world.run(&mut conn, "SELECT setval('{schema}.eventsource_positions', 4)").await.unwrap();
    let sql = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{name}'");
    world.run(&mut conn, &sql).await.unwrap();

    let mut held = conn.begin().await.unwrap();
    assert_eq!(append_in(&world.store, &mut held).await, Position::new(5));
    for _ in 0..5 {
        append(&world.store).await;
    }
    for (after, limit) in [(1, 3), (4, 3), (5, 2)] {
        let page =
            world.store.read_log(Position::new(after), &EventFilter::all(), PageLimit::events(limit)).await.unwrap();
        assert!(page.horizon <= Position::new(4.max(after)), "after {after}: {page:?}");
        assert!(page.events.iter().all(|event| event.position() <= Position::new(4)), "after {after}: {page:?}");
    }
    held.commit().await.unwrap();
    assert_eq!(readable(&world.store).await.len(), 10);
}
