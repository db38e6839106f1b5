//! Events that an aggregate has recorded, and that are not saved yet.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::event::{DomainEvent, EncodeError, Metadata, NewEvent, now};

/// An event that an aggregate has recorded, and that is not saved yet. It already has its id and its time.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// # use eventsource::prelude::*;
/// # use eventsource::aggregate::*;
/// # #[derive(serde::Serialize, serde::Deserialize, DomainEvent)]
/// # #[event(aggregate = "Account")]
/// # struct Deposited { amount: u64 }
/// # #[derive(Default, serde::Serialize, serde::Deserialize)]
/// # struct Account { balance: u64 }
/// # #[aggregate]
/// # impl Account { #[applies(Deposited)] fn add(&mut self, event: &Deposited) { self.balance += event.amount } }
/// let mut account = AggregateRoot::<Account>::new(uuid::Uuid::now_v7());
/// account.record(Deposited { amount: 5 });
/// let event = &account.uncommitted()[0];
/// assert_eq!(event.event_type(), "Deposited");
/// assert_eq!(event.downcast_ref::<Deposited>().map(|event| event.amount), Some(5));
/// println!("{} occurred at {}", event.id(), event.occurred_at());
/// # }
/// ```
#[derive(Clone)]
pub struct UncommittedEvent {
    id: Uuid,
    occurred_at: DateTime<Utc>,
    event: Arc<dyn Recordable>,
}

/// A typed event whose type is erased.
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

    /// Returns the id of the event. A command with a command id stores the event with another id.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        self.id
    }

    /// Returns the time at which the event occurred.
    #[must_use]
    pub const fn occurred_at(&self) -> DateTime<Utc> {
        self.occurred_at
    }

    /// Returns the stored name of the event type.
    #[must_use]
    pub fn event_type(&self) -> &'static str {
        self.event.event_type()
    }

    /// Returns the event if it is an `E`, or `None`.
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
