//! Through PgBouncer in transaction mode: migrating, appending, projecting.

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use eventsource::prelude::*;
use eventsource::sqlx::{self, Connection as _, PgConnection};
use eventsource::store::postgres::PostgresOptions;
use eventsource_tests::domain::bump;
use eventsource_tests::postgres::{Schema, unprivileged, url};
use eventsource_tests::wait::eventually;

use crate::world::World;

/// A pooler in front of the shared database, on a port of its own; it ends with the test.
struct Pooler {
    child: Child,
    url: String,
    _folder: tempfile::TempDir,
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]).map(|path| path.join("pgbouncer"));
    found
        .into_iter()
        .find(|program| Path::exists(program))
        .expect("this test needs PgBouncer: run `tests/setup` as root, which installs it (apt-get install pgbouncer)")
}

impl Pooler {
    async fn start() -> Self {
        let server: sqlx::postgres::PgConnectOptions = url().parse().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (user, database) = (server.get_username(), server.get_database().unwrap_or(server.get_username()));
        // The password, if there is one, is what stands between the user's name and the host.
        let password = url().split_once("://").and_then(|(_, rest)| rest.rsplit_once('@')).map_or("", |(who, _)| who);
        let password = password.split_once(':').map_or(String::new(), |(_, password)| format!(" password={password}"));
        // Two connections of the server's for many clients: whoever counts on having one for himself is found out.
        let ini = format!(
            "[databases]\npooled = host={} port={} dbname={database} user={user}{password}\n\
             [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n\
             pool_mode = transaction\ndefault_pool_size = 2\nmax_client_conn = 100\nserver_reset_query =\n\
             ignore_startup_parameters = extra_float_digits\n",
            server.get_host(),
            server.get_port()
        );
        std::fs::write(folder.path().join("pgbouncer.ini"), ini).unwrap();
        let mut command = unprivileged(program().to_str().unwrap(), folder.path());
        command.arg(folder.path().join("pgbouncer.ini")).stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.stderr(Stdio::null()).spawn().unwrap();
        let pooler = Self { child, url: format!("postgres://{user}@127.0.0.1:{port}/pooled"), _folder: folder };
        eventually("the pooler answers", || async { PgConnection::connect(&pooler.url).await.is_ok() }).await;
        pooler
    }

    fn options(&self, schema: &Schema) -> PostgresOptions {
        PostgresOptions::new(&self.url).unwrap().schema(schema.name()).pooler_mode(true).connections(8)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_works_through_a_transaction_pooler() {
    let pooler = Pooler::start().await;
    let schema = Schema::unmade();
    let options = pooler.options(&schema);
    let (one, other) = tokio::join!(options.migrate(), options.migrate());
    one.and(other).unwrap();
    let world = World::on(schema, |_| options).await;
    let manager = world.manager();
    let config =
        || SubscriptionConfig::default().batch_size(7).unwrap().poll_interval(Duration::from_millis(50)).unwrap();
    let rows = manager.subscribe(world.rows.clone(), config()).await.unwrap();
    let seen = manager.subscribe(eventsource_tests::domain::Seen::default(), config()).await.unwrap();
    manager.start().await.unwrap();
    let writers: Vec<_> = (0..6)
        .map(|writer: u64| {
            let store = world.store.clone();
            tokio::spawn(async move {
                for n in 0..25 {
                    let stream = StreamId::new("Counter", uuid::Uuid::now_v7());
                    let event = eventsource_tests::domain::Bumped { by: writer * 100 + n };
                    let event = vec![NewEvent::of(&event).unwrap()];
                    store.append(&stream, ExpectedVersion::NoStream, event).await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    bump(&world.store, [7, 8]).await;
    rows.caught_up().within(Duration::from_secs(60)).await.unwrap();
    seen.caught_up().await.unwrap();
    assert_eq!(world.numbers().await.len(), 152);
    world.assert_rows_equal_the_log().await;
    assert_eq!(rows.status().await.last_error, None, "a pooler is no outage");
    assert!(rows.status().await.state.is_running());
    assert!(world.store.horizon_holders().await.unwrap().is_empty());
    manager.stop().await.unwrap();
    // No session of the server's keeps anything: no setting, no statement, no lock.
    let mut conn = PgConnection::connect(&pooler.url).await.unwrap();
    let left = "SELECT (SELECT count(*) FROM pg_prepared_statements WHERE name <> '') + (SELECT count(*) FROM pg_locks \
                WHERE locktype = 'advisory' AND pid = pg_backend_pid()), current_setting('idle_in_transaction_session_timeout')";
    for _ in 0..4 {
        let row = sqlx::raw_sql(left).fetch_one(&mut conn).await.unwrap();
        let (left, timeout): (i64, String) = sqlx::FromRow::from_row(&row).unwrap();
        assert_eq!((left, timeout.as_str()), (0, "0"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_connects_directly_hears_what_passes_the_pooler() {
    let pooler = Pooler::start().await;
    let schema = Schema::migrated().await;
    let options = pooler.options(&schema).listener_url(url()).unwrap();
    let world = World::on(schema, |_| options).await;
    let manager = world.manager();
    let config = SubscriptionConfig::default().poll_interval(Duration::from_secs(600)).unwrap();
    let rows = manager.subscribe(world.rows.clone(), config).await.unwrap();
    manager.start().await.unwrap();
    rows.caught_up().await.unwrap();
    let other = eventsource::store::postgres::PostgresDatabase::open_with(pooler.options(&world.schema)).await.unwrap();
    let other = eventsource::store::postgres::PostgresEventStore::new(&other);
    // The listener's first wake-up comes when it listens; an append before that is found by it as well.
    let position = bump(&other, [1]).await;
    rows.wait_for(position).within(Duration::from_secs(20)).await.unwrap();
}
