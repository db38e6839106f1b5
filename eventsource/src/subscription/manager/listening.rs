//! Listens to the notifier of a manager, which wakes its subscriptions. Tries again until the notifier answers.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::backoff::Retries;
use crate::bus::{BusError, BusSubscription, Notifier, Wake};
use crate::causes::with_causes;
use crate::store::WakeUpSender;

/// How long the start of a manager waits for its notifier. After that, a background task tries again.
const PATIENCE: Duration = Duration::from_secs(2);

/// The bounds of the first and of the longest delay between two attempts to listen.
const FIRST_DELAY: Duration = Duration::from_millis(50);
const LONGEST_DELAY: Duration = Duration::from_secs(5);

/// The connection to the notifier. It ends when this is dropped.
#[derive(Debug)]
pub(in crate::subscription) enum Listening {
    Connected(#[expect(dead_code, reason = "it ends when it is dropped")] BusSubscription),
    /// The notifier could not be reached. Until it can, the wake-ups of the store and the polls remain.
    Retrying(JoinHandle<()>),
}

impl Listening {
    /// Listens to `notifier`. If it cannot be reached, a task tries again until it can.
    pub(super) async fn start(notifier: &Arc<dyn Notifier>, wake_ups: &Arc<WakeUpSender>) -> Self {
        match listen(&**notifier, wake_ups).await {
            Ok(subscription) => Self::Connected(subscription),
            Err(error) => {
                let error = with_causes(&error);
                tracing::warn!(%error, "the event bus does not wake the subscriptions; they poll until it does");
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

/// Tries until the notifier can be reached, then listens until the task is aborted.
async fn retry(notifier: Arc<dyn Notifier>, wake_ups: Arc<WakeUpSender>) {
    let mut retries = Retries::new(FIRST_DELAY, LONGEST_DELAY);
    let _subscription = loop {
        retries.wait().await;
        match listen(&*notifier, &wake_ups).await {
            Ok(subscription) => break subscription,
            Err(error) => {
                let error = with_causes(&error);
                tracing::debug!(%error, "the event bus still does not wake the subscriptions");
            }
        }
    };
    tracing::info!("the event bus wakes the subscriptions");
    // Wake-ups before the connection were lost.
    wake_ups.wake();
    std::future::pending().await
}
