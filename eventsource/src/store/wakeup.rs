//! Wake-ups: a store tells its readers that there may be new events.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

/// Sends wake-ups to the readers of a store. A store calls it after each append.
///
/// ```
/// use eventsource::store::WakeUpSender;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let sender = WakeUpSender::new();
/// let mut receiver = sender.listen();
/// sender.wake();
/// sender.wake();
/// // Both wake-ups end one wait.
/// receiver.wait().await;
/// # });
/// ```
#[derive(Debug)]
pub struct WakeUpSender(Arc<Announced>);

#[derive(Debug, Default)]
struct Announced {
    /// The number of wake-ups so far.
    count: AtomicU64,
    /// Wakes the receivers in the order in which they began to wait, so that a test run can be repeated.
    notify: Notify,
}

/// Receives the wake-ups of a store. A wake-up between two waits is kept, and several of them count as one.
///
/// [`EventLog::wake_ups`](super::EventLog::wake_ups) returns it. See [`WakeUpSender`] for an example.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use eventsource::{EventLog, EventStore};
///
/// # use eventsource::{ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
/// # let store = MemoryEventStore::new();
/// # let order = StreamId::new("Order", uuid::Uuid::now_v7());
/// # let events = vec![NewEvent::raw("OrderPlaced", 1, "{}"), NewEvent::raw("OrderPaid", 1, "{}")];
/// # store.append(&order, ExpectedVersion::NoStream, events).await?;
/// let mut wake_ups = store.wake_ups().expect("the store in memory sends wake-ups");
/// store.append(&order, ExpectedVersion::Any, vec![NewEvent::raw("OrderPaid", 1, "{}")]).await?;
/// wake_ups.wait().await;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct WakeUpReceiver {
    announced: Arc<Announced>,
    /// The number of wake-ups at the last wait.
    received: u64,
    sieve: Option<Sieve>,
}

/// Loses or repeats wake-ups.
#[derive(Clone)]
struct Sieve {
    /// Returns how often the next wake-up is received.
    times: Arc<dyn Fn() -> usize + Send + Sync>,
    /// How often the last wake-up will still be received.
    left: usize,
}

impl Announced {
    /// Waits until the number of wake-ups differs from `received`, and returns it.
    async fn after(&self, received: u64) -> u64 {
        loop {
            let mut announced = pin!(self.notify.notified());
            announced.as_mut().enable();
            let count = self.count.load(Ordering::SeqCst);
            if count != received {
                return count;
            }
            announced.await;
        }
    }
}

impl Default for WakeUpSender {
    fn default() -> Self {
        Self::new()
    }
}

impl WakeUpSender {
    /// Creates a sender without receivers.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::default())
    }

    /// Wakes all receivers.
    pub fn wake(&self) {
        self.0.count.fetch_add(1, Ordering::SeqCst);
        self.0.notify.notify_waiters();
    }

    /// Returns a receiver of the wake-ups from now on.
    #[must_use]
    pub fn listen(&self) -> WakeUpReceiver {
        WakeUpReceiver { received: self.0.count.load(Ordering::SeqCst), announced: Arc::clone(&self.0), sieve: None }
    }
}

impl WakeUpReceiver {
    /// Waits for a wake-up. Returns at once if there was one since the last call, or since
    /// [`listen`](WakeUpSender::listen). If the sender was dropped, it waits for ever, so wait for other events at the
    /// same time.
    ///
    /// Cancel safe: a wake-up that arrives while the future is dropped is received by the next call.
    pub async fn wait(&mut self) {
        loop {
            if let Some(Sieve { left: left @ 1.., .. }) = &mut self.sieve {
                *left -= 1;
                return;
            }
            self.received = self.announced.after(self.received).await;
            if let Some(sieve) = &mut self.sieve {
                sieve.left = (sieve.times)();
                continue;
            }
            return;
        }
    }

    /// Returns a receiver that receives each wake-up as often as `times` returns. 0 loses the wake-up.
    ///
    /// A decorator of a store uses it to show that a lost wake-up loses no event
    /// ([wake-ups carry no data](crate::guarantees#wake-ups-carry-no-data)).
    ///
    /// ```
    /// use eventsource::store::WakeUpSender;
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let sender = WakeUpSender::new();
    /// let mut receiver = sender.listen().repeated(|| 2);
    /// sender.wake();
    /// receiver.wait().await;
    /// receiver.wait().await;
    /// # });
    /// ```
    #[must_use]
    pub fn repeated(mut self, times: impl Fn() -> usize + Send + Sync + 'static) -> Self {
        self.sieve = Some(Sieve { times: Arc::new(times), left: 0 });
        self
    }
}

impl std::fmt::Debug for WakeUpReceiver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WakeUpReceiver").finish_non_exhaustive()
    }
}
