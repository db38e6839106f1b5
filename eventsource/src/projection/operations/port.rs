//! The port to stored requests, pauses and reports.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Answer, NewRequest, Pause, RequestQuery, StoredReport, StoredRequest, SubscriptionReport};
use crate::projection::CheckpointError;
use crate::store::WakeUpReceiver;

/// Stores what operators ask of subscriptions, and what managers report about them. So every process that can reach the
/// store can see and steer the subscriptions of every other one.
///
/// [`CheckpointStore::operations`](crate::projection::CheckpointStore::operations) returns it.
///
/// A request is a row. The owner of the subscription takes it by compare-and-set, and stores its answer in it. An
/// operator who gives up [withdraws](Self::withdraw) it: then nothing was done, and nothing will be done.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// use std::time::Duration;
///
/// use eventsource::MemoryCheckpoints;
/// use eventsource::event::now;
/// use eventsource::projection::CheckpointStore;
/// use eventsource::projection::operations::{Answer, NewRequest};
///
/// let checkpoints = MemoryCheckpoints::new();
/// let operations = checkpoints.operations().ok_or("this store has no operations")?;
///
/// // An operator asks.
/// let request = NewRequest::new("orders", "restart", "ada", now() + Duration::from_secs(30));
/// operations.ask(&request).await?;
///
/// // The manager that owns `orders` with the epoch 3 serves it.
/// for open in operations.open_requests(&["orders"]).await? {
///     if operations.take(open.request.id, "process 7", 3, now()).await? {
///         operations.answer(open.request.id, "process 7", 3, &Answer::Done("restarted".into()), now()).await?;
///     }
/// }
///
/// let served = operations.request(request.id).await?.ok_or("the request is gone")?;
/// assert_eq!(served.state.to_string(), "done: restarted");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
///
/// # Errors
/// Every function fails with [`CheckpointError::Failed`] if the store fails: call it again. Each can be repeated.
#[async_trait]
pub trait Operations: Send + Sync {
    /// Returns a receiver of wake-ups: it is woken after a change of the requests and the pauses, also by other processes
    /// if the store can. `None`, the default: a caller that waits for a change must poll.
    fn wake_ups(&self) -> Option<WakeUpReceiver> {
        None
    }

    /// Stores a request. A request with this id that is stored already stays as it is.
    async fn ask(&self, request: &NewRequest) -> Result<(), CheckpointError>;

    /// Returns the request with this id.
    async fn request(&self, id: Uuid) -> Result<Option<StoredRequest>, CheckpointError>;

    /// Returns the requests that `query` selects, the latest first.
    async fn requests(&self, query: &RequestQuery) -> Result<Vec<StoredRequest>, CheckpointError>;

    /// Returns the open requests about these subscriptions, the earliest first. It does not ask whether they have
    /// expired.
    async fn open_requests(&self, subscriptions: &[&str]) -> Result<Vec<StoredRequest>, CheckpointError>;

    /// Begins a request, for the manager `by` that owns the subscription with `epoch`. Returns whether it
    /// [may be taken](StoredRequest::may_be_taken) at the time `now`, and so was taken: of several calls, one gets it.
    async fn take(&self, id: Uuid, by: &str, epoch: u64, now: DateTime<Utc>) -> Result<bool, CheckpointError>;

    /// Ends a request. Returns whether `by` had taken it with `epoch` and still has it; otherwise nothing is stored.
    async fn answer(
        &self,
        id: Uuid,
        by: &str,
        epoch: u64,
        answer: &Answer,
        now: DateTime<Utc>,
    ) -> Result<bool, CheckpointError>;

    /// Withdraws a request. Returns whether it was waiting; otherwise an owner has begun it, or it has ended.
    async fn withdraw(&self, id: Uuid, now: DateTime<Utc>) -> Result<bool, CheckpointError>;

    /// Marks the requests that wait and expired before `now`. Returns how many.
    async fn expire(&self, now: DateTime<Utc>) -> Result<u64, CheckpointError>;

    /// Deletes requests that ended before the time `before`. Returns how many. A `skip` that is done stays for ever: it is
    /// the record of events that were never applied.
    async fn forget_requests(&self, before: DateTime<Utc>) -> Result<u64, CheckpointError>;

    /// Stores that a subscription is to be paused. A pause that is stored already is replaced.
    async fn pause(&self, subscription: &str, pause: &Pause) -> Result<(), CheckpointError>;

    /// Removes the pause of a subscription. Returns whether there was one.
    async fn resume(&self, subscription: &str) -> Result<bool, CheckpointError>;

    /// Returns the pauses of all subscriptions.
    async fn pauses(&self) -> Result<BTreeMap<String, Pause>, CheckpointError>;

    /// Stores what `manager` reports at the time `now`. Each report replaces its earlier one about the same
    /// subscription.
    async fn report(
        &self,
        manager: &str,
        reports: &[SubscriptionReport],
        now: DateTime<Utc>,
    ) -> Result<(), CheckpointError>;

    /// Returns the reports of all managers, by subscription and manager.
    async fn reports(&self) -> Result<Vec<StoredReport>, CheckpointError>;

    /// Returns the reports of all managers about one subscription, by manager. The default reads all reports.
    async fn reports_of(&self, subscription: &str) -> Result<Vec<StoredReport>, CheckpointError> {
        let mut reports = self.reports().await?;
        reports.retain(|stored| stored.report.subscription == subscription);
        Ok(reports)
    }

    /// Deletes the reports about one subscription. Returns how many. The default deletes none: they are deleted when they
    /// are old.
    async fn forget_reports_of(&self, subscription: &str) -> Result<u64, CheckpointError> {
        let _ = subscription;
        Ok(0)
    }

    /// Deletes the reports that were stored before the time `before`. Returns how many.
    async fn forget_reports(&self, before: DateTime<Utc>) -> Result<u64, CheckpointError>;
}
