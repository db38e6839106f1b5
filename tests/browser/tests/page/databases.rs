//! Databases that are large, slow, held back or stopped, and owners that are killed, while a page is open.

use std::time::Duration;

use axum::Router;
use eventsource::admin::DatabaseAdmin;
use eventsource::postgres::{PostgresDatabase, PostgresReadModels};
use eventsource::prelude::*;
use eventsource::sqlx::{self, AssertSqlSafe};
use eventsource::subscription::{FailureLimit, RetryPolicy};
use eventsource_dashboard::{Dashboard, Payloads};
use eventsource_tests::backend::{Backend as _, Sqlite};
use eventsource_tests::domain::{Bumped, bump};
use eventsource_tests::fill::Fill as _;
use eventsource_tests::postgres::{Schema, Server as PostgresServer};
use eventsource_tests::sums::{BumpSums, SumRow};
use tokio::sync::watch;
use uuid::Uuid;

use crate::browser::Browser;
use crate::site::Server;
use crate::wait::{DEADLINE, eventually};

const SILENT: &str = "The database does not answer";

/// Serves the dashboard of a database on which other processes work.
async fn serve<C: CheckpointStore>(checkpoints: C, store: impl EventStore) -> Server {
    let dashboard = Dashboard::new(DatabaseAdmin::new(checkpoints, store)).payloads(Payloads::Shown);
    let updates = dashboard.live_updates();
    Server::start(Router::new().nest("/admin", dashboard.router()), Some(updates)).await
}

#[tokio::test]
async fn open_page_says_that_postgres_is_slow_or_held_back_or_stopped_and_when_it_is_over() {
    let mut postgres = PostgresServer::start();
    let schema = Schema::unmade_on(&postgres.url());
    schema.options().migrate().await.unwrap();
    let options = schema.options().horizon_warning(Duration::from_millis(200));
    let db = PostgresDatabase::open_with(options).await.unwrap();
    PostgresReadModels::new(&db).ensure_tables(&BumpSums).await.unwrap();
    let manager = SubscriptionManager::on(&db);
    let sums = manager.subscribe(BumpSums, SubscriptionConfig::from_beginning()).await.unwrap();
    bump(&db.event_store(), [1, 2]).await;
    manager.start().await.unwrap();
    sums.caught_up().within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();

    let server = serve(db.checkpoints(), db.event_store()).await;
    let browser = Browser::start().await;
    browser.tabs.goto(format!("http://{}/admin", server.address)).await.unwrap();
    browser.sees("Updated at").await;
    let is_over = async |text: &str| {
        eventually("the page is current", async || !browser.text().await.contains(text)).await;
    };

    let mut holder = schema.connect().await;
    let hold = "BEGIN; LOCK TABLE eventsource_checkpoints IN ACCESS EXCLUSIVE MODE";
    sqlx::raw_sql(hold).execute(&mut holder).await.unwrap();
    browser.sees(SILENT).await;
    assert!(browser.text().await.contains("bump-sums"), "the last sample stays");
    sqlx::raw_sql("ROLLBACK").execute(&mut holder).await.unwrap();
    is_over(SILENT).await;

    sqlx::raw_sql("BEGIN").execute(&mut holder).await.unwrap();
    let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut holder).await.unwrap();
    let told = format!("pid {pid}");
    let stream = StreamId::new("Counter", Uuid::now_v7());
    let event = NewEvent::of(&Bumped { by: 3 }).unwrap();
    db.event_store().append_in(&mut holder, &stream, ExpectedVersion::Any, vec![event]).await.unwrap();
    bump(&db.event_store(), [4]).await;
    browser.sees(&told).await;
    sqlx::raw_sql("ROLLBACK").execute(&mut holder).await.unwrap();
    is_over(&told).await;

    postgres.stop();
    browser.sees(SILENT).await;
    postgres.resume();
    is_over(SILENT).await;
    browser.quit().await;
    server.stop().await;
}

#[derive(Clone)]
struct Fails;

#[projection(name = "fails", effects)]
impl Fails {
    #[handles(Bumped)]
    fn bumped(&self, event: &Bumped) -> Result<(), HandlerError> {
        Err(HandlerError::permanent(format!("{} is not allowed", event.by)))
    }
}

