//! An event that an aggregate has recorded and nobody has saved.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::event::{DomainEvent, EncodeError, Metadata, NewEvent, now};

/// An event that an aggregate has recorded and nobody has saved. It has its id and its time already.
#[derive(Clone)]
pub struct UncommittedEvent {
    id: Uuid,
    occurred_at: DateTime<Utc>,
    event: Arc<dyn Recordable>,
}

/// A typed event behind its type.
trait Recordable: Any + Send + Sync {
    fn event_type(&self) -> &'static str;
    fn encode(&self) -> Result<NewEvent, EncodeError>;
}

impl<E: DomainEvent> Recordable for E {
    fn event_type(&self) -> &'static str {
        E::NAME
    }

    fn encode(&self) -> Result<NewEvent, EncodeError> {
        NewEvent::of(self)
    }
}

impl UncommittedEvent {
    pub(super) fn new<E: DomainEvent>(event: E) -> Self {
        Self { id: Uuid::now_v7(), occurred_at: now(), event: Arc::new(event) }
    }

    /// Its id, under which it will be stored.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        self.id
    }

    /// When it occurred.
    #[must_use]
    pub const fn occurred_at(&self) -> DateTime<Utc> {
        self.occurred_at
    }

    /// Its stored name.
    #[must_use]
    pub fn event_type(&self) -> &'static str {
        self.event.event_type()
    }

    /// The event, where it is an `E`.
    #[must_use]
    pub fn downcast_ref<E: DomainEvent>(&self) -> Option<&E> {
        (&*self.event as &dyn Any).downcast_ref()
    }

    pub(super) fn to_new_event(&self, metadata: &Metadata) -> Result<NewEvent, EncodeError> {
        let event = self.event.encode()?;
        Ok(event.with_id(self.id).with_occurred_at(self.occurred_at).with_metadata(metadata.clone()))
    }
}

impl fmt::Debug for UncommittedEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UncommittedEvent")
            .field("id", &self.id)
            .field("event_type", &self.event_type())
            .field("occurred_at", &self.occurred_at)
            .finish_non_exhaustive()
    }
}
