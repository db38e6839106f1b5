//! Wake-ups: a hint that there may be something new to read.

use tokio::sync::watch;

/// Where a store announces appends.
///
/// ```
/// use eventsource::store::WakeUps;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let announce = WakeUps::new();
/// let mut wake_up = announce.listen();
/// announce.wake();
/// wake_up.wait().await;
/// # });
/// ```
#[derive(Debug)]
pub struct WakeUps(watch::Sender<()>);

/// Hears of appends. One that was not waited for is remembered; several of them count once.
#[derive(Debug, Clone)]
pub struct WakeUp(watch::Receiver<()>);

impl Default for WakeUps {
    fn default() -> Self {
        Self::new()
    }
}

impl WakeUps {
    /// A place where nothing has been announced.
    #[must_use]
    pub fn new() -> Self {
        Self(watch::Sender::new(()))
    }

    /// Wakes everybody who listens.
    pub fn wake(&self) {
        self.0.send_replace(());
    }

    /// Hears of what is announced from now on.
    #[must_use]
    pub fn listen(&self) -> WakeUp {
        WakeUp(self.0.subscribe())
    }
}

impl WakeUp {
    /// Returns at the first wake-up since the last call, and never again once the announcer is gone.
    pub async fn wait(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
