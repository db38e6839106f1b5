//! Catches panics of user code.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

/// Returns what `work` returns, or the payload of its panic. The work is not polled again after a panic.
pub(crate) async fn catch<T>(work: impl Future<Output = T>) -> Result<T, Box<dyn Any + Send>> {
    let mut work = pin!(work);
    poll_fn(move |context| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
        Ok(poll) => poll.map(Ok),
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
}

/// An observer whose panics are caught, so that they do not end what is observed.
pub(crate) struct Guarded<O: ?Sized> {
    observer: Box<O>,
    has_panicked: AtomicBool,
}

impl<O: ?Sized> Guarded<O> {
    pub(crate) const fn new(observer: Box<O>) -> Self {
        Self { observer, has_panicked: AtomicBool::new(false) }
    }

    /// Calls the observer. Logs its first panic.
    pub(crate) fn tell(&self, call: impl FnOnce(&O)) {
        let Err(panic) = catch_unwind(AssertUnwindSafe(|| call(&self.observer))) else { return };
        if !self.has_panicked.swap(true, Ordering::Relaxed) {
            let panic = message(&*panic);
            tracing::error!(
                panic,
                "an observer panicked: its next calls follow, and its further panics are not logged; fix the observer"
            );
        }
    }
}

/// Returns the message of a panic.
pub(crate) fn message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
}
