//! A checkpoint store that stops its process at a chosen step of the work on a request.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use eventsource::event::SliceRange;
use eventsource::prelude::*;
use eventsource::projection::operations::{
    Answer, NewRequest, Operations, Pause, RequestQuery, StoredReport, StoredRequest, SubscriptionReport,
};
use eventsource::projection::{
    Checkpoint, CheckpointError, Claim, ClaimError, DeadLetter, Generations, LetterCounts, LetterGroups, LetterKey,
    LetterPage, LetterQuery, LetterSearch, ProjectionSnapshot, TableOwners,
};
use uuid::Uuid;

/// Calls `C`. It counts the calls from the one that takes a request to the one that answers it, and sends a signal to its
/// own process before call number `step`. What is called at other times, or at regular intervals, does not count.
#[derive(Debug)]
pub struct AtStep<C> {
    /// The store.
    pub inner: C,
    /// The call before which the signal is sent. The calls are numbered from 1; 0 sends none.
    pub step: u32,
    /// The signal, such as `-KILL`.
    pub signal: String,
    counted: AtomicU32,
    is_serving: AtomicBool,
}

impl<C: CheckpointStore> AtStep<C> {
    /// Creates it on a store.
    pub fn new(inner: C, step: u32, signal: impl Into<String>) -> Self {
        Self { inner, step, signal: signal.into(), counted: AtomicU32::new(0), is_serving: AtomicBool::new(false) }
    }

    /// Counts all calls from now on.
    #[must_use]
    pub fn from_now(self) -> Self {
        self.is_serving.store(true, Ordering::SeqCst);
        self
    }

