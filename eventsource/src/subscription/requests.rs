//! What a running subscription is asked to do between two batches.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};

use super::{DeadLetterError, Retried};
use crate::event::{Position, StreamId};

/// Where the answer goes. It is dropped where the subscription ends before it is asked.
pub(super) type Answer = oneshot::Sender<Result<Retried, DeadLetterError>>;

/// What a running subscription is asked to do between two batches.
pub(super) enum Request {
    Retry { which: Which, answer: Answer },
    Dismiss { position: Position, reason: String, answer: Answer },
}

impl Request {
    /// Whether nobody waits for the answer any more: who gave up was told that nothing was done.
    pub(super) fn is_forgotten(&self) -> bool {
        match self {
            Self::Retry { answer, .. } | Self::Dismiss { answer, .. } => answer.is_closed(),
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
