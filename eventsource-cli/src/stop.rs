//! The request to end, for what a program serves.

use tokio::sync::watch;

/// Tells what a program serves that it is to end. A clone is the same.
///
/// ```
/// use eventsource_cli::Stop;
///
/// async fn serve(stop: Stop) {
///     // With axum: `axum::serve(listener, app).with_graceful_shutdown(stop.requested())`.
///     stop.requested().await;
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Creates it, with what requests the end.
    pub(crate) fn new() -> (watch::Sender<bool>, Self) {
        let (sender, receiver) = watch::channel(false);
        (sender, Self(receiver))
    }

    /// Waits until a signal asks the process to end.
    pub async fn requested(mut self) {
        // The sender is dropped only after the end.
        let _ = self.0.wait_for(|is_requested| *is_requested).await;
    }
}
