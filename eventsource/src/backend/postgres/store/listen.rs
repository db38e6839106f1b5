//! Listens for appends and requests of other processes.

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::announce::{Announcer, OPERATIONS};
use crate::backoff::Retries;
use crate::store::WakeUpSender;

/// The delays between two attempts to listen again.
const FIRST_DELAY: Duration = Duration::from_millis(100);
const LONGEST_DELAY: Duration = Duration::from_secs(5);

/// What a notification wakes.
pub(super) struct Wake {
    /// Those that wait for events.
    pub(super) wake_ups: Arc<WakeUpSender>,
    /// Those that wait for a change of the requests and the pauses.
    pub(super) operations: Arc<WakeUpSender>,
}

impl Wake {
    fn all(&self) {
        self.wake_ups.wake();
        self.operations.wake();
    }
}

/// Listens until it is dropped.
#[derive(Debug)]
pub(super) struct Listener(JoinHandle<()>);

impl Listener {
    pub(super) fn start(runtime: &Handle, connect: PgConnectOptions, announcer: &Announcer, wake: Wake) -> Self {
        let (channel, own) = (announcer.channel().to_owned(), announcer.own().to_owned());
        Self(runtime.spawn(async move {
            let pool = PgPoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
            let pool = pool.connect_lazy_with(connect);
            let mut retries = Retries::new(FIRST_DELAY, LONGEST_DELAY);
            loop {
                let Err(error) = listen(&pool, &channel, &own, &wake, &mut retries).await;
                tracing::debug!(%error, "not listening for appends; reconnecting after a delay");
                retries.wait().await;
            }
        }))
    }

    pub(super) fn stop(&self) {
        self.0.abort();
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn listen(
    pool: &PgPool,
    channel: &str,
    own: &str,
    wake: &Wake,
    retries: &mut Retries,
) -> Result<std::convert::Infallible, sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(channel).await?;
    retries.reset();
    // Notifications may have been missed before.
    wake.all();
    loop {
        match listener.try_recv().await? {
            Some(notification) if notification.payload() == own => {}
            // `None`: the connection was lost and is open again.
            None => wake.all(),
            Some(notification) if notification.payload() == OPERATIONS => wake.operations.wake(),
            Some(_) => wake.wake_ups.wake(),
        }
    }
}
