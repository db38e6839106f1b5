//! The contract of stored requests, pauses and reports.

mod requests;

use chrono::{DateTime, Utc};

use self::requests::{
    a_request_is_read_back_as_it_was_asked, a_request_that_is_asked_again_stays_as_it_is,
    a_request_that_was_taken_is_not_withdrawn, a_withdrawn_request_is_not_taken, an_expired_request_is_not_taken,
    an_owner_with_a_later_epoch_takes_a_request_again, one_owner_takes_a_request,
    only_the_owner_that_took_a_request_answers_it, open_requests_are_those_that_have_not_ended,
    requests_are_listed_by_pages_the_latest_first, requests_that_ended_are_forgotten_after_a_time,
};
use super::listed::{dispatch, names};
use super::violation::{ensure, ensure_eq};
use super::{Verdict, Violation};
use crate::event::{Position, now};
use crate::projection::operations::{Operations, Pause, SubscriptionReport};
use crate::projection::{CheckpointReset, CheckpointStore, Claim, UnitOfWork};

/// The cases of the contract of operations, handed to another macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __operation_cases {
    ([$($then:tt)*] $($with:tt)*) => {
        $($then)*! { {$($with)*}
            a_request_is_read_back_as_it_was_asked
            a_request_that_is_asked_again_stays_as_it_is
            open_requests_are_those_that_have_not_ended
            one_owner_takes_a_request
            an_owner_with_a_later_epoch_takes_a_request_again
            only_the_owner_that_took_a_request_answers_it
            a_withdrawn_request_is_not_taken
            a_request_that_was_taken_is_not_withdrawn
            an_expired_request_is_not_taken
            requests_are_listed_by_pages_the_latest_first
            requests_that_ended_are_forgotten_after_a_time
            a_pause_is_stored_until_it_is_removed
            a_pause_outlives_claims_and_resets
            a_report_replaces_the_one_before
            old_reports_are_forgotten
        }
    };
}

/// The names of the cases of the contract of operations, for [`run_on_operations`].
///
/// ```
/// use eventsource::testing::contract::OPERATION_CASES;
///
/// assert!(OPERATION_CASES.contains(&"one_owner_takes_a_request"));
/// ```
pub const OPERATION_CASES: &[&str] = crate::__operation_cases!([names]);

/// Runs the case `name` of the contract of operations on a fresh, empty checkpoint store that has
/// [`operations`](CheckpointStore::operations). [`operation_contract!`](crate::operation_contract) creates a test for
/// each case.
///
/// ```
/// use eventsource::MemoryCheckpoints;
/// use eventsource::testing::contract::{OPERATION_CASES, run_on_operations};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// run_on_operations(OPERATION_CASES[0], &MemoryCheckpoints::new()).await.unwrap();
/// # });
/// ```
///
/// # Errors
/// [`Violation`] if the store breaks the contract or has no operations, or there is no such case.
pub async fn run_on_operations<C: CheckpointStore>(name: &str, store: &C) -> Result<(), Violation> {
    crate::__operation_cases!([dispatch] name store)
}

fn operations<C: CheckpointStore>(store: &C) -> Result<&dyn Operations, Violation> {
    store.operations().ok_or_else(|| Violation::new("the checkpoint store has no operations"))
}

/// Returns a time that every database can store, `seconds` from now.
fn in_seconds(seconds: i64) -> DateTime<Utc> {
    now() + chrono::TimeDelta::seconds(seconds)
}

