//! The task that builds the next generation, as the runner of the subscription sees it.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::event::Position;
use crate::projection::operations::Pause;
use crate::projection::{CommitError, Table};
use crate::subscription::rebuild::tracked::{Outcome, Tracked};
use crate::subscription::subscription_shared::{Control, SubscriptionShared};
use crate::subscription::{StopReason, SubscriptionState};

/// What the builder of a next generation knows.
pub(super) struct ShadowSpec {
    /// The subscription whose next generation it builds.
    pub(super) live: Arc<SubscriptionShared>,
    pub(super) tables: Arc<[&'static Table]>,
    /// The end of the log when the rebuild was requested.
    pub(super) target: Position,
    /// Whether the projection has changed, and the runner waits for the switch.
    pub(super) changed: bool,
    /// The hold with which the next generation begins.
    pub(super) hold: Option<Pause>,
    /// To the runner of the subscription.
    pub(super) holds: mpsc::Sender<CutoverHold>,
}

/// A request to hold still: to apply nothing until the outcome of a switch is known.
pub(super) struct CutoverHold {
    /// The runner sends the position at which it holds still.
    pub(super) ready: oneshot::Sender<Position>,
    /// Closed by the builder when the runner may continue.
    pub(super) over: oneshot::Receiver<()>,
}

/// A request of the builder to the runner of the subscription.
pub(super) enum CutoverRequest {
    ToHold(CutoverHold),
    /// The builder has ended.
    Nothing,
}

/// The task that builds the next generation.
pub(super) struct ShadowTask {
    core: Arc<SubscriptionShared>,
    task: JoinHandle<Result<(), CommitError>>,
    holds: mpsc::Receiver<CutoverHold>,
    tracked: Arc<Tracked>,
}

impl Drop for ShadowTask {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl ShadowTask {
    pub(super) const fn new(
        core: Arc<SubscriptionShared>,
        task: JoinHandle<Result<(), CommitError>>,
        holds: mpsc::Receiver<CutoverHold>,
        tracked: Arc<Tracked>,
    ) -> Self {
        Self { core, task, holds, tracked }
    }

    /// Returns the rebuild.
    pub(super) const fn tracked(&self) -> &Arc<Tracked> {
        &self.tracked
    }

    /// Returns the state of the builder, if it waits for another process. The subscription waits with it.
    pub(super) fn aside(&self) -> Option<SubscriptionState> {
        let state = self.core.progress.snapshot().state;
        matches!(state, SubscriptionState::Fenced { .. } | SubscriptionState::Outdated { .. }).then_some(state)
    }

    /// Waits for a request of the builder.
    pub(super) async fn asks(&mut self) -> CutoverRequest {
        self.holds.recv().await.map_or(CutoverRequest::Nothing, CutoverRequest::ToHold)
    }

    /// Returns a request that is waiting already.
    pub(super) fn asks_now(&mut self) -> Option<CutoverRequest> {
        match self.holds.try_recv() {
            Ok(hold) => Some(CutoverRequest::ToHold(hold)),
            Err(mpsc::error::TryRecvError::Empty) => None,
            Err(mpsc::error::TryRecvError::Disconnected) => Some(CutoverRequest::Nothing),
        }
    }

    /// Ends the builder, and keeps what it has built.
    pub(super) async fn end(mut self, reason: StopReason, outcome: Option<Outcome>) {
        self.core.control.send_replace(Control::Stop(reason));
        // The builder may wait for the answer to its request.
        self.holds.close();
        while self.holds.recv().await.is_some() {}
        let _ = (&mut self.task).await;
        if let Some(outcome) = outcome {
            self.tracked.end(outcome);
        }
    }
}

/// Ends the builder and keeps what it has built.
pub(super) async fn end_next(next: &mut Option<ShadowTask>, reason: StopReason, outcome: Option<Outcome>) {
    if let Some(task) = next.take() {
        task.end(reason, outcome).await;
    }
}
