//! Connections that are lost: who asks is answered on another one, and nothing is stored twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use eventsource::postgres::{PostgresDatabase, PostgresEventStore, PostgresOptions};
use eventsource::prelude::*;
use eventsource::sqlx::{self, Connection as _, PgConnection};
use eventsource::testing::faults::{Fault, Faults, FaultyCheckpoints, Point};
use eventsource::{AppendError, ReadStream};
use eventsource_tests::domain::bump;
use eventsource_tests::postgres::{Schema, Server};
use eventsource_tests::wait::eventually;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use uuid::Uuid;

use crate::world::World;

fn order() -> StreamId {
    StreamId::new("Order", Uuid::now_v7())
}

fn placed() -> Vec<NewEvent> {
    (0..2).map(|_| NewEvent::raw("OrderPlaced", 1, "{}")).collect()
}

/// As many connections in the pool as it takes, all idle.
async fn warm(db: &PostgresDatabase, connections: usize) {
    eventually("all are idle", || async {
        let mut held = Vec::new();
        for _ in 0..connections {
            held.push(db.pool().acquire().await.unwrap());
        }
        // Each is tested when it is given back, and closed where it is gone.
        drop(held);
        tokio::time::sleep(Duration::from_millis(5)).await;
        db.pool().num_idle() >= connections
    })
    .await;
}

async fn assert_answers(store: &PostgresEventStore) {
    let stream = order();
    let appended = store.append(&stream, ExpectedVersion::NoStream, placed()).await.unwrap();
    assert_eq!(store.read_stream(&stream, ReadStream::forward()).await.unwrap().len(), 2);
    assert_eq!(store.head().await.unwrap(), appended.position());
}

#[tokio::test]
async fn terminated_idle_connections_cause_no_error() {
    let schema = Schema::migrated().await;
    let name = format!("idle-{}", Uuid::now_v7().simple());
    let connect: sqlx::postgres::PgConnectOptions = schema.url().parse().unwrap();
    let options = PostgresOptions::from_connect_options(connect.application_name(&name)).schema(schema.name());
    let db = PostgresDatabase::open_with(options).await.unwrap();
    let store = PostgresEventStore::new(&db);
    let mut killer = PgConnection::connect(schema.url()).await.unwrap();
    for _ in 0..10 {
        warm(&db, 8).await;
        let sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = $1";
        let ended: i64 = sqlx::query_scalar(sql).bind(&name).fetch_one(&mut killer).await.unwrap();
        assert!(ended >= 8, "{ended}");
        assert_answers(&store).await;
    }
}

#[tokio::test]
async fn a_server_that_was_started_again_answers_at_once() {
    let mut server = Server::start();
    let schema = Schema::unmade_on(&server.url());
    schema.options().migrate().await.unwrap();
    let world = World::on(schema, |options| options).await;
    for _ in 0..3 {
        warm(&world.db, 8).await;
        server.stop();
        server.resume();
        assert_answers(&world.store).await;
    }
}

/// A way to the server on which the next answer is swallowed, and the connection with it, when a test says so.
struct Lossy {
    url: String,
    swallow: Arc<AtomicBool>,
}

impl Lossy {
    async fn before(schema: &Schema) -> Self {
        let server: sqlx::postgres::PgConnectOptions = schema.url().parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = format!("{}:{}", server.get_host(), server.get_port());
        let url = schema.url().replace(&place, &listener.local_addr().unwrap().to_string());
        let swallow = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&swallow);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&place).await.unwrap();
                let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
                    (client.into_split(), server.into_split());
                tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
                let swallow = Arc::clone(&told);
                tokio::spawn(async move {
                    let mut answer = vec![0; 65_536];
                    while let Ok(bytes @ 1..) = from_server.read(&mut answer).await {
                        if swallow.swap(false, Ordering::SeqCst) || to_client.write_all(&answer[..bytes]).await.is_err()
                        {
                            break;
                        }
                    }
                });
            }
        });
        Self { url, swallow }
    }
}

