//! The owner of a subscription is killed, or stopped, between every two steps of each action that an operator asks for.
//! The next owner does it: the request ends as done, and its effect is there once.

use std::path::PathBuf;
use std::time::Duration;

use eventsource::admin::{Admin, Asked, DatabaseAdmin};
use eventsource::prelude::*;
use eventsource::projection::operations::{RequestState, StoredRequest};
use eventsource::projection::{LetterQuery, LetterSearch};
use eventsource::subscription::{Action, LetterSelection, RebuildKind};
use eventsource_tests::child::Child;
use eventsource_tests::domain::Bumped;
use eventsource_tests::sums::{BumpSums, SumRow};
use eventsource_tests::wait::DEADLINE;

use crate::world::{Postgres, Sql, Sqlite, eventually};

/// The events: each has a stream of its own, and 7 fails.
const BUMPS: std::ops::Range<u64> = 0..30;
const FAILS: u64 = 7;

/// The event that faults the subscription, if it is appended.
const FAULTS: u64 = 100;

const fn by_number(by: u64) -> uuid::Uuid {
    uuid::Uuid::from_u128(by as u128)
}

/// A database with a log, and an operator in a process without projections.
struct Place<B> {
    backend: B,
    admin: Box<dyn Admin>,
    folder: tempfile::TempDir,
}

impl<B: Sql> Place<B> {
    async fn new() -> Self {
        let backend = B::open().await;
        backend.create_table::<SumRow>().await;
        for by in BUMPS {
            let (stream, event) = (StreamId::new("Counter", by_number(by)), NewEvent::of(&Bumped { by }).unwrap());
            backend.store().append(&stream, ExpectedVersion::NoStream, vec![event]).await.unwrap();
        }
        let admin = Box::new(DatabaseAdmin::new(backend.checkpoints(), backend.store()));
        let place = Self { backend, admin, folder: tempfile::tempdir().unwrap() };
        std::fs::write(place.faults(), FAILS.to_string()).unwrap();
        place
    }

    fn faults(&self) -> PathBuf {
        self.folder.path().join("faults")
    }

    /// From now on, no event fails.
    fn heal(&self) {
        std::fs::write(self.faults(), "").unwrap();
    }

    /// Appends an event that faults the subscription, and waits until it does.
    async fn fault(&self) {
        std::fs::write(self.faults(), format!("{FAILS}\n{FAULTS} stop")).unwrap();
        let (stream, event) =
            (StreamId::new("Counter", by_number(FAULTS)), NewEvent::of(&Bumped { by: FAULTS }).unwrap());
        self.backend.store().append(&stream, ExpectedVersion::NoStream, vec![event]).await.unwrap();
        let state = || async { self.admin.subscription("sums").await.unwrap().state };
        eventually("it is faulted", || async { state().await == "faulted" }).await;
    }

    fn start(&self, step: u32, signal: &str) -> Child {
        let what = [self.faults().to_str().unwrap().to_owned(), step.to_string(), signal.to_owned()];
        let mut child =
            Child::start(env!("CARGO_BIN_EXE_owner_child"), self.backend.arguments().into_iter().chain(what));
        assert_eq!(child.line(), "started");
        child
    }

    async fn carry_out(&self, action: Action) -> StoredRequest {
        self.admin.carry_out("sums", action, Asked::by("ada").within(DEADLINE)).await.unwrap()
    }

    /// Asks as an operator whose process ends at once, so that the owner serves a pause too.
    async fn ask(&self, action: &Action) -> uuid::Uuid {
        let request = action.request("sums", "ada", eventsource::event::now() + DEADLINE);
        self.backend.checkpoints().operations().unwrap().ask(&request).await.unwrap();
        request.id
    }

