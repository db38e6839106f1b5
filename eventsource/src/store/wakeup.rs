//! Wake-ups: a hint that there may be something new to read.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

/// Where a store announces appends.
///
/// ```
/// use eventsource::store::WakeUpSender;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let sender = WakeUpSender::new();
/// let mut receiver = sender.listen();
/// sender.wake();
/// receiver.wait().await;
/// # });
/// ```
#[derive(Debug)]
pub struct WakeUpSender(Arc<Announced>);

#[derive(Debug, Default)]
struct Announced {
    /// How many there were.
    count: AtomicU64,
    /// Wakes who listens in the order in which they began to wait, so that a run can be repeated.
    notify: Notify,
}

/// Hears of appends. One that was not waited for is remembered; several of them count once.
#[derive(Clone)]
pub struct WakeUpReceiver {
    announced: Arc<Announced>,
    /// How many were heard of.
    heard: u64,
    #[cfg(feature = "testing")]
    sieve: Option<Sieve>,
}

/// How often each wake-up is heard, and how often the last one is still to be.
#[cfg(feature = "testing")]
#[derive(Clone)]
struct Sieve {
    times: Arc<dyn Fn() -> usize + Send + Sync>,
    left: usize,
}

impl Announced {
    /// How many there are, once there are more than `heard`.
    async fn after(&self, heard: u64) -> u64 {
        loop {
            let mut announced = pin!(self.notify.notified());
            announced.as_mut().enable();
            let count = self.count.load(Ordering::SeqCst);
            if count != heard {
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
    /// A place where nothing has been announced.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::default())
    }

    /// Wakes everybody who listens.
    pub fn wake(&self) {
        self.0.count.fetch_add(1, Ordering::SeqCst);
        self.0.notify.notify_waiters();
    }

    /// Hears of what is announced from now on.
    #[must_use]
    pub fn listen(&self) -> WakeUpReceiver {
        WakeUpReceiver {
            heard: self.0.count.load(Ordering::SeqCst),
            announced: Arc::clone(&self.0),
            #[cfg(feature = "testing")]
            sieve: None,
        }
    }
}

impl WakeUpReceiver {
    /// Returns at the first wake-up since the last call, and never again once the announcer is gone.
    #[cfg_attr(not(feature = "testing"), allow(clippy::never_loop, reason = "only the sieve of tests goes on"))]
    pub async fn wait(&mut self) {
        loop {
            #[cfg(feature = "testing")]
            if let Some(Sieve { left: left @ 1.., .. }) = &mut self.sieve {
                *left -= 1;
                return;
            }
            self.heard = self.announced.after(self.heard).await;
            #[cfg(feature = "testing")]
            if let Some(sieve) = &mut self.sieve {
                sieve.left = (sieve.times)();
                continue;
            }
            return;
        }
    }

    /// The same, where each wake-up is heard as often as `times` says at that time.
    #[cfg(feature = "testing")]
    pub(crate) fn sifted(mut self, times: impl Fn() -> usize + Send + Sync + 'static) -> Self {
        self.sieve = Some(Sieve { times: Arc::new(times), left: 0 });
        self
    }
}

impl std::fmt::Debug for WakeUpReceiver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WakeUpReceiver").finish_non_exhaustive()
    }
}