#[tokio::test]
async fn an_append_whose_answer_is_lost_is_stored_once_and_answered() {
    let schema = Schema::migrated().await;
    let lossy = Lossy::before(&schema).await;
    for pooler_mode in [false, true] {
        let options = PostgresOptions::new(&lossy.url).unwrap().schema(schema.name()).pooler_mode(pooler_mode);
        let db = PostgresDatabase::open_with(options).await.unwrap();
        let store = PostgresEventStore::new(&db);
        // Where the statement is known on the connection, the next answer is that of the append; through a pooler it
        // is that of an earlier message, by which nothing was stored.
        let stream = order();
        for (expected, version) in [
            (ExpectedVersion::NoStream, 2),
            (ExpectedVersion::Exact(2), 4),
            (ExpectedVersion::StreamExists, 6),
            (ExpectedVersion::Any, 8),
        ] {
            store.append(&order(), ExpectedVersion::Any, placed()).await.unwrap();
            eventually("others were notified", || async { db.pool().num_idle() == db.pool().size() as usize }).await;
            lossy.swallow.store(true, Ordering::SeqCst);
            let appended = store.append(&stream, expected, placed()).await.unwrap();
            assert!(!lossy.swallow.load(Ordering::SeqCst), "an answer was swallowed");
            let stored = store.read_stream(&stream, ReadStream::forward()).await.unwrap();
            assert_eq!(stored.len(), version);
            assert_eq!(stored[version - 2..], *appended.events(), "as it was stored");
        }
        // The event of another writer in the way is still a conflict.
        lossy.swallow.store(true, Ordering::SeqCst);
        let refused = store.append(&stream, ExpectedVersion::Exact(7), placed()).await.unwrap_err();
        assert!(matches!(refused, AppendError::Conflict { actual: 8, .. }), "{refused}");
    }
}

/// A commit that the server is still about to make, on a connection that its client has lost, is not taken for one that
/// was not made: it would be made twice, or fence the one that makes it.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_is_still_on_its_way_is_waited_for() {
    let (world, faults) = (World::new().await, Faults::new());
    let checkpoints = FaultyCheckpoints::new(world.checkpoints.clone(), &faults);
    let manager = SubscriptionManager::new(world.store.clone(), MemoryEventBus::new(), checkpoints);
    // So long that no renewal happens meanwhile.
    let config = SubscriptionConfig::default().lease(Duration::from_secs(3_600));
    let rows = manager.subscribe(world.rows.clone(), config).await.unwrap();
    manager.start().await.unwrap();
    rows.caught_up().await.unwrap();
    // Whatever is asked next is asked when the lost connection has written.
    for (point, fault) in [
        (Point::Commit, Fault::Fail),
        (Point::Load, Fault::Delay(Duration::from_secs(1))),
        (Point::Renew, Fault::Delay(Duration::from_secs(1))),
    ] {
        faults.next(point, fault, 1);
    }
    let mut lost = world.schema.connect().await;
    let position = bump(&world.store, [5]).await;
    assert_eq!(position, Position::new(1));
    eventually("its commit has no answer", || async { faults.count(Point::Commit) == 1 }).await;
    let step = "BEGIN; INSERT INTO bumps (position, by) VALUES (1, 5); INSERT INTO bump_sum VALUES (1, 5); \
                UPDATE eventsource_checkpoints SET position = 1 WHERE name = 'bump-rows'";
    sqlx::raw_sql(step).execute(&mut lost).await.unwrap();
    let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut lost).await.unwrap();
    eventually("a session waits for the row of the checkpoint", || async {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))";
        sqlx::query_scalar::<_, i64>(sql).bind(pid).fetch_one(world.db.pool()).await.unwrap() > 0
    })
    .await;
    sqlx::raw_sql("COMMIT").execute(&mut lost).await.unwrap();
    rows.wait_for(position).await.unwrap();
    rows.wait_for(bump(&world.store, [6]).await).await.unwrap();
    world.assert_rows_equal_the_log().await;
}
