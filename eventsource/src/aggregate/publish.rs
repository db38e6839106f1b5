//! Publishes stored events.

use crate::bus::{BusError, Notifier};
use crate::causes::WithCauses;
use crate::event::StreamId;
use crate::store::Appended;

/// Calls `notifier` with the stored events. Logs a warning if it fails.
pub(super) async fn publish(notifier: &dyn Notifier, stream: &StreamId, appended: &Appended) -> Option<BusError> {
    let error = notifier.notify(appended.events()).await.err()?;
    tracing::warn!(
        %stream,
        error = %WithCauses(&error),
        "events were stored but not published; subscriptions find them when they poll"
    );
    Some(error)
}
