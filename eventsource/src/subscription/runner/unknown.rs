//! Events of unknown types: stops a subscription before such an event if it is configured so, or logs a warning
//! ([unknown is explicit](crate::guarantees#unknown-is-explicit)).

use std::sync::Arc;

use super::{End, Owner};
use crate::event::{DecodeError, EventFilter, RecordedEvent, now};
use crate::projection::{CheckpointStore, HandlerError};
use crate::store::PageLimit;
use crate::subscription::Failure;
use crate::subscription::config::UnknownEvents;
use crate::subscription::log::Page;
use crate::subscription::log::catalogue::NO_TYPES;

impl<C: CheckpointStore> Owner<'_, C> {
    /// Ends `page` before the first event of an unknown type, and returns the failure with which the subscription ends
    /// after the rest is applied. Asks the store, because the page contains only the events that the projection
    /// handles.
    pub(super) async fn stop_before_unknown(&mut self, page: &mut Page) -> Result<Option<Arc<Failure>>, End> {
        if self.context.core.config.on_unknown != UnknownEvents::Fault || page.horizon <= self.active.position {
            return Ok(None);
        }
        // Up to the horizon of the page, no event can appear any more (no gaps).
        let (core, after, to) = (Arc::clone(&self.context.core), self.active.position, page.horizon);
        let found =
            self.context.retry_until_up(|| core.catalogue.unknown_in(&*core.store, after, to, 1, &NO_TYPES)).await?;
        let Some(stored) = found.into_iter().next() else { return Ok(None) };
        let filter = EventFilter::types([stored.name]);
        let event = self
            .context
            .retry_until_up(|| core.store.read_log(after, &filter, PageLimit::events(1)))
            .await?
            .events
            .into_iter()
            .next();
        let Some(event) = event.filter(|event| event.position() <= to) else { return Ok(None) };
        page.end_before(event.position());
        Ok(Some(self.unknown(&event)))
    }

    /// Warns of unknown types among the events that the subscription has passed. A subscription that handles every type
    /// gets these events, and does not warn.
    pub(super) fn look_at_passed(&mut self) {
        let (core, passed) = (&self.context.core, (self.context.passed_from, self.active.position));
        let is_handed_all = core.filter.event_types().is_none();
        if core.config.on_unknown != UnknownEvents::PassOver || is_handed_all || core.next_of.is_some() {
            return;
        }
        if let Some(task) = core.catalogue.pass(&core.name, &core.store, passed) {
            self.context.looking = Some(task);
        }
    }

    fn unknown(&self, event: &RecordedEvent) -> Arc<Failure> {
        let error = DecodeError::Unknown {
            event_type: event.event_type().to_owned(),
            version: event.schema_version(),
            position: event.position(),
            stream: event.stream().clone(),
        };
        Arc::new(Failure {
            subscription: self.context.core.name.clone(),
            position: event.position(),
            stream: event.stream().clone(),
            event_type: event.event_type().to_owned(),
            event_id: event.id(),
            attempts: 0,
            first_failed_at: now(),
            error: HandlerError::permanent(error),
        })
    }
}
