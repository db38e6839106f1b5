//! What wakes the subscriptions of a manager beside the store: its notifier, asked again until it answers.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::backoff::{Backoff, Chance};
use crate::bus::{BusError, BusSubscription, Notifier, Wake};
use crate::causes::WithCauses;
use crate::store::WakeUpSender;

/// How long the start of a manager waits for its notifier. The notifier is asked again in the background then.
const PATIENCE: Duration = Duration::from_secs(2);

/// The delays between two attempts to listen.
const AGAIN: Backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(5));

/// The notifier at work. It is left when this is dropped.
#[derive(Debug)]
pub(in crate::subscription) enum Listening {
    Connected(#[expect(dead_code, reason = "it ends when it is dropped")] BusSubscription),
    /// The notifier could not be reached. The store's own wake-ups and the poll remain meanwhile.
    Retrying(JoinHandle<()>),
}

impl Listening {
    /// Listens to `notifier`. If it cannot be reached, a task asks it again until it can.
    pub(super) async fn start(notifier: &Arc<dyn Notifier>, wake_ups: &Arc<WakeUpSender>) -> Self {
        match listen(&**notifier, wake_ups).await {
            Ok(subscription) => Self::Connected(subscription),
            Err(error) => {
                tracing::warn!(error = %WithCauses(&error), "the event bus does not wake the subscriptions; they poll until it does");
                Self::Retrying(tokio::spawn(retry(Arc::clone(notifier), Arc::clone(wake_ups))))
            }
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        if let Self::Retrying(task) = self {
            task.abort();
        }
    }
}

async fn listen(notifier: &dyn Notifier, wake_ups: &Arc<WakeUpSender>) -> Result<BusSubscription, BusError> {
    let wake_ups = Arc::clone(wake_ups);
    let wake: Wake = Arc::new(move || wake_ups.wake());
    timeout(PATIENCE, notifier.listen(wake)).await.unwrap_or_else(|late| Err(BusError::new("subscribe", late)))
}

/// Listens as soon as the notifier can be reached, until the task is aborted.
async fn retry(notifier: Arc<dyn Notifier>, wake_ups: Arc<WakeUpSender>) {
    let chance = Chance::new(None);
    let mut failures = 1;
    let _subscription = loop {
        sleep(AGAIN.delay(failures, chance.draw())).await;
        match listen(&*notifier, &wake_ups).await {
            Ok(subscription) => break subscription,
            Err(error) => {
                failures = failures.saturating_add(1);
                tracing::debug!(error = %WithCauses(&error), failures, "the event bus still does not wake the subscriptions");
            }
        }
    };
    tracing::info!("the event bus wakes the subscriptions");
    // What was announced before was not heard.
    wake_ups.wake();
    std::future::pending().await
}
