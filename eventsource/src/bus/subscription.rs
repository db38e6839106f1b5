//! What a listener of a bus or a notifier gives, and what it gets.

use std::fmt;
use std::sync::Arc;

/// The function with which a notifier wakes a listener. It returns at once and does not block.
///
/// # Examples
/// ```
/// use std::sync::Arc;
///
/// use eventsource::bus::Wake;
/// use tokio::sync::Notify;
///
/// let notify = Arc::new(Notify::new());
/// let wake: Wake = Arc::new(move || notify.notify_one());
/// wake();
/// ```
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// A subscription to a bus or a notifier. Dropping it ends the subscription: no further event is received, and queued
/// events are discarded. An event that is being received at that moment is finished.
///
/// ```
/// use eventsource::bus::BusSubscription;
///
/// let subscription = BusSubscription::new(|| println!("no more events"));
/// drop(subscription);
/// ```
#[must_use = "the subscription ends when this is dropped"]
pub struct BusSubscription(Option<Box<dyn FnOnce() + Send + Sync>>);

impl BusSubscription {
    /// Creates a subscription that calls `end` when it is dropped.
    pub fn new(end: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self(Some(Box::new(end)))
    }
}

impl Drop for BusSubscription {
    fn drop(&mut self) {
        if let Some(end) = self.0.take() {
            end();
        }
    }
}

impl fmt::Debug for BusSubscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BusSubscription")
    }
}
