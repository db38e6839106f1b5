//! What every store refuses before it looks at its data.

use std::collections::HashSet;

use super::{AppendError, StreamAppend};
use crate::event::{MAX_NAME, NewEvent, StreamId, Unstorable, UnstorableReason, check_time};

/// Refuses an append that no store may take: an empty one, one with an id twice, one with an event of another
/// type of aggregate, one with a value that could not be read back. Every store calls it first.
///
/// # Errors
/// [`AppendError::Empty`], [`AppendError::DuplicateEvent`], [`AppendError::ForeignEvent`] or [`AppendError::Unstorable`].
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
        check_values(stream, event).map_err(|value| AppendError::Unstorable {
            stream: stream.clone(),
            event_type: event.event_type().to_owned(),
            event_id: event.id(),
            value: Box::new(value),
        })?;
    }
    Ok(())
}

/// Refuses appends to several streams that no store may take together: what [`check_append`] refuses in each of them, a
/// stream that comes twice, and an id that comes twice. Every store calls it first.
///
/// # Errors
/// As [`check_append`], and [`AppendError::StreamTwice`].
pub fn check_append_all(appends: &[StreamAppend]) -> Result<(), AppendError> {
    let (mut streams, mut ids) = (HashSet::with_capacity(appends.len()), HashSet::new());
    for StreamAppend { stream, events, .. } in appends {
        check_append(stream, events)?;
        if !streams.insert(stream) {
            return Err(AppendError::StreamTwice { stream: stream.clone() });
        }
        if let Some(twice) = events.iter().find(|event| !ids.insert(event.id())) {
            return Err(AppendError::DuplicateEvent { stream: stream.clone(), event_id: twice.id() });
        }
    }
    Ok(())
}

/// Refuses values that not every store can hold, or that could not be read back.
fn check_values(stream: &StreamId, event: &NewEvent) -> Result<(), Unstorable> {
    check_name("aggregate_type", stream.aggregate_type())?;
    check_name("event_type", event.event_type())?;
    event.metadata().get_tenant().map_or(Ok(()), |tenant| check_name("metadata.tenant", tenant))?;
    check_time(event.occurred_at()).map_err(|reason| Unstorable::new("occurred_at", reason))?;
    event.check_values()
}

/// Refuses a name that not every database can store or index.
pub(crate) fn check_name(path: &str, name: &str) -> Result<(), Unstorable> {
    let reason = match name {
        name if name.contains('\0') => UnstorableReason::Nul,
        name if name.len() > MAX_NAME => UnstorableReason::TooLong { length: name.len() },
        _ => return Ok(()),
    };
    Err(Unstorable::new(path, reason))
}