    fn step(&self) {
        if self.is_serving.load(Ordering::SeqCst) && self.counted.fetch_add(1, Ordering::SeqCst) + 1 == self.step {
            let sent = Command::new("kill").args([&self.signal, &std::process::id().to_string()]).status();
            assert!(sent.unwrap().success(), "the signal was sent");
            // A signal is taken a moment later.
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn operations(&self) -> &dyn Operations {
        self.inner.operations().expect("operations")
    }
}

#[async_trait]
impl<C: CheckpointStore> CheckpointStore for AtStep<C> {
    type Unit = C::Unit;

    async fn load(&self, name: &str) -> Result<Option<Checkpoint>, CheckpointError> {
        self.inner.load(name).await
    }

    async fn load_slices(&self, name: &str, slices: SliceRange) -> Result<Option<Checkpoint>, CheckpointError> {
        self.inner.load_slices(name, slices).await
    }

    async fn list(&self) -> Result<Vec<Checkpoint>, CheckpointError> {
        self.inner.list().await
    }

    async fn claim(&self, claim: &Claim<'_>) -> Result<Checkpoint, ClaimError> {
        self.step();
        self.inner.claim(claim).await
    }

    async fn renew(&self, name: &str, epoch: u64, time: Duration) -> Result<bool, CheckpointError> {
        self.inner.renew(name, epoch, time).await
    }

    async fn dead_letters(&self, name: &str, query: LetterQuery) -> Result<Vec<DeadLetter>, CheckpointError> {
        self.step();
        self.inner.dead_letters(name, query).await
    }

    async fn dead_letter(&self, name: &str, position: Position) -> Result<Option<DeadLetter>, CheckpointError> {
        self.step();
        self.inner.dead_letter(name, position).await
    }

    async fn parked(&self, name: &str, streams: &[StreamId]) -> Result<Vec<DeadLetter>, CheckpointError> {
        self.step();
        self.inner.parked(name, streams).await
    }

    async fn letter_counts(&self, names: &[&str]) -> Result<BTreeMap<String, LetterCounts>, CheckpointError> {
        self.inner.letter_counts(names).await
    }

    async fn find_letters(
        &self,
        search: &LetterSearch,
        after: Option<&LetterKey>,
        limit: usize,
    ) -> Result<LetterPage, CheckpointError> {
        self.step();
        self.inner.find_letters(search, after, limit).await
    }

    async fn letter_groups(&self, search: &LetterSearch) -> Result<LetterGroups, CheckpointError> {
        self.inner.letter_groups(search).await
    }

    async fn forget_dismissed(&self, name: &str, before: DateTime<Utc>) -> Result<u64, CheckpointError> {
        self.inner.forget_dismissed(name, before).await
    }

    async fn snapshot(&self, name: &str) -> Result<Option<ProjectionSnapshot>, CheckpointError> {
        self.inner.snapshot(name).await
    }

    async fn begin(&self) -> Result<C::Unit, CheckpointError> {
        self.step();
        self.inner.begin().await
    }

    fn detached(&self) -> C::Unit {
        self.inner.detached()
    }

    fn generations(&self) -> Option<&dyn Generations<C::Unit>> {
        self.inner.generations()
    }

    fn owners(&self) -> Option<&dyn TableOwners> {
        self.inner.owners()
    }

    fn operations(&self) -> Option<&dyn Operations> {
        Some(self)
    }

    fn is_durable(&self) -> bool {
        self.inner.is_durable()
    }
}

#[async_trait]
impl<C: CheckpointStore> Operations for AtStep<C> {
    async fn ask(&self, request: &NewRequest) -> Result<(), CheckpointError> {
        self.operations().ask(request).await
    }

    async fn request(&self, id: Uuid) -> Result<Option<StoredRequest>, CheckpointError> {
        self.operations().request(id).await
    }

    async fn requests(&self, query: &RequestQuery) -> Result<Vec<StoredRequest>, CheckpointError> {
        self.operations().requests(query).await
    }

    async fn open_requests(&self, subscriptions: &[&str]) -> Result<Vec<StoredRequest>, CheckpointError> {
        self.operations().open_requests(subscriptions).await
    }

    async fn take(&self, id: Uuid, by: &str, epoch: u64, now: DateTime<Utc>) -> Result<bool, CheckpointError> {
        self.is_serving.store(true, Ordering::SeqCst);
        self.step();
        self.operations().take(id, by, epoch, now).await
    }

    async fn answer(
        &self,
        id: Uuid,
        by: &str,
        epoch: u64,
        answer: &Answer,
        now: DateTime<Utc>,
    ) -> Result<bool, CheckpointError> {
        self.step();
        let answered = self.operations().answer(id, by, epoch, answer, now).await;
        self.step();
        self.is_serving.store(false, Ordering::SeqCst);
        answered
    }

    async fn withdraw(&self, id: Uuid, now: DateTime<Utc>) -> Result<bool, CheckpointError> {
        self.operations().withdraw(id, now).await
    }

    async fn expire(&self, now: DateTime<Utc>) -> Result<u64, CheckpointError> {
        self.operations().expire(now).await
    }

    async fn forget_requests(&self, before: DateTime<Utc>) -> Result<u64, CheckpointError> {
        self.operations().forget_requests(before).await
    }

    async fn pause(&self, subscription: &str, pause: &Pause) -> Result<(), CheckpointError> {
        self.step();
        self.operations().pause(subscription, pause).await
    }

    async fn resume(&self, subscription: &str) -> Result<bool, CheckpointError> {
        self.step();
        self.operations().resume(subscription).await
    }

    async fn pauses(&self) -> Result<BTreeMap<String, Pause>, CheckpointError> {
        self.operations().pauses().await
    }

    async fn report(
        &self,
        manager: &str,
        reports: &[SubscriptionReport],
        now: DateTime<Utc>,
    ) -> Result<(), CheckpointError> {
        self.operations().report(manager, reports, now).await
    }

    async fn reports(&self) -> Result<Vec<StoredReport>, CheckpointError> {
        self.operations().reports().await
    }

    async fn reports_of(&self, subscription: &str) -> Result<Vec<StoredReport>, CheckpointError> {
        self.operations().reports_of(subscription).await
    }

    async fn forget_reports_of(&self, subscription: &str) -> Result<u64, CheckpointError> {
        self.step();
        self.operations().forget_reports_of(subscription).await
    }

    async fn forget_reports(&self, before: DateTime<Utc>) -> Result<u64, CheckpointError> {
        self.operations().forget_reports(before).await
    }
}
