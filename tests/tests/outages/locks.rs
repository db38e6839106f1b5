//! Tables that another connection has locked: no subscription is live without a reason, and it goes on by itself.

use eventsource::sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqliteConnection};
use eventsource_tests::backend::{Backend, Postgres, Sql as _, Sqlite};
use eventsource_tests::wait::{DEADLINE, eventually};

use crate::scripted::{PgScripted, Script, SqliteScripted, bump_apart, reason_with, strict};

/// The state names what is waited for while `table` is locked, and the subscription goes on afterwards.
async fn while_locked(table: &str, texts: &[&str]) {
    let backend = Postgres::open().await;
    backend.execute("CREATE TABLE rows (n bigserial, by bigint)").await;
    let schema = backend.schema.name().to_owned();
    let insert = format!("INSERT INTO {schema}.rows (by) VALUES ($1)");
    let manager = backend.manager();
    let handle = manager.subscribe(PgScripted { script: Script::default(), insert }, strict()).await.unwrap();
    manager.start().await.unwrap();
    let first = bump_apart(&backend.store(), [1]).await;
    handle.wait_for(first).within(DEADLINE).await.unwrap();
    let mut other = PgConnection::connect(backend.schema.url()).await.unwrap();
    let mut lock = other.begin().await.unwrap();
    lock.execute(AssertSqlSafe(format!("LOCK TABLE {schema}.{table} IN ACCESS EXCLUSIVE MODE"))).await.unwrap();
    let appended = async {
        // Where the log itself is locked, the append waits as well.
        bump_apart(&backend.store(), [2]).await
    };
    let released = async {
        let reason = reason_with(&handle, texts).await;
        lock.rollback().await.unwrap();
        reason
    };
    let (last, _) = tokio::join!(appended, released);
    handle.wait_for(last).within(DEADLINE).await.unwrap();
    eventually("it is live again", || async { handle.inspect().await.state.name() == "live" }).await;
    assert_eq!(backend.ask("SELECT string_agg(by::text, ' ' ORDER BY n) FROM {schema}.rows").await, "1 2");
    assert_eq!(handle.dead_letters().list().await.unwrap(), []);
}

#[tokio::test]
async fn locked_checkpoint_table_is_named_in_the_state() {
    while_locked("eventsource_checkpoints", &["for more than 2s", "such as a lock"]).await;
}

#[tokio::test]
async fn locked_read_model_is_named_with_the_event_in_the_state() {
    while_locked("rows", &["`Bumped` at position 2 has run for more than 2s"]).await;
}

#[tokio::test]
async fn locked_log_is_named_in_the_state() {
    while_locked("eventsource_events", &["for more than 2s"]).await;
}

#[tokio::test]
async fn locked_file_is_named_in_the_state() {
    let backend = Sqlite::open().await;
    backend.execute("CREATE TABLE rows (n INTEGER PRIMARY KEY, by INTEGER)").await;
    let insert = "INSERT INTO rows (by) VALUES (?1)".to_owned();
    let manager = backend.manager();
    let handle = manager.subscribe(SqliteScripted { script: Script::default(), insert }, strict()).await.unwrap();
    let last = bump_apart(&backend.store(), [1]).await;
    let url = format!("sqlite://{}", backend.arguments()[1]);
    let mut other = SqliteConnection::connect(&url).await.unwrap();
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    manager.start().await.unwrap();
    reason_with(&handle, &["database", "lock"]).await;
    other.execute("ROLLBACK").await.unwrap();
    handle.wait_for(last).within(DEADLINE).await.unwrap();
    assert_eq!(handle.dead_letters().list().await.unwrap(), []);
}
