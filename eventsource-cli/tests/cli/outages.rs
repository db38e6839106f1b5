//! A database that hangs, or is locked.

use std::time::{Duration, Instant};

use eventsource::sqlx::{self, Connection as _, SqliteConnection};
use eventsource_tests::backend::{Sql as _, Sqlite};
use eventsource_tests::child::Child;
use eventsource_tests::postgres::{Schema, Server};
use serde_json::Value;

use crate::program::{Ran, done, run};
use crate::world::with_letter;

/// How long a program may take to start and to end on a busy machine.
const SLACK: Duration = Duration::from_secs(20);

fn out_of_reach(ran: &Ran) {
    assert_eq!(ran.code, 6, "{ran:?}");
}

#[tokio::test]
async fn server_that_hangs_ends_each_command_within_its_limit() {
    let mut server = Server::start();
    let schema = Schema::unmade_on(&server.url());
    let database = vec!["postgres".to_owned(), schema.url().to_owned(), schema.name().to_owned()];
    done(&database, &["migrate", "--yes"]).await;
    let watched = ["--database", schema.url(), "--schema", schema.name(), "--json", "--timeout", "2s"];
    let mut watched = Child::start(env!("CARGO_BIN_EXE_eventsource"), watched.iter().chain(&["status", "--watch"]));
    let sample: Value = serde_json::from_str(&watched.line()).unwrap();
    assert_eq!(sample["format"], 1, "{sample}");
    server.freeze();
    let start = Instant::now();
    assert_eq!(watched.code(), Some(6), "it was connected");
    assert!(start.elapsed() < Duration::from_secs(2) + SLACK, "{:?}", start.elapsed());
    for arguments in [
        &["status"][..],
        &["letters", "list", "sums"],
        &["events", "tail", "--no-follow"],
        &["wait", "sums"],
        &["pause", "sums", "--yes"],
        &["rebuild", "sums", "--yes"],
        &["doctor"],
        &["migrate", "--print"],
        &["migrate", "--yes"],
    ] {
        let start = Instant::now();
        let mut limited = vec!["--timeout", "1s"];
        limited.extend(arguments);
        let ran = run(&database, &limited).await;
        out_of_reach(&ran);
        assert!(!ran.err.is_empty() && ran.out.is_empty(), "{arguments:?}: {ran:?}");
        assert!(start.elapsed() < Duration::from_secs(1) + SLACK, "{arguments:?}: {:?}", start.elapsed());
    }
    server.thaw();
    done(&database, &["status"]).await;
}

#[tokio::test]
async fn locked_file_ends_a_change_within_its_limit_and_says_so() {
    let (world, _folder) = with_letter::<Sqlite>().await;
    let mut owner = SqliteConnection::connect(&world.file()).await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut owner).await.unwrap();
    let database = world.arguments();
    let paused = run(&database, &["pause", "sums", "--yes", "--timeout", "1s"]).await;
    out_of_reach(&paused);
    assert!(paused.err.contains("lock"), "{paused:?}");
    done(&database, &["status"]).await;
    sqlx::raw_sql("ROLLBACK").execute(&mut owner).await.unwrap();
    done(&database, &["pause", "sums", "--yes"]).await;
}
