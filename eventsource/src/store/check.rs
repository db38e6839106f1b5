//! What every store refuses before it looks at its data.

use std::collections::HashSet;

use super::AppendError;
use crate::event::{NewEvent, StreamId};

/// Refuses an append that no store may take: an empty one, one with an id twice, one with an event of another
/// type of aggregate. Every store calls it first.
///
/// # Errors
/// [`AppendError::Empty`], [`AppendError::DuplicateEvent`] or [`AppendError::ForeignEvent`].
pub fn check_append(stream: &StreamId, events: &[NewEvent]) -> Result<(), AppendError> {
    if events.is_empty() {
        return Err(AppendError::Empty { stream: stream.clone() });
    }
    let mut ids = HashSet::with_capacity(events.len());
    for event in events {
        if !ids.insert(event.id()) {
            return Err(AppendError::DuplicateEvent { stream: stream.clone(), event_id: event.id() });
        }
        if let Some(aggregate_type) = event.aggregate_type().filter(|&own| own != stream.aggregate_type()) {
            return Err(AppendError::ForeignEvent {
                stream: stream.clone(),
                event_type: event.event_type().to_owned(),
                aggregate_type: aggregate_type.to_owned(),
            });
        }
    }
    Ok(())
}
