//! The checks that every store makes before an append.

use std::collections::HashSet;

use super::{AppendError, StreamAppend};
use crate::event::{MAX_NAME, NewEvent, StreamId, Unstorable, UnstorableReason, check_time};

/// Refuses an append that every store must refuse. Every store calls it before it looks at its data.
///
/// # Errors
/// - [`AppendError::Empty`] if there are no events.
/// - [`AppendError::DuplicateEvent`] if two of the events have the same id.
/// - [`AppendError::ForeignEvent`] if an event belongs to another aggregate type than the stream.
/// - [`AppendError::Unstorable`] if a name, a time or a value could not be read back from every store.
///
/// # Examples
/// ```
/// use eventsource::store::check_append;
/// use eventsource::{AppendError, StreamId};
///
/// let order = StreamId::new("Order", uuid::Uuid::now_v7());
/// assert!(matches!(check_append(&order, &[]), Err(AppendError::Empty { .. })));
/// ```
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

/// Refuses an append to several streams that every store must refuse. Every store calls it before it looks at its data.
///
/// # Errors
/// The errors of [`check_append`] for each part, [`AppendError::StreamTwice`] if a stream occurs twice, and
/// [`AppendError::DuplicateEvent`] if an id occurs twice.
///
/// # Examples
/// ```
/// use eventsource::store::{StreamAppend, check_append_all};
/// use eventsource::{AppendError, ExpectedVersion, NewEvent, StreamId};
///
/// let order = StreamId::new("Order", uuid::Uuid::now_v7());
/// let part = || StreamAppend::new(order.clone(), ExpectedVersion::Any, vec![NewEvent::raw("OrderPaid", 1, "{}")]);
/// assert!(check_append_all(&[part()]).is_ok());
/// assert!(matches!(check_append_all(&[part(), part()]), Err(AppendError::StreamTwice { .. })));
/// ```
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

/// Refuses values that some store cannot store or read back.
fn check_values(stream: &StreamId, event: &NewEvent) -> Result<(), Unstorable> {
    check_name("aggregate_type", stream.aggregate_type())?;
    check_name("event_type", event.event_type())?;
    event.metadata().get_tenant().map_or(Ok(()), |tenant| check_name("metadata.tenant", tenant))?;
    if let Some(key) = event.get_partition_key() {
        check_name("partition_key", key)?;
        if key.is_empty() {
            return Err(Unstorable::new("partition_key", UnstorableReason::EmptyKey));
        }
    }
    check_time(event.occurred_at()).map_err(|reason| Unstorable::new("occurred_at", reason))?;
    event.check_values()
}

/// Refuses a name that some database cannot store or index.
pub(crate) fn check_name(path: &str, name: &str) -> Result<(), Unstorable> {
    let reason = match name {
        name if name.contains('\0') => UnstorableReason::Nul,
        name if name.len() > MAX_NAME => UnstorableReason::TooLong { length: name.len() },
        _ => return Ok(()),
    };
    Err(Unstorable::new(path, reason))
}