    /// Waits until the request is done.
    async fn done(&self, id: uuid::Uuid, what: &str) {
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

    async fn caught_up(&self) {
        self.admin.caught_up("sums", DEADLINE).await.unwrap();
    }

    async fn letters(&self, query: LetterQuery) -> usize {
        self.admin.letters("sums", query).await.unwrap().len()
    }

    /// Each event but `without` is applied once: the sums are those of a fold of the log.
    async fn assert_rows(&self, without: Option<u64>) {
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

/// An action, what is done before it, and how its effect is seen.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Case {
    Pause,
    Resume,
    Restart,
    RebuildInPlace,
    RebuildSideBySide,
    CancelRebuild,
    RetryLetters,
    RetryMatching,
    DismissLetters,
    DismissMatching,
    Skip,
}

impl Case {
    const ALL: [Self; 11] = [
        Self::Pause,
        Self::Resume,
        Self::Restart,
        Self::RebuildInPlace,
        Self::RebuildSideBySide,
        Self::CancelRebuild,
        Self::RetryLetters,
        Self::RetryMatching,
        Self::DismissLetters,
        Self::DismissMatching,
        Self::Skip,
    ];

    async fn prepare<B: Sql>(self, place: &Place<B>) {
        let prepared = match self {
            Self::Resume => Action::Pause { reason: String::new() },
            Self::RetryLetters | Self::RetryMatching => return place.heal(),
            Self::Skip => return place.fault().await,
            _ => return,
        };
        place.carry_out(prepared).await;
    }

    async fn action<B: Sql>(self, place: &Place<B>) -> Action {
        match self {
            Self::Pause => Action::Pause { reason: "an upgrade".into() },
            Self::Resume => Action::Resume {},
            Self::Restart => Action::Restart {},
            Self::RebuildInPlace => Action::Rebuild { kind: RebuildKind::InPlace },
            Self::RebuildSideBySide => Action::Rebuild { kind: RebuildKind::SideBySide },
            Self::CancelRebuild => Action::CancelRebuild {},
            Self::RetryLetters => Action::RetryLetters { letters: LetterSelection::All },
            Self::RetryMatching => {
                let search = Box::new(LetterSearch::default().error("never"));
                Action::RetryLetters { letters: LetterSelection::Matching(search) }
            }
            Self::DismissMatching => {
                let search = Box::new(LetterSearch::default().error("never"));
                Action::DismissMatching { search, reason: "free of charge".into() }
            }
            Self::Skip => {
                let from = place.admin.subscription("sums").await.unwrap().position;
                let to = Position::new(from.value() + 1);
                Action::Skip { from, to, reason: "a test order".into() }
            }
            Self::DismissLetters => {
                let letters = place.admin.letters("sums", LetterQuery::parking()).await.unwrap();
                let positions = letters.iter().map(|letter| letter.position).collect();
                Action::DismissLetters { positions, reason: "free of charge".into() }
            }
        }
    }

    async fn check<B: Sql>(self, place: &Place<B>) {
        let view = || async { place.admin.subscription("sums").await.unwrap() };
        match self {
            Self::Pause => {
                eventually("it is paused", || async { view().await.state == "paused" }).await;
                assert_eq!(view().await.pause.unwrap().reason, "an upgrade");
                return place.assert_rows(Some(FAILS)).await;
            }
            Self::RebuildSideBySide | Self::CancelRebuild => {
                let start = std::time::Instant::now();
                while view().await.next_generation.is_some() {
                    assert!(start.elapsed() < DEADLINE, "a next generation is left: {:#?}", view().await);
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }
            Self::Resume => assert_eq!(view().await.pause, None),
            Self::Skip => {
                place.caught_up().await;
                assert_eq!(view().await.skipped.len(), 1);
            }
            Self::RebuildInPlace => {
                eventually("it is rebuilt", || async { view().await.rebuild_to.is_none() }).await;
            }
            Self::Restart | Self::RetryLetters | Self::RetryMatching | Self::DismissLetters | Self::DismissMatching => {
            }
        }
        place.caught_up().await;
        let parked = place.letters(LetterQuery::parking()).await;
        match self {
            Self::RetryLetters | Self::RetryMatching => {
                assert_eq!(parked, 0);
                place.assert_rows(None).await;
            }
            Self::DismissLetters | Self::DismissMatching => {
                assert_eq!((parked, place.letters(LetterQuery::dismissed()).await), (0, 1));
                place.assert_rows(Some(FAILS)).await;
            }
            _ => {
                assert_eq!(parked, 1);
                place.assert_rows(Some(FAILS)).await;
            }
        }
    }
}

/// Returns whether `child` reached its step, and so was killed or stopped, before the request ended.
async fn reached<B: Sql>(place: &Place<B>, id: uuid::Uuid, child: &mut Child, signal: &str) -> bool {
    let deadline = tokio::time::Instant::now() + DEADLINE;
    loop {
        let is_gone = if signal == "-KILL" { !child.is_running() } else { child.stands_still() };
        if is_gone {
            return true;
        }
        let state = place.admin.request(id).await.unwrap().state;
        if !state.is_open() {
            // The last step is after the answer: the signal may be on its way.
            tokio::time::sleep(Duration::from_millis(300)).await;
            return if signal == "-KILL" { !child.is_running() } else { child.stands_still() };
        }
        assert!(tokio::time::Instant::now() < deadline, "the request stays {state}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Does the case once for each step, until the first owner does it whole. Returns the number of steps.
async fn every_step<B: Sql>(case: Case, signal: &str) -> u32 {
    for step in 1.. {
        let place = Place::<B>::new().await;
        let mut before = place.start(0, signal);
        place.caught_up().await;
        case.prepare(&place).await;
        before.kill();
        if case == Case::CancelRebuild {
            // A rebuild that does not end by itself, since its owner has ended.
            let kind = RebuildKind::SideBySide;
            let asked = Asked::by("ada").within(DEADLINE);
            place.admin.ask("sums", Action::Rebuild { kind }, asked).await.unwrap();
        }
        let mut first = place.start(step, signal);
        let action = case.action(&place).await;
        let id = place.ask(&action).await;
        let is_reached = reached(&place, id, &mut first, signal).await;
        let _second = is_reached.then(|| place.start(0, signal));
        place.done(id, &format!("{case:?}, step {step}")).await;
        case.check(&place).await;
        if !is_reached {
            return step - 1;
        }
        if signal == "-STOP" {
            // The first owner goes on where it stood. It is fenced, and changes nothing.
            first.signal("-CONT");
            tokio::time::sleep(Duration::from_millis(300)).await;
            let state = place.admin.request(id).await.unwrap().state;
            assert!(matches!(state, RequestState::Done { .. }), "{case:?}, step {step}: {state}");
            case.check(&place).await;
        }
    }
    unreachable!("an action has an end")
}

async fn every_case<B: Sql>(signal: &str) {
    for case in Case::ALL {
        let steps = every_step::<B>(case, signal).await;
        println!("{signal} before each of the {steps} steps of {case:?}");
        assert!(steps >= 2, "{case:?} has {steps} steps");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn owner_killed_between_every_two_steps_of_each_request_is_replaced_on_sqlite() {
    every_case::<Sqlite>("-KILL").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn owner_killed_between_every_two_steps_of_each_request_is_replaced_on_postgres() {
    every_case::<Postgres>("-KILL").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn owner_stopped_between_every_two_steps_of_each_request_is_replaced_on_postgres() {
    every_case::<Postgres>("-STOP").await;
}
