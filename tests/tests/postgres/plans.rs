//! How PostgreSQL reads the log: by an index, a page at a time, never sorted.

use eventsource::postgres::{PostgresDatabase, PostgresEventStore, PostgresOptions};
use eventsource::prelude::*;
use eventsource::sqlx::postgres::PgConnectOptions;
use eventsource::{Metadata, ReadStream, sqlx};
use eventsource_tests::postgres::Schema;
use eventsource_tests::wait::eventually;

use crate::world::World;

/// Twenty types, one of them rare, ten aggregates, three tenants.
async fn fill(world: &World, events: i64) {
    let sql = "INSERT INTO {schema}.eventsource_events (event_id, aggregate_type, aggregate_id, version, event_type, \
               schema_version, occurred_at, recorded_at, tenant, metadata, payload) \
               SELECT *, json_build_object('tenant', tenant), repeat('x', 100) FROM (SELECT gen_random_uuid(), 'Aggregate' || n % 10, gen_random_uuid(), 1, \
               CASE WHEN n % 5000 = 0 THEN 'Rare' ELSE 'Type' || n % 19 END, 1, now(), now(), \
               CASE WHEN n % 100 = 0 THEN 'small' WHEN n % 2 = 0 THEN 'big' END AS tenant \
               FROM generate_series(1, {events}) AS n) AS new";
    let mut conn = world.schema.connect().await;
    world.run(&mut conn, &sql.replace("{events}", &events.to_string())).await.unwrap();
}

fn filters() -> Vec<(&'static str, EventFilter)> {
    let many = |count: usize| (0..count).map(|n| format!("Type{n}")).collect::<Vec<_>>();
    vec![
        ("all", EventFilter::all()),
        ("a common type", EventFilter::types(["Type1"])),
        ("a rare type", EventFilter::types(["Rare"])),
        ("an unknown type", EventFilter::types(["Unknown"])),
        ("three types", EventFilter::types(["Rare", "Type1", "Type2"])),
        ("nineteen types", EventFilter::types(many(19))),
        ("ninety types, most unknown", EventFilter::types(many(90))),
        ("a thousand types, most unknown", EventFilter::types(many(1_000))),
        ("an aggregate", EventFilter::all().aggregates(["Aggregate3"])),
        ("a type of an aggregate", EventFilter::types(["Type1"]).aggregates(["Aggregate3"])),
        ("a small tenant", EventFilter::all().tenant("small")),
        ("a type of a tenant", EventFilter::types(["Type1"]).tenant("big")),
    ]
}

async fn assert_plans(world: &World, when: &str) {
    let head = world.store.head().await.unwrap();
    for after in [Position::START, Position::new(head.value() / 2)] {
        for (what, filter) in filters() {
            let plan = world.store.explain_read_log(after, &filter, 100).await.unwrap().join("\n");
            let of = format!("{when}, {what}, after {after}:\n{plan}");
            assert!(plan.contains("Index Scan using eventsource_events_"), "{of}");
            assert!(!plan.contains("Bitmap") && !plan.contains("Seq Scan") && !plan.contains("Sort  "), "{of}");
        }
        let rare = world.store.explain_read_log(after, &EventFilter::types(["Rare"]), 100).await.unwrap().join("\n");
        assert!(rare.contains("eventsource_events_by_event_type"), "{when}: {rare}");
        let small = EventFilter::all().tenant("small");
        let small = world.store.explain_read_log(after, &small, 100).await.unwrap().join("\n");
        assert!(small.contains("eventsource_events_by_tenant"), "{when}: {small}");
        let three = EventFilter::types(["Rare", "Type1", "Type2"]);
        let three = world.store.explain_read_log(after, &three, 100).await.unwrap().join("\n");
        assert!(three.contains("Merge Append"), "{when}: {three}");
    }
    for before in [None, Some(Position::new(head.value() / 2))] {
        for (what, filter) in filters() {
            let plan = world.store.explain_read_log_back(before, &filter, 100).await.unwrap().join("\n");
            let of = format!("{when}, backwards, {what}, before {before:?}:\n{plan}");
            assert!(plan.contains("Index Scan Backward using eventsource_events_"), "{of}");
            assert!(!plan.contains("Bitmap") && !plan.contains("Seq Scan") && !plan.contains("Sort  "), "{of}");
        }
    }
    // Streams are found by a probe for the next id and one for its last version, whatever the statistics say.
    for after in [None, Some(uuid::Uuid::from_u128(u128::MAX / 2))] {
        let streams = world.store.explain_streams("Aggregate3", after, 100).await.unwrap().join("\n");
        assert!(streams.matches("Index Only Scan").count() >= 3, "{when}: {streams}");
        assert!(
            !streams.contains("Bitmap") && !streams.contains("Seq Scan") && !streams.contains("Sort"),
            "{when}: {streams}"
        );
    }
    // Types are found by a probe for the next name and one for its first position.
    let types = world.store.explain_types().await.unwrap().join("\n");
    assert!(types.matches("Index Only Scan using eventsource_events_by_event_type").count() >= 2, "{when}: {types}");
    assert!(!types.contains("Bitmap") && !types.contains("Seq Scan") && !types.contains("_pkey"), "{when}: {types}");
}

#[tokio::test]
async fn the_log_is_read_by_an_index_and_never_sorted() {
    let (world, _server) = World::of_a_superuser().await;
    let mut conn = world.schema.connect().await;
    fill(&world, 40_000).await;
    world.run(&mut conn, "VACUUM ANALYZE {schema}.eventsource_events").await.unwrap();
    assert_plans(&world, "with statistics").await;
    // The statistics know nothing of the greater part of the log.
    fill(&world, 60_000).await;
    assert_plans(&world, "with old statistics").await;
    world
        .run(&mut conn, "DELETE FROM pg_statistic WHERE starelid = '{schema}.eventsource_events'::regclass")
        .await
        .unwrap();
    assert_plans(&world, "without statistics").await;
}

