//! The owner of a subscription is killed, or stopped, between every two steps of each action that an operator asks for.
//! The next owner does it: the request ends as done, and its effect is there once.

use std::time::Duration;

use eventsource::admin::Asked;
use eventsource::prelude::*;
use eventsource::projection::operations::RequestState;
use eventsource::projection::{LetterQuery, LetterSearch};
use eventsource::subscription::{Action, LetterSelection, RebuildKind};
use eventsource_tests::child::Child;
use eventsource_tests::wait::DEADLINE;
use futures_util::stream::{self, StreamExt as _};

use crate::place::{FAILS, Place};
use crate::world::{Postgres, Sql, Sqlite, eventually};

/// An action, what is done before it, and how its effect is seen.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Case {
    Pause,
    Resume,
    Restart,
    RebuildInPlace,
    RebuildSideBySide,
    RebuildAndHold,
    SwitchRebuild,
    CancelRebuild,
    RetryLetters,
    RetryMatching,
    DismissLetters,
    DismissMatching,
    Skip,
}

impl Case {
    const ALL: [Self; 13] = [
        Self::Pause,
        Self::Resume,
        Self::Restart,
        Self::RebuildInPlace,
        Self::RebuildSideBySide,
        Self::RebuildAndHold,
        Self::SwitchRebuild,
        Self::CancelRebuild,
        Self::RetryLetters,
        Self::RetryMatching,
        Self::DismissLetters,
        Self::DismissMatching,
        Self::Skip,
    ];

    fn hold() -> Action {
        Action::RebuildAndHold { reason: "compare first".into() }
    }

    async fn prepare<B: Sql>(self, place: &Place<B>) {
        let prepared = match self {
            Self::Resume => Action::Pause { reason: String::new() },
            Self::SwitchRebuild => Self::hold(),
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
            Self::RebuildAndHold => Self::hold(),
            Self::SwitchRebuild => Action::SwitchRebuild {},
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
            Self::RebuildAndHold => {
                let head = place.backend.store().head().await.unwrap();
                eventually("it follows the log", || async { view().await.next_generation == Some(head) }).await;
                assert_eq!(view().await.hold.unwrap().reason, "compare first");
            }
            Self::RebuildSideBySide | Self::SwitchRebuild | Self::CancelRebuild => {
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
        // A frozen process keeps the write lock of a SQLite file: all others wait for it.
        if is_reached && signal == "-STOP" && place.backend.is_locked().await {
            first.signal("-CONT");
        }
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

/// How many cases run at a time: they wait for leases most of the time.
const AT_A_TIME: usize = 4;

async fn every_case<B: Sql>(signal: &str) {
    let cases = stream::iter(Case::ALL).map(|case| async move {
        let steps = every_step::<B>(case, signal).await;
        println!("{signal} before each of the {steps} steps of {case:?}");
        assert!(steps >= 2, "{case:?} has {steps} steps");
    });
    cases.buffer_unordered(AT_A_TIME).collect::<()>().await;
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
async fn owner_stopped_between_every_two_steps_of_each_request_is_replaced_on_sqlite() {
    every_case::<Sqlite>("-STOP").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn owner_stopped_between_every_two_steps_of_each_request_is_replaced_on_postgres() {
    every_case::<Postgres>("-STOP").await;
}
