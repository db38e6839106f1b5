//! PostgreSQL that waits for a lock, is held back, or is stopped: the page says so, and shows what it knew last.

use std::time::Duration;

use eventsource::postgres::{PostgresCheckpoints, PostgresDatabase, PostgresEventStore};
use eventsource::prelude::*;
use eventsource::sqlx::{self, PgConnection};
use eventsource_tests::domain::{Seen, bump};
use eventsource_tests::postgres::{Schema, Server};
use eventsource_tests::sums::BumpSums;
use eventsource_tests::wait::{DEADLINE, eventually};

use crate::page::Page;

const OLD: &str = "The database does not answer: this is what was known at";

/// A page is never later than this, whatever the database does.
const LATEST: Duration = Duration::from_secs(7);

struct World {
    schema: Schema,
    server: Server,
    db: PostgresDatabase,
}

impl World {
    /// A server of its own, with a subscription that has applied two events.
    async fn start() -> Self {
        let server = Server::start();
        let schema = Schema::unmade_on(&server.url());
        schema.options().migrate().await.unwrap();
        let options = schema.options().horizon_warning(Duration::from_millis(200));
        let db = PostgresDatabase::open_with(options).await.unwrap();
        let world = Self { schema, server, db };
        let store = PostgresEventStore::new(&world.db);
        bump(&store, [1, 2]).await;
        eventsource::postgres::PostgresReadModels::new(&world.db).ensure_tables(&BumpSums).await.unwrap();
        let manager = SubscriptionManager::new(store, MemoryEventBus::new(), PostgresCheckpoints::new(&world.db));
        let sums = manager.subscribe(BumpSums, SubscriptionConfig::from_beginning()).await.unwrap();
        manager.subscribe(Seen::default(), SubscriptionConfig::from_beginning()).await.unwrap();
        manager.start().await.unwrap();
        sums.caught_up().within(DEADLINE).await.unwrap();
        manager.stop().await.unwrap();
        world
    }

    fn page(&self) -> Page {
        let store = PostgresEventStore::new(&self.db);
        Page::of(eventsource::admin::DatabaseAdmin::new(PostgresCheckpoints::new(&self.db), store))
    }

    /// Begins a transaction with these statements, which stays open.
    async fn hold(&self, sql: &str) -> PgConnection {
        let mut conn = self.schema.connect().await;
        let sql = format!("SET search_path = {}; BEGIN; {sql}", self.schema.name());
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut conn).await.unwrap();
        conn
    }
}

#[tokio::test]
async fn page_says_that_postgres_is_slow_or_stopped_and_shows_the_last_sample() {
    let mut world = World::start().await;
    let page = world.page();
    let answer = page.get("").await;
    assert!(answer.body.contains("bump-sums") && !answer.body.contains(OLD), "{}", answer.body);
    // Every query on checkpoints waits for a lock.
    let mut holder = world.hold("LOCK TABLE eventsource_checkpoints IN ACCESS EXCLUSIVE MODE").await;
    for path in ["", "/subscriptions/bump-sums"] {
        let answer = page.get(path).await;
        assert!(answer.body.contains(OLD) && answer.body.contains("bump-sums"), "{path}: {}", answer.body);
        assert!(answer.took < LATEST, "{path}: {:?}", answer.took);
    }
    let answer = page.get("/doctor").await;
    assert_eq!((answer.status.as_u16(), answer.took < LATEST), (504, true), "{}", answer.body);
    assert!(answer.body.contains("did not answer within 5 seconds"), "{}", answer.body);
    sqlx::raw_sql("ROLLBACK").execute(&mut holder).await.unwrap();
    drop(holder);
    eventually("the page is current", || async { !page.get("").await.body.contains(OLD) }).await;
    world.server.stop();
    let answer = page.get("").await;
    assert!(answer.body.contains(OLD) && answer.body.contains("bump-sums"), "{}", answer.body);
    for path in ["/events", "/streams", "/subscriptions/bump-sums/letters", "/operations"] {
        let answer = page.get(path).await;
        assert!(matches!(answer.status.as_u16(), 502 | 504) && answer.took < LATEST, "{path}: {:?}", answer.took);
        assert!(answer.body.contains("role=\"alert\""), "{path}: {}", answer.body);
    }
    world.server.resume();
    eventually("the page is current", || async { !page.get("").await.body.contains(OLD) }).await;
    assert!(page.get("/events").await.status.is_success());
}

#[tokio::test]
async fn page_says_who_holds_the_horizon() {
    let world = World::start().await;
    let page = world.page();
    let store = PostgresEventStore::new(&world.db);
    let mut holder = world.hold("").await;
    let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut holder).await.unwrap();
    let placed = vec![NewEvent::raw("OrderPlaced", 1, "{}")];
    let stream = StreamId::new("Order", uuid::Uuid::now_v7());
    store.append_in(&mut holder, &stream, ExpectedVersion::Any, placed).await.unwrap();
    bump(&store, [3]).await;
    let told = format!("pid {pid}");
    eventually("the page names the process", || async { page.get("").await.body.contains(&told) }).await;
    assert!(page.get("/doctor").await.body.contains(&told));
    sqlx::raw_sql("ROLLBACK").execute(&mut holder).await.unwrap();
    eventually("it is over", || async { !page.get("").await.body.contains(&told) }).await;
}
