//! One loaded aggregate: its state, its version, and its events that are not saved yet.

use std::ops::Deref;
use std::sync::Arc;

use uuid::Uuid;

use super::into_events::RecordEvent;
use super::{Aggregate, AggregateError, Applies, EventsOf, IntoEvents, Saved, UncommittedEvent, command};
use crate::event::{DomainEvent, EncodeError, Metadata, NewEvent, Position, RecordedEvent, StreamId};
use crate::store::{Appended, ExpectedVersion};

/// One loaded aggregate: its state, its version, and its events that are not saved yet. It dereferences to the state.
///
/// The state decides, and the root records: `order.record(order.ship("TRACK-001")?)`. See [`record`](Self::record) for
/// an example. [`AggregateRepository::save`](super::AggregateRepository::save) stores the recorded events.
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
/// let id = uuid::Uuid::now_v7();
/// let mut account = AggregateRoot::<Account>::new(id);
/// account.record(Deposited { amount: 5 });
/// assert_eq!((account.balance, account.version(), account.uncommitted().len()), (5, 1, 1));
/// assert_eq!((account.id(), account.stream()), (id, StreamId::new("Account", id)));
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct AggregateRoot<A> {
    id: Uuid,
    state: A,
    stored: u64,
    position: Position,
    /// The id of the last stored event.
    last: Option<Uuid>,
    uncommitted: Vec<UncommittedEvent>,
}

impl<A: Aggregate> AggregateRoot<A> {
    /// Creates an aggregate without stored events, with the default state. Use it in tests of decisions. To save it,
    /// create it with [`AggregateRepository::create_new`](super::AggregateRepository::create_new), which does the same.
    ///
    /// # Examples
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
    /// let account = AggregateRoot::<Account>::new(uuid::Uuid::now_v7());
    /// assert_eq!((account.version(), account.balance), (0, 0));
    /// # }
    /// ```
    #[must_use]
    pub fn new(id: Uuid) -> Self {
        Self { id, state: A::default(), stored: 0, position: Position::START, last: None, uncommitted: Vec::new() }
    }

    /// Creates an aggregate with the state after the event `last`.
    pub(super) fn restored(state: A, last: &RecordedEvent) -> Self {
        let mut root = Self { state, ..Self::new(last.stream().aggregate_id()) };
        root.note(last);
        root
    }

    /// Records events. The state changes now, and the log changes when the aggregate is saved.
    ///
    /// Takes one event, or an `Option`, a `Vec`, an array or a tuple of events: see [`IntoEvents`]. An event of another
    /// aggregate does not compile:
    ///
    /// ```compile_fail
    /// # use eventsource::{Aggregate, AggregateRoot, Applies, DomainEvent};
    /// # use serde::{Deserialize, Serialize};
    /// #[derive(Serialize, Deserialize, DomainEvent)]
    /// #[event(aggregate = "Invoice")]
    /// struct Paid {}
    /// # #[derive(Default)]
    /// # struct Order;
    /// # impl Aggregate for Order { const TYPE: &'static str = "Order"; type Events = (Paid,); }
    /// # impl Applies<Paid> for Order { fn apply(&mut self, _: &Paid) {} }
    ///
    /// let mut order = AggregateRoot::<Order>::new(uuid::Uuid::now_v7());
    /// order.record(Paid {});
    /// ```
    ///
    /// Several events are recorded in their order:
    ///
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::{AggregateRoot, DomainEvent, aggregate};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Order")]
    /// # struct Paid {}
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Order")]
    /// # struct Closed {}
    /// # #[derive(Default)]
    /// # struct Order { paid: bool }
    /// # #[aggregate]
    /// # impl Order {
    /// #     #[applies(Paid)] fn paid(&mut self, _: &Paid) { self.paid = true }
    /// #     #[applies(Closed)] fn closed(&mut self, _: &Closed) {}
    /// # }
    /// impl Order {
    ///     fn pay(&self) -> Option<Paid> {
    ///         (!self.paid).then_some(Paid {})
    ///     }
    /// }
    ///
    /// let mut order = AggregateRoot::<Order>::new(uuid::Uuid::now_v7());
    /// order.record(order.pay());
    /// order.record(order.pay()); // None: nothing is recorded.
    /// order.record((Paid {}, Closed {}));
    /// order.record(vec![Paid {}, Paid {}]);
    /// assert_eq!(order.version(), 5);
    /// # }
    /// ```
    pub fn record<E: IntoEvents<A>>(&mut self, events: E) {
        events.record_in(self);
    }

    /// Returns the id of the aggregate.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        self.id
    }

    /// Returns the stream of the aggregate.
    #[must_use]
    pub fn stream(&self) -> StreamId {
        StreamId::new(A::TYPE, self.id)
    }

    /// Returns the version of the aggregate: the number of its events, including the ones that are not saved yet.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.stored + self.uncommitted.len() as u64
    }

    /// Returns the events that are not saved yet.
    #[must_use]
    pub fn uncommitted(&self) -> &[UncommittedEvent] {
        &self.uncommitted
    }

    /// Returns the result of a save that has nothing to store.
    pub(super) const fn saved(&self) -> Saved {
        Saved { position: self.position, log: None, version: self.version(), publish_error: None }
    }

    /// Encodes the events that are not saved yet. For a command, the ids of the events are derived from its id.
    pub(super) fn new_events(
        &self,
        metadata: &Metadata,
        command_id: Option<Uuid>,
    ) -> Result<Vec<NewEvent>, EncodeError> {
        let new_event = |(index, event): (usize, &UncommittedEvent)| {
            let new = event.to_new_event(metadata)?;
            Ok(match command_id {
                Some(command_id) => new.with_id(command::event_id(command_id, index)),
                None => new,
            })
        };
        self.uncommitted.iter().enumerate().map(new_event).collect()
    }

    /// Returns the version that the stream has if no other writer has appended.
    pub(super) const fn expected(&self) -> ExpectedVersion {
        if self.stored == 0 { ExpectedVersion::NoStream } else { ExpectedVersion::Exact(self.stored) }
    }

    /// Applies a stored event.
    pub(super) fn replay(&mut self, event: &Arc<RecordedEvent>) -> Result<(), AggregateError> {
        if !A::Events::apply(&mut self.state, event)? {
            return Err(AggregateError::undeclared(event));
        }
        self.note(event);
        Ok(())
    }

    /// Remembers the last stored event.
    fn note(&mut self, last: &RecordedEvent) {
        self.stored = last.version();
        self.position = last.position();
        self.last = Some(last.id());
    }

    /// Returns the version of the last stored event; 0 if there is none.
    pub(super) const fn stored_version(&self) -> u64 {
        self.stored
    }

    /// Returns the id of the last stored event.
    pub(super) const fn last_event(&self) -> Option<Uuid> {
        self.last
    }

    /// Marks the uncommitted events as stored.
    pub(super) fn committed(&mut self, appended: &Appended) {
        self.uncommitted.clear();
        if let Some(last) = appended.events().last() {
            self.note(last);
        }
    }
}

impl<A> Deref for AggregateRoot<A> {
    type Target = A;

    fn deref(&self) -> &A {
        &self.state
    }
}

impl<A: Aggregate> RecordEvent<A> for AggregateRoot<A> {
    fn record_event<E: DomainEvent>(&mut self, event: E)
    where
        A: Applies<E>,
    {
        self.state.apply(&event);
        self.uncommitted.push(UncommittedEvent::new(event));
    }
}