async fn a_pause_is_stored_until_it_is_removed<C: CheckpointStore>(store: &C) -> Verdict {
    let operations = operations(store)?;
    ensure!(!operations.resume("orders").await?, "a subscription that is not paused was resumed");
    let (first, second) = (Pause::new("ada", "an upgrade", in_seconds(0)), Pause::new("bob", "Ünïcode", in_seconds(5)));
    operations.pause("orders", &first).await?;
    operations.pause("mails", &first).await?;
    operations.pause("orders", &second).await?;
    let pauses = operations.pauses().await?;
    let expected = [("mails".to_owned(), first), ("orders".to_owned(), second)].into();
    ensure_eq!(pauses, expected, "the pauses");
    ensure!(operations.resume("orders").await?, "a pause was not removed");
    ensure_eq!(
        operations.pauses().await?.into_keys().collect::<Vec<_>>(),
        ["mails"],
        "the subscriptions that are paused"
    );
    Ok(())
}

async fn a_pause_outlives_claims_and_resets<C: CheckpointStore>(store: &C) -> Verdict {
    let operations = operations(store)?;
    operations.pause("orders", &Pause::new("ada", "an upgrade", now())).await?;
    ensure_eq!(store.load("orders").await?, None, "the checkpoint of a subscription that was only paused");
    ensure_eq!(store.list().await?, [], "the checkpoints");
    for _ in 0..2 {
        store.claim(&Claim::new("orders", "orders v1", Position::START)).await?;
        ensure!(operations.pauses().await?.contains_key("orders"), "the pause is gone after a claim");
        store.begin().await?.clear(&CheckpointReset::new("orders")).await?;
        ensure!(operations.pauses().await?.contains_key("orders"), "the pause is gone after a reset");
    }
    Ok(())
}

fn report(subscription: &str, state: &str) -> SubscriptionReport {
    let mut report = SubscriptionReport::new(subscription, state);
    report.kind = "transactional".into();
    report.guarantee = "exactly once".into();
    report.reason = Some("a reason".into());
    report.handled = 7;
    report.rate = 0.5;
    report.fingerprint = "orders v1".into();
    report
}

async fn a_report_replaces_the_one_before<C: CheckpointStore>(store: &C) -> Verdict {
    let operations = operations(store)?;
    let (at, later) = (in_seconds(0), in_seconds(5));
    operations.report("process 1", &[report("orders", "catching up"), report("mails", "live")], at).await?;
    operations.report("process 2", &[report("orders", "standing by")], at).await?;
    let mut live = report("orders", "live");
    (live.reason, live.failure) = (None, Some("the event 7 failed".into()));
    operations.report("process 1", &[live.clone()], later).await?;
    let found = operations.reports().await?;
    let found: Vec<_> = found.into_iter().map(|stored| (stored.manager, stored.report, stored.at)).collect();
    let expected = [
        ("process 1".to_owned(), report("mails", "live"), at),
        ("process 1".to_owned(), live, later),
        ("process 2".to_owned(), report("orders", "standing by"), at),
    ];
    ensure_eq!(found, expected, "the reports, by subscription and manager");
    let managers: Vec<_> = operations.reports_of("orders").await?.into_iter().map(|stored| stored.manager).collect();
    ensure_eq!(managers, ["process 1", "process 2"], "the managers that report `orders`");
    ensure_eq!(operations.reports_of("nothing").await?, [], "the reports about a name that was never reported");
    Ok(())
}

async fn old_reports_are_forgotten<C: CheckpointStore>(store: &C) -> Verdict {
    let operations = operations(store)?;
    operations.report("process 1", &[report("orders", "live")], in_seconds(-60)).await?;
    operations.report("process 2", &[report("orders", "live")], in_seconds(60)).await?;
    ensure_eq!(operations.forget_reports(now()).await?, 1, "the number of forgotten reports");
    let left: Vec<_> = operations.reports().await?.into_iter().map(|stored| stored.manager).collect();
    ensure_eq!(left, ["process 2"], "the managers whose reports are left");
    operations.report("process 2", &[report("mails", "live")], in_seconds(0)).await?;
    operations.forget_reports_of("mails").await?;
    let left: Vec<_> = operations.reports_of("orders").await?.into_iter().map(|stored| stored.manager).collect();
    ensure_eq!(left, ["process 2"], "the reports about another subscription are left");
    Ok(())
}
