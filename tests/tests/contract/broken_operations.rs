//! Stores of requests, pauses and reports, each broken in one place: every case of their contract is failed by one of
//! them.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use eventsource::memory::MemoryUnit;
use eventsource::projection::operations::{
    Answer, NewRequest, Operations, Pause, RequestQuery, RequestState, StoredReport, StoredRequest, SubscriptionReport,
};
use eventsource::projection::{
    Checkpoint, CheckpointError, Claim, ClaimError, DeadLetter, LetterQuery, ProjectionSnapshot,
};
use eventsource::testing::contract::{OPERATION_CASES, run_on_operations};
use eventsource::{CheckpointStore, MemoryCheckpoints, Position, StreamId};
use uuid::Uuid;

use crate::killed::assert_each_case_is_killed;

/// What is broken in a store.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Broken {
    Nothing,
    /// Arguments are stored without their line ends.
    Arguments,
    /// A request that is asked again waits again.
    Again,
    /// The open requests contain those that were taken only.
    Waiting,
    /// The open requests are those of all subscriptions.
    Others,
    /// Each owner takes a request.
    Take,
    /// No owner takes a request that another one has taken.
    Left,
    /// Each owner answers a request.
    Answer,
    /// A request that was withdrawn stays.
    Withdraw,
    /// A request that was taken is withdrawn.
    Late,
    /// A request never expires.
    Expiry,
    /// A page begins with the first request.
    Pages,
    /// The requests about all subscriptions are listed.
    Of,
    /// A request that is open is forgotten.
    Forget,
    /// The first pause stays.
    Pause,
    /// A claim removes the pause.
    Claim,
    /// A paused subscription has a checkpoint.
    Checkpoint,
    /// A manager has one report.
    Report,
    /// The reports of all managers are forgotten.
    Reports,
}

const MUTANTS: &[(Broken, &str)] = &[
    (Broken::Arguments, "a_request_is_read_back_as_it_was_asked"),
    (Broken::Again, "a_request_that_is_asked_again_stays_as_it_is"),
    (Broken::Waiting, "open_requests_are_those_that_have_not_ended"),
    (Broken::Others, "open_requests_are_those_that_have_not_ended"),
    (Broken::Take, "one_owner_takes_a_request"),
    (Broken::Left, "an_owner_with_a_later_epoch_takes_a_request_again"),
    (Broken::Answer, "only_the_owner_that_took_a_request_answers_it"),
    (Broken::Withdraw, "a_withdrawn_request_is_not_taken"),
    (Broken::Late, "a_request_that_was_taken_is_not_withdrawn"),
    (Broken::Expiry, "an_expired_request_is_not_taken"),
    (Broken::Pages, "requests_are_listed_by_pages_the_latest_first"),
    (Broken::Of, "requests_are_listed_by_pages_the_latest_first"),
    (Broken::Forget, "requests_that_ended_are_forgotten_after_a_time"),
    (Broken::Pause, "a_pause_is_stored_until_it_is_removed"),
    (Broken::Claim, "a_pause_outlives_claims_and_resets"),
    (Broken::Checkpoint, "a_pause_outlives_claims_and_resets"),
    (Broken::Report, "a_report_replaces_the_one_before"),
    (Broken::Reports, "old_reports_are_forgotten"),
];

struct BrokenOperations(MemoryCheckpoints, Broken);

impl BrokenOperations {
    fn whole(&self) -> &dyn Operations {
        self.0.operations().unwrap()
    }
}

#[async_trait]
impl Operations for BrokenOperations {
    async fn ask(&self, request: &NewRequest) -> Result<(), CheckpointError> {
        match self.1 {
            Broken::Arguments => {
                self.whole().ask(&request.clone().arguments(request.arguments.replace("\\n", " "))).await
            }
            Broken::Again if self.whole().request(request.id).await?.is_some() => {
                self.whole().forget_requests(request.at + TimeDelta::days(1)).await?;
                self.whole().ask(request).await
            }
            _ => self.whole().ask(request).await,
        }
    }

    async fn request(&self, id: Uuid) -> Result<Option<StoredRequest>, CheckpointError> {
        self.whole().request(id).await
    }

    async fn requests(&self, query: &RequestQuery) -> Result<Vec<StoredRequest>, CheckpointError> {
        let mut query = query.clone();
        match self.1 {
            Broken::Pages => query.before = None,
            Broken::Of => query.subscription = None,
            _ => {}
        }
        self.whole().requests(&query).await
    }

    async fn open_requests(&self, subscriptions: &[&str]) -> Result<Vec<StoredRequest>, CheckpointError> {
        if self.1 == Broken::Others {
            return self.whole().open_requests(&["orders", "reports", "mails"]).await;
        }
        let mut open = self.whole().open_requests(subscriptions).await?;
        open.retain(|open| self.1 != Broken::Waiting || open.state != RequestState::Waiting);
        Ok(open)
    }

    async fn take(&self, id: Uuid, by: &str, epoch: u64, now: DateTime<Utc>) -> Result<bool, CheckpointError> {
        let stored = self.whole().request(id).await?;
        let is_taken = stored.as_ref().is_some_and(|stored| matches!(stored.state, RequestState::Taken { .. }));
        match self.1 {
            Broken::Take if is_taken => Ok(true),
            Broken::Left if is_taken => Ok(false),
            Broken::Withdraw if stored.is_some() => Ok(true),
            Broken::Expiry => self.whole().take(id, by, epoch, now - TimeDelta::minutes(2)).await,
            _ => self.whole().take(id, by, epoch, now).await,
        }
    }

