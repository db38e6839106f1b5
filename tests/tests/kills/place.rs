//! A database with a log of bumps, the children that project their sums, and an operator in a process without projections.

use std::path::PathBuf;
use std::time::Duration;

use eventsource::admin::{Admin, Asked, DatabaseAdmin};
use eventsource::prelude::*;
use eventsource::projection::LetterQuery;
use eventsource::projection::operations::{RequestState, StoredRequest};
use eventsource::subscription::Action;
use eventsource_tests::child::Child;
use eventsource_tests::domain::Bumped;
use eventsource_tests::sums::{BumpSums, SumRow};
use eventsource_tests::wait::DEADLINE;

use crate::world::{Sql, eventually};

/// The events: each has a stream of its own, and 7 fails.
const BUMPS: std::ops::Range<u64> = 0..30;
pub(crate) const FAILS: u64 = 7;

/// The event that faults the subscription, if it is appended.
const FAULTS: u64 = 100;

const fn by_number(by: u64) -> uuid::Uuid {
    uuid::Uuid::from_u128(by as u128)
}

/// A database with a log, and an operator in a process without projections.
pub(crate) struct Place<B> {
    pub(crate) backend: B,
    pub(crate) admin: Box<dyn Admin>,
    folder: tempfile::TempDir,
}

impl<B: Sql> Place<B> {
    pub(crate) async fn new() -> Self {
        let backend = B::open().await;
        backend.create_table::<SumRow>().await;
        let admin = Box::new(DatabaseAdmin::new(backend.checkpoints(), backend.store()));
        let place = Self { backend, admin, folder: tempfile::tempdir().unwrap() };
        for by in BUMPS {
            place.bump(by).await;
        }
        std::fs::write(place.faults(), FAILS.to_string()).unwrap();
        place
    }

    fn faults(&self) -> PathBuf {
        self.folder.path().join("faults")
    }

    /// From now on, no event fails.
    pub(crate) fn heal(&self) {
        std::fs::write(self.faults(), "").unwrap();
    }

    /// Appends a bump to a stream of its own.
    pub(crate) async fn bump(&self, by: u64) -> Position {
        let (stream, event) = (StreamId::new("Counter", by_number(by)), NewEvent::of(&Bumped { by }).unwrap());
        self.backend.store().append(&stream, ExpectedVersion::NoStream, vec![event]).await.unwrap().position()
    }

    /// Appends an event that faults the subscription, and waits until it does.
    pub(crate) async fn fault(&self) {
        std::fs::write(self.faults(), format!("{FAILS}\n{FAULTS} stop")).unwrap();
        self.bump(FAULTS).await;
        let state = || async { self.admin.subscription("sums").await.unwrap().state };
        eventually("it is faulted", || async { state().await == "faulted" }).await;
    }

    pub(crate) fn start(&self, step: u32, signal: &str) -> Child {
        self.child(self.faults().to_str().unwrap(), step, signal)
    }

    /// Starts an operator in a process of its own, who forgets the subscription and is killed before the call `step`.
    pub(crate) fn start_forgetter(&self, step: u32) -> Child {
        self.child("forget", step, "-KILL")
    }

    fn child(&self, what: &str, step: u32, signal: &str) -> Child {
        let what = [what.to_owned(), step.to_string(), signal.to_owned()];
        let mut child =
            Child::start(env!("CARGO_BIN_EXE_owner_child"), self.backend.arguments().into_iter().chain(what));
        assert_eq!(child.line(), "started");
        child
    }

    pub(crate) async fn carry_out(&self, action: Action) -> StoredRequest {
        self.admin.carry_out("sums", action, Asked::by("ada").within(DEADLINE)).await.unwrap()
    }

    /// Asks as an operator whose process ends at once, so that the owner serves a pause too.
    pub(crate) async fn ask(&self, action: &Action) -> uuid::Uuid {
        let request = action.request("sums", "ada", eventsource::event::now() + DEADLINE);
        self.backend.checkpoints().operations().unwrap().ask(&request).await.unwrap();
        request.id
    }

    /// Waits until the request is done.
    pub(crate) async fn done(&self, id: uuid::Uuid, what: &str) {
        let start = std::time::Instant::now();
        loop {
            let state = self.admin.request(id).await.unwrap().state;
            if matches!(state, RequestState::Done { .. }) {
                return;
            }
            let view = self.admin.subscription("sums").await.unwrap();
            assert!(state.is_open() && start.elapsed() < DEADLINE, "{what}: {state:?}, {view:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub(crate) async fn caught_up(&self) {
        self.admin.caught_up("sums", DEADLINE).await.unwrap();
    }

    pub(crate) async fn letters(&self, query: LetterQuery) -> usize {
        self.admin.letters("sums", query).await.unwrap().len()
    }

    /// Each event but `without` is applied once: the sums are those of a fold of the log.
    pub(crate) async fn assert_rows(&self, without: Option<u64>) {
        let rows = self.backend.rows::<SumRow>().find_stored(Query::all().order_by(SumRow::DIGIT.asc())).await;
        let rows = rows.unwrap();
        let bumps: Vec<_> = BUMPS.map(|by| (by as i64 + 1, by as i64)).collect();
        let bumps: Vec<_> = bumps.into_iter().filter(|(_, by)| without != Some(*by as u64)).collect();
        let found: Vec<SumRow> = rows.iter().map(|row| SumRow::clone(row)).collect();
        assert!(BumpSums::counted_once(&rows), "{rows:?}");
        // A retried event is applied after later ones: the last position is not compared.
        let sums = |rows: &[SumRow]| rows.iter().map(|row| (row.digit, row.total, row.bumps)).collect::<Vec<_>>();
        assert_eq!(sums(&found), sums(&BumpSums::fold(&bumps)));
    }
}
