//! A service that runs until a signal: a real process, which is sent them.

#![cfg(unix)]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use eventsource::causes;
use eventsource::prelude::*;
use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase, SqliteEventStore};
use eventsource::subscription::{ManagerError, Signal, shutdown_signal};
use eventsource_tests::domain::bump;
use eventsource_tests::rows::BumpRows;

/// A child that is killed when the test ends, however it ends.
struct Service {
    child: Child,
    said: BufReader<ChildStdout>,
    /// Open for as long as the test lives: a wait would close it.
    _stdin: Option<ChildStdin>,
}

impl Service {
    fn start(file: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_signal_child"));
        let child = child.arg(file).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.expect("the child starts");
        let said = BufReader::new(child.stdout.take().unwrap());
        let stdin = child.stdin.take();
        Self { child, said, _stdin: stdin }
    }

    /// The next line that it says.
    fn says(&mut self) -> String {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args(["-s", signal, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// That it ends well.
    fn ends(mut self) {
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct File {
    db: SqliteDatabase,
    folder: tempfile::TempDir,
}

impl File {
    async fn with(numbers: &[u64]) -> (Self, Position) {
        let folder = tempfile::tempdir().unwrap();
        let db = SqliteDatabase::open(folder.path().join("log.db")).await.unwrap();
        BumpRows::create_tables(db.pool()).await.unwrap();
        let position = bump(&SqliteEventStore::new(&db), numbers.iter().copied()).await;
        (Self { db, folder }, position)
    }

    fn service(&self) -> Service {
        Service::start(&self.folder.path().join("log.db"))
    }

    /// The rows, and where the checkpoint is.
    async fn left(&self) -> (Vec<i64>, Option<Position>) {
        let rows = BumpRows::rows(self.db.pool()).await.unwrap();
        let checkpoint = SqliteCheckpoints::new(&self.db).load("rows").await.unwrap();
        (rows.into_iter().map(|(_, by)| by).collect(), checkpoint.map(|checkpoint| checkpoint.position))
    }
}

#[tokio::test]
async fn a_signal_stops_it_with_everything_saved() {
    for signal in ["TERM", "INT"] {
        let (file, position) = File::with(&[1, 2, 3]).await;
        let mut service = file.service();
        assert_eq!(service.says(), "caught up");
        service.signal(signal);
        assert_eq!(service.says(), "stopping");
        assert_eq!(service.says(), format!("stopped by SIG{signal}"));
        service.ends();
        assert_eq!(file.left().await, (vec![1, 2, 3], Some(position)));
    }
}

#[tokio::test]
async fn a_second_signal_cuts_off_what_hangs_and_the_next_start_repeats_it() {
    for (first, second) in [("TERM", "TERM"), ("INT", "TERM"), ("TERM", "INT")] {
        let (file, _) = File::with(&[1, 666, 2]).await;
        let mut service = file.service();
        assert_eq!(service.says(), "hangs");
        service.signal(first);
        // It waits for its batch, which never ends.
        assert_eq!(service.says(), "stopping");
        service.signal(second);
        assert_eq!(service.says(), format!("SIG{first}, then SIG{second}: cut off [\"rows\"]"));
        service.ends();
        let (rows, position) = file.left().await;
        assert_eq!((rows, position), (vec![], Some(Position::START)), "what the batch did is undone");
        // Not a hair of it was kept: the next one finds it as it was.
        assert_eq!(file.service().says(), "hangs");
    }
}

#[tokio::test]
async fn run_ends_when_no_subscription_runs() {
    let (file, _) = File::with(&[1, 667, 2]).await;
    let mut service = file.service();
    let said: Vec<_> = (0..3).map(|_| service.says()).collect();
    assert!(said.contains(&"NothingRuns: faulted".to_owned()), "{said:?}");
    service.ends();
    assert_eq!(file.left().await.0, [1]);
}

#[test]
fn a_runtime_without_a_driver_for_signals_is_told() {
    let manager = SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let error = runtime.block_on(manager.run_until_signal()).unwrap_err();
    assert!(matches!(error, ManagerError::Signals { .. }), "{error}");
    assert!(causes(&error).to_string().contains("enable_io"), "{error}");
}

/// As a web server does: it drains while the subscriptions run, and they stop after it.
#[tokio::test]
async fn run_until_a_signal_stops_after_what_drains() {
    let (file, _) = File::with(&[1, 2, 3]).await;
    let store = SqliteEventStore::new(&file.db);
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), SqliteCheckpoints::new(&file.db));
    let rows = manager.subscribe(BumpRows, SubscriptionConfig::from_beginning().name("rows")).await.unwrap();
    let signal = shutdown_signal().unwrap();
    let sent = Command::new("kill").args(["-s", "TERM", &std::process::id().to_string()]).status().unwrap();
    assert!(sent.success());
    let (heard, position) = manager
        .run_until(async {
            let heard = signal.await;
            // What is appended by the last requests is applied, and can be waited for.
            let position = bump(&store, [4]).await;
            rows.wait_for(position).await.unwrap();
            (heard, position)
        })
        .await
        .unwrap();
    assert_eq!(heard, Signal::Terminate);
    assert_eq!(file.left().await, (vec![1, 2, 3, 4], Some(position)));
    assert!(!rows.inspect().await.state.is_running());
}

#[test]
fn a_signal_without_a_runtime_is_refused() {
    assert!(matches!(shutdown_signal().err(), Some(ManagerError::NoRuntime)));
}