#[tokio::test]
async fn pages_of_a_large_database_are_shown() {
    let world = Sqlite::open().await;
    let manager = world.manager();
    let config = SubscriptionConfig::from_beginning().failure_limit(FailureLimit::none()).retry(RetryPolicy::never());
    let fails = manager.subscribe(Fails, config).await.unwrap();
    let stream = StreamId::new("Counter", Uuid::from_u128(1));
    let event = NewEvent::of(&Bumped { by: 7 }).unwrap();
    let position = world.store().append(&stream, ExpectedVersion::Any, vec![event]).await.unwrap().position();
    manager.start().await.unwrap();
    fails.wait_for_passed(position).within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
    world.copy_letter(10_000).await;
    world.fill(1_000, 1_000_999).await;
    let long = "x".repeat(10 << 20);
    let payloads = [format!("{{\"long\":\"{long}\"}}"), r#"{"nul":"a\u0000b"}"#.to_owned(), "{}".to_owned()];
    let mut ids = Vec::new();
    for payload in payloads {
        let event = NewEvent::raw("Odd", 1, payload);
        ids.push(event.id());
        let stream = StreamId::new("Odd", Uuid::now_v7());
        world.store().append(&stream, ExpectedVersion::NoStream, vec![event]).await.unwrap();
    }
    // Another program has changed it, and has a clock that is five minutes ahead.
    let sql = "UPDATE eventsource_events SET payload = 'no {JSON', recorded_at = recorded_at + 300000000 \
               WHERE position = (SELECT max(position) FROM eventsource_events)";
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(world.db.pool()).await.unwrap();

    let server = serve(world.checkpoints(), world.store()).await;
    let browser = Browser::start().await;
    let [long, nul, changed] = [0, 1, 2].map(|at| format!("/events/{}", ids[at]));
    for (path, part) in [
        ("", "over 10000"),
        ("/letters", "fails"),
        ("/subscriptions/fails", "over 10000"),
        ("/subscriptions/fails/letters", "10000 dead letters"),
        ("/streams?kind=Order", "50 streams"),
        ("/events", "events, the latest first"),
        (&*long, "bytes more"),
        (&*nul, "a\\u0000b"),
        (&*changed, "The payload is not JSON"),
    ] {
        browser.tabs.goto(format!("http://{}/admin{path}", server.address)).await.unwrap();
        browser.sees(part).await;
        let text = browser.text().await;
        assert!(!text.contains("-300"), "no time is negative: {path}: {text}");
        let first = "const entry = performance.getEntriesByType('navigation')[0]; return entry.responseStart - entry.requestStart";
        println!("{path}: first byte after {} ms", browser.run(first).await);
        let console = browser.console().await;
        assert!(console.is_empty(), "{path}: {console:?}");
    }
    browser.quit().await;
    server.stop().await;
}

/// Waits at the first event while the gate is closed.
struct Gated {
    is_open: watch::Receiver<bool>,
}

#[projection(name = "gated", read_models(SumRow))]
impl Gated {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Bumped, sums: &mut Repository<SumRow>) -> Result<(), ReadModelError> {
        // The test keeps the sender.
        let _ = self.is_open.clone().wait_for(|is_open| *is_open).await;
        sums.save(SumRow { digit: event.by, total: 0, bumps: 0, last: 0 }).await
    }
}

#[tokio::test]
async fn open_page_says_that_the_owner_was_killed_in_a_rebuild() {
    let world = Sqlite::open().await;
    let (gate, is_open) = watch::channel(true);
    let gated = Gated { is_open };
    world.ensure_tables(&gated).await;
    bump(&world.store(), 0..3).await;
    // The runtime of the owner is dropped at once, as if its process was killed: it gives nothing up.
    let owner = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (manager, closed) = (world.manager(), gate.clone());
    owner.spawn(async move {
        let config = SubscriptionConfig::from_beginning().batch_size(1).lease(Duration::from_millis(500));
        let gated = manager.subscribe(gated, config).await.unwrap();
        manager.start().await.unwrap();
        gated.caught_up().within(DEADLINE).await.unwrap();
        // The rebuild does not end before its owner is killed.
        closed.send_replace(false);
        let _rebuild = gated.rebuild().await.unwrap();
        std::future::pending::<()>().await;
    });
    let server = serve(world.checkpoints(), world.store()).await;
    let browser = Browser::start().await;
    browser.tabs.goto(format!("http://{}/admin/subscriptions/gated", server.address)).await.unwrap();
    let has_bar = "return document.querySelector('progress') !== null";
    eventually("the rebuild is shown", async || {
        browser.tabs.refresh().await.unwrap();
        browser.run(has_bar).await == serde_json::json!(true)
    })
    .await;
    browser.sees("Updated at").await;
    owner.shutdown_background();
    browser.sees("(its lease has ended)").await;
    browser.sees("Cancel the rebuild").await;
    browser.quit().await;
    server.stop().await;
}
