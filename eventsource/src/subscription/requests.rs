//! What a running subscription is asked to do between two batches.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};

use super::rebuilds::Tracked;
use super::subscription_shared::{Control, SubscriptionShared};
use super::{DeadLetterError, LetterSelection, RebuildError, RebuildKind, RetryReport, SubscriptionState};
use crate::event::Position;

/// Where the answer to a request goes. It is dropped where the subscription ends before it comes to that.
#[derive(Debug)]
pub(super) struct Reply<T> {
    sender: oneshot::Sender<T>,
    turn: Arc<Turn>,
}

/// What waits for it.
#[derive(Debug)]
pub(super) struct Asked<T> {
    receiver: oneshot::Receiver<T>,
    turn: Arc<Turn>,
}

/// Whose turn it is to say what becomes of a request: the runner takes it to begin, who has asked takes it to give up. Who
/// gives up is so told that nothing was done, and nothing will be.
#[derive(Debug, Default)]
struct Turn(AtomicBool);

impl Turn {
    /// Whether it is the first who takes it.
    fn take(&self) -> bool {
        !self.0.swap(true, Ordering::SeqCst)
    }
}

/// Both ends of an answer.
pub(super) fn answer<T>() -> (Reply<T>, Asked<T>) {
    let ((sender, receiver), turn) = (oneshot::channel(), Arc::<Turn>::default());
    (Reply { sender, turn: Arc::clone(&turn) }, Asked { receiver, turn })
}

impl<T> Reply<T> {
    /// Whether what was asked for is to be done: not where nobody waits for it any more.
    fn begin(&self) -> bool {
        !self.sender.is_closed() && self.turn.take()
    }

    /// Nobody may hear it any more.
    pub(super) fn send(self, answer: T) {
        let _ = self.sender.send(answer);
    }
}

/// What a retry or a dismissal came to.
pub(super) type Answered = Result<RetryReport, DeadLetterError>;

/// The rebuild that was begun, or why it was not.
pub(super) type Begun = Result<Arc<Tracked>, RebuildError>;

/// What a running subscription is asked to do between two batches.
pub(super) enum Request {
    Retry {
        which: LetterSelection,
        answer: Reply<Answered>,
    },
    Dismiss {
        position: Position,
        reason: String,
        answer: Reply<Answered>,
    },
    Rebuild {
        kind: RebuildKind,
        answer: Reply<Begun>,
    },
    /// Drops what was built of the next generation.
    CancelNext {
        answer: Reply<()>,
    },
}

impl Request {
    /// Whether it is to be done: not where nobody waits for it any more.
    fn begin(&self) -> bool {
        match self {
            Self::Retry { answer, .. } | Self::Dismiss { answer, .. } => answer.begin(),
            Self::Rebuild { answer, .. } => answer.begin(),
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

    /// The next one that is to be done.
    pub(super) fn take(&self) -> Option<Request> {
        self.take_where(|_| true)
    }

    /// The next one that is to be done, of those that do not ask for anything about letters.
    pub(super) fn take_unless_letters(&self) -> Option<Request> {
        self.take_where(|request| !matches!(request, Request::Retry { .. } | Request::Dismiss { .. }))
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

/// The runner's answer to what it was asked for. What it has begun and a pause interrupts goes on after the resume, and
/// is waited for.
///
/// # Errors
/// What the subscription is doing, where it does not come to that.
pub(super) async fn answered<T>(core: &SubscriptionShared, asked: Asked<T>) -> Result<T, SubscriptionState> {
    let Asked { receiver: mut answer, turn } = asked;
    let mut progress = core.progress.listen();
    loop {
        let state = progress.borrow_and_update().state.clone();
        let paused = *core.control.borrow() == Control::Pause;
        let ended = !state.is_running() || state.is_aside();
        if ended || (paused && turn.take()) {
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
