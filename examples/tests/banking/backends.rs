//! Crashes on real databases: each process ends with its connections, wherever it is.

use std::path::Path;
use std::time::Duration;

use eventsource::SubscriptionConfig;
use eventsource::postgres::PostgresProjectionStates;
use eventsource::sqlite::SqliteProjectionStates;
use eventsource::testing::faults::Faults;
use tokio::runtime::Builder;
use tokio::time::timeout;

use crate::audit::audit;
use crate::branch::Result;
use crate::life::{crashes, live};
use crate::plan::{Answers, Plan};
use crate::{postgres, sqlite};

const PLAN: Plan = Plan { seed: 11, operations: 40 };

/// The life of a process that crashes.
const CRASHED: Duration = Duration::from_secs(2);

/// What the last process must have done within this time.
const DEADLINE: Duration = Duration::from_secs(60);

async fn on_sqlite(file: &Path, faults: &Faults) -> Result<Answers> {
    let db = sqlite::open(file).await?;
    let (store, checkpoints) = (db.event_store(), db.checkpoints());
    live(store, checkpoints, SqliteProjectionStates::new(&db), sqlite::rows(&db), PLAN, faults).await
}

async fn on_postgres(schema: &str, faults: &Faults) -> Result<Answers> {
    let db = postgres::open(eventsource_tests::postgres::url(), schema).await?;
    let (store, checkpoints) = (db.event_store(), db.checkpoints());
    live(store, checkpoints, PostgresProjectionStates::new(&db), postgres::rows(&db), PLAN, faults).await
}

/// Three processes that crash, and one that does the rest. Its audit is clean, or it fails.
fn crash_and_finish(life: impl AsyncFn(&Faults) -> Result<Answers>) {
    let process = |time: Duration, faults: &Faults| {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { timeout(time, life(faults)).await })
    };
    for seed in 1..=3 {
        let _ = process(CRASHED, &crashes(seed));
    }
    let answers = process(DEADLINE, &Faults::new()).unwrap().unwrap();
    assert!(answers.transfers > 0);
}

#[test]
fn crashes_on_sqlite_lose_no_money() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bank.db");
    crash_and_finish(async |faults| on_sqlite(&file, faults).await);
    // A further process, which has nothing to do, finds the same.
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let branch = sqlite::start(&sqlite::open(&file).await.unwrap(), SubscriptionConfig::default()).await.unwrap();
        branch.settled().await.unwrap();
        assert_eq!(audit(&branch).await.unwrap().faults, Vec::<String>::new());
        branch.stop().await.unwrap();
    });
}

#[test]
fn crashes_on_postgres_lose_no_money() {
    let schema = format!("banking_{}", uuid::Uuid::now_v7().simple());
    crash_and_finish(async |faults| on_postgres(&schema, faults).await);
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let db = postgres::open(eventsource_tests::postgres::url(), &schema).await.unwrap();
        let branch = postgres::start(&db, SubscriptionConfig::default()).await.unwrap();
        branch.settled().await.unwrap();
        assert_eq!(audit(&branch).await.unwrap().faults, Vec::<String>::new());
        branch.stop().await.unwrap();
        postgres::remove(&db, &schema).await.unwrap();
    });
}
