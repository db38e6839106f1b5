//! Command ids. The ids of the events of a command are derived from its id, so that a store refuses to store them
//! twice.

use std::sync::Arc;

use uuid::Uuid;

use crate::event::{Metadata, RecordedEvent};
use crate::store::{EventStore, PAGE_BYTES, PageLimit, ReadStream, StoreError};

/// Returns the id of the event `index` (from 0) of a command: a UUID v5 in the namespace of the command id.
pub(super) fn event_id(command_id: Uuid, index: usize) -> Uuid {
    Uuid::new_v5(&command_id, &(index as u64).to_be_bytes())
}

/// Returns the metadata of the events of a command. The command is their cause, unless the caller has set another one.
pub(super) fn metadata(metadata: &Metadata, command_id: Option<Uuid>) -> Metadata {
    match command_id {
        Some(id) if metadata.get_causation_id().is_none() => metadata.clone().causation_id(id),
        _ => metadata.clone(),
    }
}

/// Returns the events that the command has stored, in their order.
pub(super) async fn stored(store: &dyn EventStore, command_id: Uuid) -> Result<Vec<Arc<RecordedEvent>>, StoreError> {
    const PAGE: PageLimit = PageLimit::events(100).within_bytes(PAGE_BYTES);
    let mut events = Vec::<Arc<RecordedEvent>>::new();
    let Some(first) = store.event(event_id(command_id, 0)).await? else { return Ok(events) };
    loop {
        // One append has stored all of them, so they are neighbours in the stream.
        let from = first.version() + events.len() as u64;
        let page = store.read_stream_page(first.stream(), ReadStream::forward().from(from), PAGE).await?;
        for event in page.events {
            if event.id() != event_id(command_id, events.len()) {
                return Ok(events);
            }
            events.push(event);
        }
        if !page.is_full {
            return Ok(events);
        }
    }
}
