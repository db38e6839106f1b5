//! What a running subscription is asked to do between two batches.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};

use super::core::{Control, Core};
use super::rebuilds::Tracked;
use super::{DeadLetterError, RebuildError, RebuildKind, Retried, SubscriptionState};
use crate::event::{Position, StreamId};

/// Where the answer goes. It is dropped where the subscription ends before it is asked.
pub(super) type Answer = oneshot::Sender<Result<Retried, DeadLetterError>>;

/// Where the rebuild goes that was begun, or why it was not.
pub(super) type Begun = oneshot::Sender<Result<Arc<Tracked>, RebuildError>>;

/// What a running subscription is asked to do between two batches.
pub(super) enum Request {
    Retry {
        which: Which,
        answer: Answer,
    },
    Dismiss {
        position: Position,
        reason: String,
        answer: Answer,
    },
    Rebuild {
        kind: RebuildKind,
        answer: Begun,
    },
    /// Drops what was built of the next generation.
    CancelNext {
        answer: oneshot::Sender<()>,
    },
}

impl Request {
    /// Whether nobody waits for the answer any more: who gave up was told that nothing was done.
    pub(super) fn is_forgotten(&self) -> bool {
        match self {
            Self::Retry { answer, .. } | Self::Dismiss { answer, .. } => answer.is_closed(),
            Self::Rebuild { answer, .. } => answer.is_closed(),
            Self::CancelNext { answer } => answer.is_closed(),
        }
    }
}

/// Which dead letters.
#[derive(Debug, Clone)]
pub(super) enum Which {
    All,
    At(Position),
    Stream(StreamId),
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("at all"),
            Self::At(position) => write!(f, "at position {position}"),
            Self::Stream(stream) => write!(f, "of {stream}"),
        }
    }
}

/// The requests that wait for the runner.
#[derive(Default)]
pub(super) struct Requests {
    queue: Mutex<VecDeque<Request>>,
    added: Notify,
}

impl Requests {
    fn queue(&self) -> MutexGuard<'_, VecDeque<Request>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, request: Request) {
        self.queue().push_back(request);
        self.added.notify_one();
    }

    pub(super) fn take(&self) -> Option<Request> {
        self.queue().pop_front()
    }

    /// Returns when there may be a request.
    pub(super) async fn waiting(&self) {
        if self.queue().is_empty() {
            self.added.notified().await;
        }
    }

    /// Drops what was not served: whoever waits for an answer hears that there is none.
    pub(super) fn clear(&self) {
        self.queue().clear();
    }
}

impl fmt::Debug for Requests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Requests").field("waiting", &self.queue().len()).finish_non_exhaustive()
    }
}

/// The runner's answer to what it was asked for.
///
/// # Errors
/// What the subscription is doing, where it does not come to that.
pub(super) async fn answered<T>(core: &Core, mut answer: oneshot::Receiver<T>) -> Result<T, SubscriptionState> {
    let mut progress = core.progress.listen();
    loop {
        let state = progress.borrow_and_update().state.clone();
        let paused = *core.control.borrow() == Control::Pause;
        if paused || !state.is_running() || matches!(state, SubscriptionState::Standby { .. }) {
            // It may have been served just before that.
            return answer.try_recv().map_err(|_| state);
        }
        // The sender of the progress lives in `core`.
        tokio::select! {
            answer = &mut answer => return answer.map_err(|_| core.progress.snapshot().state),
            _ = progress.changed() => {}
        }
    }
}
