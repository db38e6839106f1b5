//! The log: what cannot be read, stored times, and how SQLite reads through a filter.

use eventsource::sqlite::SqliteEventStore;
use eventsource::sqlx;
use eventsource::{EventFilter, EventLog, EventStore, ExpectedVersion, Metadata, NewEvent, PageLimit, Position};
use tempfile::TempDir;

use crate::{open, order, placed};

#[tokio::test]
async fn an_event_that_cannot_be_read_comes_in_its_place_with_the_column_named() {
    let dir = TempDir::new().unwrap();
    let (db, store) = open(&dir.path().join("events.db")).await;
    for _ in 0..3 {
        store.append(&order(), ExpectedVersion::Any, placed()).await.unwrap();
    }
    for (sql, column, raw) in [
        ("UPDATE eventsource_events SET metadata = 'nonsense' WHERE position = 2", "metadata", "nonsense"),
        ("UPDATE eventsource_events SET metadata = NULL, aggregate_id = x'41' WHERE position = 2", "aggregate_id", "A"),
        ("UPDATE eventsource_events SET aggregate_id = zeroblob(16), version = -1 WHERE position = 2", "version", "-1"),
        (
            "UPDATE eventsource_events SET version = 1, occurred_at = 9223372036854775807 WHERE position = 2",
            "occurred_at",
            "9223372036854775807",
        ),
        (
            "UPDATE eventsource_events SET occurred_at = 0, schema_version = -1 WHERE position = 2",
            "schema_version",
            "-1",
        ),
    ] {
        sqlx::query(sql).execute(db.pool()).await.unwrap();
        let events = store.read_log(Position::START, &EventFilter::all(), PageLimit::events(10)).await.unwrap().events;
        assert_eq!(events.len(), 3, "{sql}");
        let unreadable = events[1].unreadable().unwrap();
        assert_eq!((unreadable.column, &*unreadable.raw), (column, raw), "{unreadable}");
        assert!(events[0].unreadable().is_none() && events[2].unreadable().is_none());
    }
}

#[tokio::test]
async fn stored_times_do_not_step_back_with_a_clock_that_is_set_back() {
    let dir = TempDir::new().unwrap();
    let (db, store) = open(&dir.path().join("events.db")).await;
    store.append(&order(), ExpectedVersion::Any, placed()).await.unwrap();
    // A time further ahead is not carried on: see `behaviour::clocks`.
    let ahead = eventsource::event::now().timestamp_micros() + 4_000_000;
    sqlx::query("UPDATE eventsource_events SET recorded_at = ?").bind(ahead).execute(db.pool()).await.unwrap();
    for (expected, count) in [(ExpectedVersion::Any, 1), (ExpectedVersion::NoStream, 1), (ExpectedVersion::NoStream, 3)]
    {
        let batch = (0..count).flat_map(|_| placed()).collect();
        let next = store.append(&order(), expected, batch).await.unwrap();
        assert_eq!(next.events().len(), count);
        for event in next.events() {
            let later = event.recorded_at().timestamp_micros();
            let is_kept = later == ahead || (later > ahead && eventsource::event::now().timestamp_micros() > ahead);
            assert!(is_kept, "{later}, and not {ahead}: {count} events, {expected}");
        }
    }
}

#[tokio::test]
async fn the_log_is_read_by_an_index_and_never_sorted() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("events.db");
    let (db, store) = open(&path).await;
    assert_plans(&store).await;
    // With statistics, also such as say that one type is nearly all of the log, the plans stay the same.
    let events =
        || (0..100).map(|_| NewEvent::raw("OrderPlaced", 1, "{}").with_metadata(Metadata::new().tenant("acme")));
    store.append(&order(), ExpectedVersion::Any, events().collect()).await.unwrap();
    sqlx::query("ANALYZE").execute(db.pool()).await.unwrap();
    db.close().await;
    assert_plans(&open(&path).await.1).await;
}