    async fn answer(
        &self,
        id: Uuid,
        by: &str,
        epoch: u64,
        answer: &Answer,
        now: DateTime<Utc>,
    ) -> Result<bool, CheckpointError> {
        let stored = self.whole().request(id).await?.map(|stored| stored.state);
        match (self.1, stored) {
            (Broken::Answer, Some(RequestState::Taken { by, epoch, .. })) => {
                self.whole().answer(id, &by, epoch, answer, now).await
            }
            _ => self.whole().answer(id, by, epoch, answer, now).await,
        }
    }

    async fn withdraw(&self, id: Uuid, now: DateTime<Utc>) -> Result<bool, CheckpointError> {
        let withdrawn = self.whole().withdraw(id, now).await?;
        Ok(withdrawn || self.1 == Broken::Late)
    }

    async fn expire(&self, now: DateTime<Utc>) -> Result<u64, CheckpointError> {
        self.whole().expire(now).await
    }

    async fn forget_requests(&self, before: DateTime<Utc>) -> Result<u64, CheckpointError> {
        let forgotten = self.whole().forget_requests(before).await?;
        if self.1 == Broken::Forget {
            for open in self.whole().open_requests(&["a"]).await? {
                if let RequestState::Taken { by, epoch, .. } = open.state {
                    let long_ago = before - TimeDelta::days(1);
                    self.whole().answer(open.request.id, &by, epoch, &Answer::Done(String::new()), long_ago).await?;
                }
            }
            self.whole().forget_requests(before).await?;
        }
        Ok(forgotten)
    }

    async fn pause(&self, subscription: &str, pause: &Pause) -> Result<(), CheckpointError> {
        if self.1 == Broken::Pause && self.whole().pauses().await?.contains_key(subscription) {
            return Ok(());
        }
        if self.1 == Broken::Checkpoint {
            self.0
                .claim(&Claim::new(subscription, "", Position::START))
                .await
                .map_err(|error| CheckpointError::Failed { action: "claim".into(), source: Box::new(error) })?;
        }
        self.whole().pause(subscription, pause).await
    }

    async fn resume(&self, subscription: &str) -> Result<bool, CheckpointError> {
        self.whole().resume(subscription).await
    }

    async fn pauses(&self) -> Result<BTreeMap<String, Pause>, CheckpointError> {
        self.whole().pauses().await
    }

    async fn report(
        &self,
        manager: &str,
        reports: &[SubscriptionReport],
        now: DateTime<Utc>,
    ) -> Result<(), CheckpointError> {
        if self.1 == Broken::Report {
            self.whole().forget_reports(now + TimeDelta::days(1)).await?;
        }
        self.whole().report(manager, reports, now).await
    }

    async fn reports(&self) -> Result<Vec<StoredReport>, CheckpointError> {
        self.whole().reports().await
    }

    async fn forget_reports(&self, before: DateTime<Utc>) -> Result<u64, CheckpointError> {
        let forgotten = self.whole().forget_reports(before).await?;
        if self.1 == Broken::Reports {
            self.whole().forget_reports(before + TimeDelta::days(1)).await?;
        }
        Ok(forgotten)
    }
}

#[async_trait]
impl CheckpointStore for BrokenOperations {
    type Unit = MemoryUnit;

    async fn load(&self, name: &str) -> Result<Option<Checkpoint>, CheckpointError> {
        self.0.load(name).await
    }

    async fn list(&self) -> Result<Vec<Checkpoint>, CheckpointError> {
        self.0.list().await
    }

    async fn claim(&self, claim: &Claim<'_>) -> Result<Checkpoint, ClaimError> {
        if self.1 == Broken::Claim {
            self.whole().resume(claim.name).await?;
        }
        self.0.claim(claim).await
    }

    async fn renew(&self, name: &str, epoch: u64, time: Duration) -> Result<bool, CheckpointError> {
        self.0.renew(name, epoch, time).await
    }

    async fn dead_letters(&self, name: &str, query: LetterQuery) -> Result<Vec<DeadLetter>, CheckpointError> {
        self.0.dead_letters(name, query).await
    }

    async fn parked(&self, name: &str, streams: &[StreamId]) -> Result<Vec<DeadLetter>, CheckpointError> {
        self.0.parked(name, streams).await
    }

    async fn snapshot(&self, name: &str) -> Result<Option<ProjectionSnapshot>, CheckpointError> {
        self.0.snapshot(name).await
    }

    async fn begin(&self) -> Result<MemoryUnit, CheckpointError> {
        self.0.begin().await
    }

    fn detached(&self) -> MemoryUnit {
        self.0.detached()
    }

    fn operations(&self) -> Option<&dyn Operations> {
        Some(self)
    }

    fn is_durable(&self) -> bool {
        self.0.is_durable()
    }
}

#[tokio::test]
async fn each_case_of_operations_is_failed_by_a_broken_store() {
    let fails = async |case, broken| {
        run_on_operations(case, &BrokenOperations(MemoryCheckpoints::new(), broken)).await.is_err()
    };
    assert_each_case_is_killed(OPERATION_CASES, Broken::Nothing, MUTANTS, fails).await;
}