/// A page costs a page: few blocks are touched, also for a rare type and for many types.
#[tokio::test]
async fn a_page_touches_few_blocks() {
    let world = World::with(|options| options.connections(6)).await;
    let mut conn = world.schema.connect().await;
    fill(&world, 60_000).await;
    world.run(&mut conn, "VACUUM ANALYZE {schema}.eventsource_events").await.unwrap();
    for (what, filter) in filters() {
        let most = if what.contains("thousand") { 3_000 } else { 1_500 };
        let touched = blocks_of(&world, async |store| {
            let page = store.read_log(Position::START, &filter, PageLimit::events(100)).await.unwrap();
            assert!(page.events.iter().all(|event| filter.matches(event)));
        });
        let touched = touched.await;
        println!("{what}: {touched} blocks");
        assert!((1..most).contains(&touched), "{what}: {touched} blocks");
    }
    // A long stream, from either end and from the middle.
    let stream = StreamId::new("Order", uuid::Uuid::now_v7());
    let events = (0..5_000).map(|_| NewEvent::raw("Last", 1, "{}")).collect();
    world.store.append(&stream, ExpectedVersion::NoStream, events).await.unwrap();
    world.run(&mut conn, "ANALYZE {schema}.eventsource_events").await.unwrap();
    for read in [ReadStream::forward(), ReadStream::backward(), ReadStream::forward().from(2_500)] {
        let touched = blocks_of(&world, async |store| {
            assert_eq!(store.read_stream(&stream, read.limit(100)).await.unwrap().len(), 100);
        });
        let touched = touched.await;
        println!("{read:?}: {touched} blocks");
        assert!((1..200).contains(&touched), "{read:?}: {touched} blocks");
    }
    let metadata = Metadata::new().tenant("small");
    let event = NewEvent::raw("Last", 1, "{}").with_metadata(metadata);
    world.store.append(&StreamId::new("Order", uuid::Uuid::nil()), ExpectedVersion::Any, vec![event]).await.unwrap();
    let page = world
        .store
        .read_log(Position::new(59_999), &EventFilter::all().tenant("small"), PageLimit::events(10))
        .await
        .unwrap();
    assert_eq!(page.events.len(), 2);
}

/// An append is planned once on its connection, and goes by the indexes also where that was when the log was tiny.
#[tokio::test]
async fn an_append_never_reads_the_whole_log() {
    let schema = Schema::migrated().await;
    let world = World::on(schema, |options| options).await;
    let append = |stream: u128, events: usize| {
        let events = (0..events).map(|_| NewEvent::raw("Type1", 1, "{}")).collect();
        let stream = StreamId::new("Aggregate", uuid::Uuid::from_u128(stream));
        let store = world.store.clone();
        async move { store.append(&stream, ExpectedVersion::NoStream, events).await.unwrap() }
    };
    append(0, 3).await;
    let mut conn = world.schema.connect().await;
    world.run(&mut conn, "VACUUM ANALYZE {schema}.eventsource_events").await.unwrap();
    // One event, few and many, so that each statement is planned now and used from now on.
    for n in 0..60 {
        append(n * 3 + 1, 1).await;
        append(n * 3 + 2, 5).await;
        append(n * 3 + 3, 40).await;
    }
    // Connections tell what they did when they are closed.
    world.db.close().await;
    let scans = async || {
        let sql =
            "SELECT seq_scan, idx_scan FROM pg_stat_all_tables WHERE relid = '{schema}.eventsource_events'::regclass";
        sqlx::query_as::<_, (i64, i64)>(world.sql(sql)).fetch_one(&mut world.schema.connect().await).await.unwrap()
    };
    eventually("the connections tell what they did", async || {
        let (all, by_index) = scans().await;
        all + by_index >= 360
    })
    .await;
    assert!(scans().await.0 < 10, "{:?}", scans().await);
}

/// Blocks of the events and their indexes that a call of `read` touches: the mean of nine calls on connections of their own, often
/// enough that PostgreSQL would take up a plan for any names and positions. A connection reports what it read when it ends.
async fn blocks_of(world: &World, read: impl AsyncFn(&PostgresEventStore)) -> i64 {
    const CALLS: i64 = 9;
    let name = world.schema.name();
    let connect: PgConnectOptions = world.schema.url().parse().unwrap();
    let options = PostgresOptions::from_connect_options(connect.application_name(name)).schema(name).connections(6);
    let mut conn = world.schema.connect().await;
    let sql = "SELECT (heap_blks_read + heap_blks_hit + idx_blks_read + idx_blks_hit)::bigint FROM pg_statio_all_tables \
               WHERE relid = '{schema}.eventsource_events'::regclass";
    let before: i64 = sqlx::query_scalar(world.sql(sql)).fetch_one(&mut conn).await.unwrap();
    let db = PostgresDatabase::open_with(options).await.unwrap();
    let store = PostgresEventStore::new(&db);
    for _ in 0..CALLS {
        read(&store).await;
    }
    db.close().await;
    eventually("the connections have ended", async || {
        let mut conn = world.schema.connect().await;
        let left = sqlx::query_scalar("SELECT count(*) FROM pg_stat_activity WHERE application_name = $1").bind(name);
        left.fetch_one(&mut conn).await.is_ok_and(|left: i64| left == 0)
    })
    .await;
    let after: i64 = sqlx::query_scalar(world.sql(sql)).fetch_one(&mut conn).await.unwrap();
    (after - before) / CALLS
}