async fn assert_plans(store: &SqliteEventStore) {
    const BY_KEY: &str = "USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)";
    const BY_EVENT_TYPE: &str = "eventsource_events_by_event_type (event_type=? AND rowid>? AND rowid<?)";
    const BY_AGGREGATE_TYPE: &str = "eventsource_events_by_aggregate_type (aggregate_type=? AND rowid>? AND rowid<?)";
    const BY_TENANT: &str = "eventsource_events_by_tenant (tenant=? AND rowid>? AND rowid<?)";
    let names = |count: usize| (0..count).map(|n| format!("Name{n}"));
    let two = || EventFilter::types(["OrderPlaced", "OrderShipped"]);
    let cases = [
        (EventFilter::all(), BY_KEY, 1),
        (EventFilter::types(["OrderPlaced"]), BY_EVENT_TYPE, 1),
        (two(), BY_EVENT_TYPE, 2),
        (EventFilter::types(names(100)), BY_EVENT_TYPE, 100),
        (two().aggregates(["Order"]).tenant("acme"), BY_EVENT_TYPE, 2),
        (two().aggregates(names(101)), BY_EVENT_TYPE, 2),
        (EventFilter::types(names(101)), BY_KEY, 1),
        (EventFilter::types(names(101)).aggregates(["Order"]).tenant("acme"), BY_KEY, 1),
        (EventFilter::all().aggregates(["Order", "Customer", "Invoice"]), BY_AGGREGATE_TYPE, 3),
        (EventFilter::all().aggregates(["Order"]).tenant("acme"), BY_AGGREGATE_TYPE, 1),
        (EventFilter::all().aggregates(names(101)), BY_KEY, 1),
        (EventFilter::all().tenant("acme"), BY_TENANT, 1),
    ];
    for (filter, step, arms) in cases {
        let back = store.explain_read_log_back(&filter).await.unwrap();
        assert_eq!(back.iter().filter(|detail| detail.contains(step)).count(), arms, "{back:#?}");
        let is_scan = |detail: &String| detail.starts_with("SCAN eventsource_events") || detail.contains("TEMP B-TREE");
        assert!(!back.iter().any(is_scan), "it scans or sorts: {back:#?}");
        let plan = store.explain_read_log(&filter).await.unwrap();
        assert_eq!(plan.iter().filter(|detail| detail.contains(step)).count(), arms, "{plan:#?}");
        assert_eq!(plan.iter().any(|detail| detail.starts_with("MERGE")), arms > 1, "{plan:#?}");
        for detail in &plan {
            assert!(!detail.contains("TEMP B-TREE"), "it sorts: {plan:#?}");
            // The page itself is gone through, as it comes.
            let is_page = detail.starts_with("SCAN (subquery-");
            assert!(!detail.starts_with("SCAN") || is_page || detail.contains("json_each"), "it scans: {plan:#?}");
        }
        assert!(plan.iter().any(|detail| detail.starts_with("CO-ROUTINE (subquery-")), "it collects: {plan:#?}");
    }
    assert!(store.explain_read_log(&EventFilter::types::<&str>([])).await.unwrap().is_empty());
    // Streams are found by a probe for the first id, one for each next id, and one for its last version.
    let plan = store.explain_streams().await.unwrap();
    let ids = "(aggregate_type=? AND aggregate_id>?)";
    assert_eq!(plan.iter().filter(|detail| detail.contains(ids)).count(), 2, "{plan:#?}");
    let versions = "(aggregate_type=? AND aggregate_id=?)";
    assert_eq!(plan.iter().filter(|detail| detail.contains(versions)).count(), 1, "{plan:#?}");
    assert!(!plan.iter().any(|detail| detail.starts_with("SCAN eventsource_events")), "it scans: {plan:#?}");
    // Types are found by a probe for the next name and one for its first position.
    let plan = store.explain_types().await.unwrap();
    let probes = |of: &str| plan.iter().filter(|detail| detail.contains(of)).count();
    assert_eq!(
        probes("SEARCH next USING COVERING INDEX eventsource_events_by_event_type (event_type>?)"),
        1,
        "{plan:#?}"
    );
    assert_eq!(
        probes("SEARCH own USING COVERING INDEX eventsource_events_by_event_type (event_type=? AND rowid>?"),
        1,
        "{plan:#?}"
    );
    assert_eq!(probes("SCAN eventsource_events") + probes("SCAN next") + probes("SCAN own"), 0, "{plan:#?}");
}
