//! A log line and the status of a subscription say who holds the horizon back.

use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use eventsource::postgres::{PostgresDatabase, PostgresEventStore, PostgresOptions};
use eventsource::prelude::*;
use eventsource::sqlx::postgres::PgConnectOptions;
use eventsource::sqlx::{self, Connection as _, PgConnection};
use eventsource_tests::domain::bump;
use eventsource_tests::wait::eventually;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event as Traced, Level, Metadata as CallSite, Subscriber as Collector};

use crate::world::World;

/// Collects warnings, as text.
#[derive(Clone, Default)]
struct Warnings(Arc<Mutex<Vec<String>>>);

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

impl Collector for Warnings {
    fn enabled(&self, site: &CallSite<'_>) -> bool {
        *site.level() == Level::WARN && site.target().starts_with("eventsource::backend::postgres")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Traced<'_>) {
        let mut fields = Fields(String::new());
        event.record(&mut fields);
        self.0.lock().unwrap().push(fields.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn a_horizon_held_for_longer_than_a_set_time_is_told_with_its_holder() {
    let warnings = Warnings::default();
    // With a single collector, a place that another test's thread reaches first would count as disabled.
    let _second = tracing::Dispatch::new(Warnings::default());
    let _collecting = tracing::subscriber::set_default(warnings.clone());
    let world = World::with(|options| options.horizon_warning(Duration::from_millis(200))).await;
    let mut conn = world.schema.connect().await;
    let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut conn).await.unwrap();
    sqlx::raw_sql("BEGIN").execute(&mut conn).await.unwrap();
    let stream = StreamId::new("Order", uuid::Uuid::now_v7());
    let placed = vec![NewEvent::raw("OrderPlaced", 1, "{}")];
    world.store.append_in(&mut conn, &stream, ExpectedVersion::Any, placed).await.unwrap();
    bump(&world.store, [1]).await;
    world.store.head().await.unwrap();
    assert!(warnings.0.lock().unwrap().is_empty(), "not at once");
    eventually("it is told", || async {
        world.store.head().await.unwrap();
        !warnings.0.lock().unwrap().is_empty()
    })
    .await;
    let line = warnings.0.lock().unwrap()[0].clone();
    assert!(line.contains(&format!("pid {pid}")) && line.contains("holds the log back"), "{line}");
    sqlx::raw_sql("ROLLBACK").execute(&mut conn).await.unwrap();
}

/// An append that stays open, on a connection with a name, which then does something else.
async fn hold(world: &World) -> (PgConnection, i32) {
    let connect: PgConnectOptions = world.schema.url().parse().unwrap();
    let mut conn = PgConnection::connect_with(&connect.application_name("the-culprit")).await.unwrap();
    let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut conn).await.unwrap();
    sqlx::raw_sql("BEGIN").execute(&mut conn).await.unwrap();
    let stream = StreamId::new("Order", uuid::Uuid::now_v7());
    let placed = vec![NewEvent::raw("OrderPlaced", 1, "{}")];
    world.store.append_in(&mut conn, &stream, ExpectedVersion::Any, placed).await.unwrap();
    sqlx::raw_sql("SELECT 'thinking'").execute(&mut conn).await.unwrap();
    (conn, pid)
}

#[tokio::test]
async fn a_subscription_that_waits_for_an_open_append_says_for_whom_until_it_has_ended() {
    let world = World::with(|options| options.horizon_warning(Duration::from_millis(300))).await;
    let manager = world.manager();
    let config = SubscriptionConfig::default().poll_interval(Duration::from_millis(20));
    let rows = manager.subscribe(world.rows.clone(), config).await.unwrap();
    let first = bump(&world.store, [1]).await;
    manager.start().await.unwrap();
    rows.wait_for(first).await.unwrap();
    for end in ["COMMIT", "ROLLBACK"] {
        let at = rows.caught_up().await.unwrap();
        eventually("it is live", || async { rows.inspect().await.state.name() == "live" }).await;
        let (mut holder, pid) = hold(&world).await;
        let behind = bump(&world.store, [2]).await;
        let status = rows.inspect().await;
        assert!(
            status.stalled_by.as_ref().unwrap().is_none() && status.state.reason().is_none(),
            "not at once: {status:?}"
        );

        eventually("the status says so", || async { rows.inspect().await.state.reason().is_some() }).await;
        let status = rows.inspect().await;
        assert_eq!(status.state.name(), "waiting");
        let stalled_by = status.stalled_by.unwrap().unwrap();
        assert_eq!((stalled_by.after, stalled_by.by.len()), (at, 1));
        assert!(stalled_by.lasted >= Duration::from_millis(300));
        let reason = status.state.reason().unwrap();
        let pid = format!("pid {pid} (the-culprit)");
        for part in [&*pid, "in a transaction that is ", " s old, idle in transaction", "SELECT 'thinking'"] {
            assert!(reason.contains(part), "{part}: {reason}");
        }
        assert_eq!(status.last_error, None, "nothing failed");
        // Who waits for what is behind it is told the same.
        let error = rows.wait_for(behind).within(Duration::from_millis(50)).await.unwrap_err().to_string();
        assert!(error.contains("it is waiting: ") && error.contains(&pid), "{error}");

        sqlx::raw_sql(end).execute(&mut holder).await.unwrap();
        rows.wait_for(behind).await.unwrap();
        eventually("it is live again", || async { rows.inspect().await.state.name() == "live" }).await;
        assert_eq!(rows.inspect().await.stalled_by.unwrap(), None, "{end}");
    }
}

#[tokio::test]
async fn a_subscription_with_work_before_the_open_append_is_not_waiting_yet() {
    let world = World::with(|options| options.horizon_warning(Duration::from_millis(50))).await;
    let manager = world.manager();
    let rows = manager.subscribe(world.rows.clone(), SubscriptionConfig::default()).await.unwrap();
    bump(&world.store, [1]).await;
    let (_holder, _) = hold(&world).await;
    eventually("it is told", || async { rows.inspect().await.stalled_by.unwrap().is_some() }).await;
    let status = rows.inspect().await;
    assert_eq!((status.state.name(), status.lag.unwrap().events), ("idle", 1), "its own reason comes first");
}

#[tokio::test]
async fn a_role_that_may_not_see_others_is_told_the_process_and_its_name() {
    let (world, _server) = World::of_a_superuser().await;
    let mut conn = world.schema.connect().await;
    // A role that every server has, and that may see next to nothing.
    let grants = "GRANT USAGE ON SCHEMA {schema} TO pg_checkpoint; GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO \
                  pg_checkpoint; GRANT SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO pg_checkpoint";
    world.run(&mut conn, grants).await.unwrap();
    let connect: PgConnectOptions = world.schema.url().parse().unwrap();
    let options = PostgresOptions::from_connect_options(connect.options([("role", "pg_checkpoint")]));
    let options = options.schema(world.schema.name()).horizon_warning(Duration::from_millis(50));
    let store = PostgresEventStore::new(&PostgresDatabase::open_with(options).await.unwrap());
    let (_holder, pid) = hold(&world).await;
    bump(&world.store, [1]).await;
    eventually("it is told", || async { store.stalled_by().await.unwrap().is_some() }).await;
    let by = store.stalled_by().await.unwrap().unwrap().by;
    assert_eq!(by, [format!("pid {pid} (the-culprit) appends after position 0")]);
}
