//! Marks the task that runs a handler of a subscription, so that the handler fails instead of waiting for itself.

use std::future::{Future, pending};
use std::sync::Arc;

use tokio::sync::Notify;

use crate::projection::HandlerError;

tokio::task_local! {
    /// The subscription whose handler the task runs.
    static HANDLER_OF: HandlerId;
    /// The subscriber whose write lock the task holds.
    static WRITING: Writing;
}

/// A subscriber whose write lock a task holds.
#[derive(Clone)]
struct Writing {
    /// The address of its lock.
    lock: usize,
    /// Notified when the task waits for the lock that it holds.
    stuck: Arc<Notify>,
}

/// A subscription, as the task that runs its handlers knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct HandlerId(usize);

impl HandlerId {
    /// Identifies a subscription by the address of its shared part.
    pub(super) fn of<S>(shared: &S) -> Self {
        Self(std::ptr::from_ref(shared).addr())
    }
}

/// Runs `work`, which calls handlers, with the mark of their subscription.
pub(super) async fn handling<F: Future>(subscription: HandlerId, work: F) -> F::Output {
    HANDLER_OF.scope(subscription, work).await
}

/// Returns whether a handler of this subscription runs the calling code. A task that a handler spawns is not marked.
pub(super) fn is_handler_of(subscription: HandlerId) -> bool {
    HANDLER_OF.try_with(|of| *of == subscription).unwrap_or(false)
}

/// Runs `work`, which holds the write lock `lock` of a subscriber. If `work` asks to read the same subscriber, which
/// would never end, drops `work` and returns an error.
pub(super) async fn writing<L, T>(
    lock: &L,
    work: impl Future<Output = Result<T, HandlerError>>,
) -> Result<T, HandlerError> {
    let stuck = Arc::new(Notify::new());
    let mark = Writing { lock: std::ptr::from_ref(lock).addr(), stuck: Arc::clone(&stuck) };
    tokio::select! {
        biased;
        done = WRITING.scope(mark, work) => done,
        () = stuck.notified() => Err(HandlerError::permanent(
            "the handler reads its own projection through the handle, which would wait for the handler itself: read `self`",
        )),
    }
}

/// Returns at once, unless the calling task holds the write lock `lock`: then its work is dropped.
pub(super) async fn before_reading<L>(lock: &L) {
    let address = std::ptr::from_ref(lock).addr();
    let stuck = WRITING.try_with(|writing| (writing.lock == address).then(|| Arc::clone(&writing.stuck)));
    if let Ok(Some(stuck)) = stuck {
        stuck.notify_one();
        pending::<()>().await;
    }
}
