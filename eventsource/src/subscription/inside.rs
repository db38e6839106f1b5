//! The mark of a task that runs a subscription's handler, so that the handler does not wait for itself.

use std::future::Future;

use super::core::Core;

tokio::task_local! {
    /// Which subscription's handler the task runs: the address of what every part of it shares.
    static HANDLER_OF: usize;
}

fn identity(core: &Core) -> usize {
    // A handler that builds the next generation holds up the one that serves as well.
    std::ptr::from_ref(core.next_of.as_deref().unwrap_or(core)).addr()
}

/// Runs `work`, which calls handlers, with the mark of their subscription.
pub(super) async fn handling<F: Future>(core: &Core, work: F) -> F::Output {
    HANDLER_OF.scope(identity(core), work).await
}

/// Whether the code that asks is called by a handler of this subscription. A task that a handler spawns is not marked.
pub(super) fn is_handler_of(core: &Core) -> bool {
    HANDLER_OF.try_with(|of| *of == identity(core)).unwrap_or(false)
}
