//! Through PgBouncer in transaction mode: migrating, appending, projecting.

use std::time::Duration;

use eventsource::postgres::PostgresOptions;
use eventsource::prelude::*;
use eventsource::sqlx::postgres::PgConnectOptions;
use eventsource::sqlx::{self, Connection as _, PgConnection};
use eventsource_tests::domain::{Bumped, bump};
use eventsource_tests::postgres::{Pooler, Schema, url};
use eventsource_tests::wait::{DEADLINE, eventually};

use crate::world::{World, quick};

#[tokio::test(flavor = "multi_thread")]
async fn transaction_pooler_serves_all_operations() {
    let pooler = Pooler::start().await;
    let schema = Schema::unmade();
    let options = pooler.options(&schema);
    let (one, other) = tokio::join!(options.migrate(), options.migrate());
    one.and(other).unwrap();
    let world = World::on(schema, |_| options).await;
    let manager = world.manager();
    let config = || SubscriptionConfig::default().batch_size(7).poll_interval(Duration::from_millis(50));
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
    assert_eq!(rows.inspect().await.last_error, None, "a pooler is no outage");
    assert!(rows.inspect().await.state.is_running());
    assert!(world.store.horizon_holders().await.unwrap().is_empty());
    manager.stop().await.unwrap();
    // No session of the server's keeps anything: no setting, no statement, no lock.
    let mut conn = PgConnection::connect(pooler.url()).await.unwrap();
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
    let config = SubscriptionConfig::default().poll_interval(Duration::from_secs(600));
    let rows = manager.subscribe(world.rows.clone(), config).await.unwrap();
    manager.start().await.unwrap();
    rows.caught_up().await.unwrap();
    let other = eventsource::postgres::PostgresDatabase::open_with(pooler.options(&world.schema)).await.unwrap();
    let other = eventsource::postgres::PostgresEventStore::new(&other);
    // The listener's first wake-up comes when it listens; an append before that is found by it as well.
    let position = bump(&other, [1]).await;
    rows.wait_for(position).within(Duration::from_secs(20)).await.unwrap();
}

const NAME: &str = "named-through-a-pooler";

/// Changes the session at event 2, and fails where the settings are not those of its client.
struct Changes;

#[projection(name = "changes")]
impl Changes {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Event<Bumped>, db: &mut PgConnection) -> Result<(), HandlerError> {
        let sql = "SELECT current_setting('application_name'), current_setting('bytea_output')";
        let row = sqlx::raw_sql(sql).fetch_one(&mut *db).await?;
        let found: (String, String) = sqlx::FromRow::from_row(&row)?;
        if found != (NAME.to_owned(), "hex".to_owned()) {
            return Err(HandlerError::permanent(format!("{found:?} at position {}", event.position())));
        }
        if event.by == 2 {
            let sql = format!(
                "SET application_name = 'another'; SET TimeZone = 'Asia/Tokyo'; SET bytea_output = 'escape'; \
                               SET application_name = '{NAME}'"
            );
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(db).await?;
        }
        Ok(())
    }
}

/// What the pooler sets for a client is no change of a handler's, and stays when a session is made as new.
#[tokio::test(flavor = "multi_thread")]
async fn settings_of_a_pooled_client_stay_and_only_a_handlers_changes_are_named() {
    let pooler = Pooler::start().await;
    let schema = Schema::migrated().await;
    let connect: PgConnectOptions = pooler.url().parse().unwrap();
    let options = PostgresOptions::from_connect_options(connect.application_name(NAME));
    let options = options.schema(schema.name()).pooler_mode(true).connections(8);
    let world = World::on(schema, |_| options).await;
    let manager = world.manager();
    let config = quick(1).batch_size(2).poll_interval(Duration::from_millis(50));
    let changes = manager.subscribe(Changes, config).await.unwrap();
    bump(&world.store, [1, 2]).await;
    manager.start().await.unwrap();
    for by in 3..30 {
        let position = bump(&world.store, [by]).await;
        changes.wait_for(position).within(Duration::from_secs(20)).await.unwrap();
    }
    let noted = changes.inspect().await.last_error.unwrap();
    assert!(noted.contains("changed its connection (TimeZone, bytea_output)"), "{noted}");
}

/// Statements that another client has prepared, or that stay on another server connection, are met sooner or later.
#[tokio::test(flavor = "multi_thread")]
async fn forgotten_pooler_mode_is_named_in_the_error_of_an_append_and_in_the_status() {
    let pooler = Pooler::start().await;
    let world = World::new().await;
    let options = pooler.options(&world.schema).pooler_mode(false);
    let db = eventsource::postgres::PostgresDatabase::open_with(options).await.unwrap();
    let store = eventsource::postgres::PostgresEventStore::new(&db);
    let remedy = "PostgresOptions::pooler_mode(true)";
    eventually("an append names the option", || async {
        let event = vec![NewEvent::of(&Bumped { by: 1 }).unwrap()];
        let stream = StreamId::new("Counter", uuid::Uuid::now_v7());
        let refused = store.append(&stream, ExpectedVersion::NoStream, event).await;
        refused.is_err_and(|error| HandlerError::from(error).to_string().contains(remedy))
    })
    .await;
    let checkpoints = eventsource::postgres::PostgresCheckpoints::new(&db);
    let manager = SubscriptionManager::new(store, MemoryEventBus::new(), checkpoints);
    let config = SubscriptionConfig::default().poll_interval(Duration::from_millis(50));
    // It loads the checkpoint, which may meet such a statement as well.
    let subscribed = async {
        loop {
            match manager.subscribe(world.rows.clone(), config.clone()).await {
                Ok(handle) => break handle,
                Err(error) => {
                    let error = HandlerError::from(error).to_string();
                    assert!(error.contains(remedy), "{error}");
                }
            }
        }
    };
    let handle = tokio::time::timeout(DEADLINE, subscribed).await.expect("a subscription");
    manager.start().await.unwrap();
    eventually("the status names the option", || async {
        bump(&world.store, [1]).await;
        handle.inspect().await.last_error.is_some_and(|error| error.contains(remedy))
    })
    .await;
    // The count may meet such a statement too.
    eventually("no event is to blame", || async {
        handle.inspect().await.dead_letters.is_ok_and(|letters| letters == 0)
    })
    .await;
    drop(manager);
}
