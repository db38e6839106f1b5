//! The marks of a task that runs a subscription's handler, so that the handler does not wait for itself.

use std::future::{Future, pending};
use std::sync::Arc;

use tokio::sync::Notify;

use super::subscription_shared::SubscriptionShared;
use crate::projection::HandlerError;

tokio::task_local! {
    /// Which subscription's handler the task runs: the address of what every part of it shares.
    static HANDLER_OF: usize;
    /// The subscriber that the task holds for writing.
    static WRITING: Writing;
}

/// A subscriber that a task holds for writing.
#[derive(Clone)]
struct Writing {
    /// The address of its lock.
    lock: usize,
    /// Told when the task waits for the lock that it holds.
    stuck: Arc<Notify>,
}

fn identity(core: &SubscriptionShared) -> usize {
    // A handler that builds the next generation holds up the one that serves as well.
    std::ptr::from_ref(core.next_of.as_deref().unwrap_or(core)).addr()
}

/// Runs `work`, which calls handlers, with the mark of their subscription.
pub(super) async fn handling<F: Future>(core: &SubscriptionShared, work: F) -> F::Output {
    HANDLER_OF.scope(identity(core), work).await
}

/// Whether the code that asks is called by a handler of this subscription. A task that a handler spawns is not marked.
pub(super) fn is_handler_of(core: &SubscriptionShared) -> bool {
    HANDLER_OF.try_with(|of| *of == identity(core)).unwrap_or(false)
}

/// Runs `work`, which holds the subscriber behind `lock` for writing. Where it asks to read the same subscriber, which
/// would never end, it is given up.
///
/// # Errors
/// Those of `work`; [`HandlerError`], which says so, where it is given up.
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

/// Returns, unless the code that asks holds the subscriber behind `lock` for writing: then it is given up.
pub(super) async fn before_reading<L>(lock: &L) {
    let address = std::ptr::from_ref(lock).addr();
    let stuck = WRITING.try_with(|writing| (writing.lock == address).then(|| Arc::clone(&writing.stuck)));
    if let Ok(Some(stuck)) = stuck {
        stuck.notify_one();
        pending::<()>().await;
    }
}
