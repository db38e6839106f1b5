//! Requests to a running subscription, which its runner serves between two batches.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};

use super::{DeadLetterError, LetterSelection, RebuildError, RebuildKind, RetryReport, SkipError};
use crate::event::Position;
use crate::projection::ServedRequest;
use crate::projection::operations::Pause;
use crate::subscription::rebuild::tracked::Tracked;

/// The runner's end of an answer. It is dropped without an answer if the subscription ends before it serves the
/// request.
#[derive(Debug)]
pub(super) struct Reply<T> {
    sender: oneshot::Sender<T>,
    turn: Arc<Turn>,
}

/// The caller's end of an answer.
#[derive(Debug)]
pub(super) struct Asked<T> {
    pub(super) receiver: oneshot::Receiver<T>,
    pub(super) turn: Arc<Turn>,
}

/// Decides whether a request is served: the runner takes it to begin, the caller takes it to give up. So a caller that
/// gives up knows that nothing was done, and that nothing will be done.
#[derive(Debug, Default)]
pub(super) struct Turn(AtomicBool);

impl Turn {
    /// Whether this call is the first one.
    pub(super) fn take(&self) -> bool {
        !self.0.swap(true, Ordering::SeqCst)
    }
}

/// Creates both ends of an answer.
pub(super) fn answer<T>() -> (Reply<T>, Asked<T>) {
    let ((sender, receiver), turn) = (oneshot::channel(), Arc::<Turn>::default());
    (Reply { sender, turn: Arc::clone(&turn) }, Asked { receiver, turn })
}

impl<T> Reply<T> {
    /// Takes the turn for the runner. False if no caller waits any more.
    fn begin(&self) -> bool {
        !self.sender.is_closed() && self.turn.take()
    }

    /// Sends the answer. The caller may be gone.
    pub(super) fn send(self, answer: T) {
        let _ = self.sender.send(answer);
    }
}

/// The answer to a retry or a dismissal.
pub(super) type Answered = Result<RetryReport, DeadLetterError>;

/// The answer to a rebuild: the rebuild, or why it did not begin.
pub(super) type Begun = Result<Arc<Tracked>, RebuildError>;

/// Which events are skipped, and the request of the operator, which is answered together with that.
#[derive(Debug, Clone)]
pub(super) struct Skip {
    pub(super) from: Position,
    pub(super) to: Position,
    pub(super) served: ServedRequest,
}

/// How a requested rebuild is done.
#[derive(Debug, Clone)]
pub(super) enum Rebuilding {
    InPlace,
    SideBySide {
        /// The next generation waits for an operator before it serves.
        hold: Option<Pause>,
    },
}

impl Rebuilding {
    pub(super) const fn kind(&self) -> RebuildKind {
        match self {
            Self::InPlace => RebuildKind::InPlace,
            Self::SideBySide { .. } => RebuildKind::SideBySide,
        }
    }
}

impl From<RebuildKind> for Rebuilding {
    fn from(kind: RebuildKind) -> Self {
        match kind {
            RebuildKind::InPlace => Self::InPlace,
            RebuildKind::SideBySide => Self::SideBySide { hold: None },
        }
    }
}

/// A request to a running subscription.
pub(super) enum Request {
    Retry {
        which: LetterSelection,
        answer: Reply<Answered>,
    },
    Dismiss {
        which: LetterSelection,
        reason: String,
        answer: Reply<Answered>,
    },
    Rebuild {
        how: Rebuilding,
        answer: Reply<Begun>,
    },
    /// Moves the checkpoint without applying events.
    Skip {
        skip: Skip,
        answer: Reply<Result<(), SkipError>>,
    },
    /// Drops the unfinished next generation.
    CancelNext {
        answer: Reply<()>,
    },
}

impl Request {
    /// Takes the turn for the runner. False if no caller waits any more.
    fn begin(&self) -> bool {
        match self {
            Self::Retry { answer, .. } | Self::Dismiss { answer, .. } => answer.begin(),
            Self::Rebuild { answer, .. } => answer.begin(),
            Self::Skip { answer, .. } => answer.begin(),
            Self::CancelNext { answer } => answer.begin(),
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

    /// Takes the next request.
    pub(super) fn take(&self) -> Option<Request> {
        self.take_where(|_| true)
    }

    /// Takes the next request that is not about letters.
    pub(super) fn take_unless_letters(&self) -> Option<Request> {
        self.take_where(|request| !matches!(request, Request::Retry { .. } | Request::Dismiss { .. }))
    }

    /// Takes the next request to skip events.
    pub(super) fn take_skip(&self) -> Option<Request> {
        self.take_where(|request| matches!(request, Request::Skip { .. }))
    }

    fn take_where(&self, is_wanted: impl Fn(&Request) -> bool) -> Option<Request> {
        let mut queue = self.queue();
        loop {
            let index = queue.iter().position(&is_wanted)?;
            if let Some(request) = queue.remove(index).filter(Request::begin) {
                return Some(request);
            }
        }
    }

    /// Returns when there may be a request.
    pub(super) async fn waiting(&self) {
        if self.queue().is_empty() {
            self.added.notified().await;
        }
    }

    /// Drops all requests. Their callers learn that there is no answer.
    pub(super) fn clear(&self) {
        self.queue().clear();
    }
}

impl fmt::Debug for Requests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Requests").field("waiting", &self.queue().len()).finish_non_exhaustive()
    }
}
