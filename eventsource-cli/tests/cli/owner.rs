//! A process that runs the sums: this test program again, with `owner=` and its arguments.

use std::path::{Path, PathBuf};

use eventsource::postgres::{PostgresDatabase, PostgresOptions};
use eventsource::sqlite::SqliteDatabase;
use eventsource_tests::backend::Sql;
use eventsource_tests::child::Child;
use eventsource_tests::orphan::end_with_parent;

use crate::world::started;

/// Starts a process that runs the sums, and returns when it has started them.
pub(crate) fn start(world: &impl Sql, faults: &Path) -> Child {
    let mut arguments = vec![faults.to_str().unwrap().to_owned()];
    arguments.extend(world.arguments());
    let owner = format!("owner={}", arguments.join("\n"));
    let program = std::env::current_exe().unwrap();
    let arguments = ["--exact", "owner::owner_process", "--nocapture", &owner];
    let mut child = Child::start(program.to_str().unwrap(), arguments);
    while !child.line().ends_with("started") {}
    child
}

/// Does nothing if it is run as a test.
#[tokio::test(flavor = "multi_thread")]
async fn owner_process() {
    let Some(owner) = std::env::args().find_map(|argument| Some(argument.strip_prefix("owner=")?.to_owned())) else {
        return;
    };
    end_with_parent();
    let arguments: Vec<_> = owner.split('\n').collect();
    match arguments[..] {
        [faults, "sqlite", file] => {
            let db = SqliteDatabase::open(file).await.unwrap();
            run(started(db.event_store(), db.checkpoints(), &PathBuf::from(faults)).await).await;
        }
        [faults, "postgres", url, schema] => {
            let options = PostgresOptions::new(url).unwrap().schema(schema);
            let db = PostgresDatabase::open_with(options).await.unwrap();
            run(started(db.event_store(), db.checkpoints(), &PathBuf::from(faults)).await).await;
        }
        _ => panic!("unknown arguments: {arguments:?}"),
    }
}

async fn run<C>(_manager: C) {
    println!("\nstarted");
    std::future::pending().await
}
