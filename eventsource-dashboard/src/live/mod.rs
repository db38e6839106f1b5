//! Live updates: a stream of server-sent events with the parts of an open page that have changed.
//!
//! One task of [`Admin::watch`](eventsource::admin::Admin::watch) samples the subscriptions while a page is open. A page without a script shows the same, as it
//! was when it was loaded.

mod history;
mod part;
mod sampler;
mod stream;
mod watched;

pub(crate) use self::history::{History, LENGTH, Moment, Trend, trend};
pub(crate) use self::part::Part;
pub(crate) use self::sampler::{Missed, Sampler, Trouble};
pub(crate) use self::stream::routes;

use tokio::sync::watch;

/// Ends the live updates of open pages, so that a server can stop.
///
/// A graceful stop of a server waits for open answers, and the live updates of a page are an answer that stays open. Call
/// [`end`](Self::end) when the stop begins. Without it, a stream ends by itself after at most 60 seconds.
///
/// ```no_run
/// # use eventsource::prelude::*;
/// # use eventsource_dashboard::Dashboard;
/// # async fn serve(listener: tokio::net::TcpListener, signal: impl Future<Output = ()> + Send + 'static) -> std::io::Result<()> {
/// # let admin = eventsource::admin::DatabaseAdmin::new(MemoryCheckpoints::new(), MemoryEventStore::new());
/// let dashboard = Dashboard::new(admin);
/// let updates = dashboard.live_updates();
/// let service = dashboard.router().into_make_service_with_connect_info::<std::net::SocketAddr>();
/// axum::serve(listener, service)
///     .with_graceful_shutdown(async move {
///         signal.await;
///         updates.end();
///     })
///     .await
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct LiveUpdates {
    ended: watch::Sender<bool>,
}

impl LiveUpdates {
    pub(crate) fn new() -> Self {
        Self { ended: watch::Sender::new(false) }
    }

    /// Ends all open streams, and opens no other.
    pub fn end(&self) {
        self.ended.send_replace(true);
    }

    /// Waits until [`end`](Self::end) is called.
    pub(crate) async fn ended(&self) {
        let mut ended = self.ended.subscribe();
        // This value has a sender, so that the wait cannot fail.
        let _ = ended.wait_for(|ended| *ended).await;
    }
}
