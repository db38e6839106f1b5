//! The traits of aggregates.

use std::sync::Arc;

use crate::event::{DecodeError, EventDescriptor, RecordedEvent};

/// The state of an aggregate, which is built from its events. Its methods decide which events can happen next.
///
/// `#[aggregate]` on an `impl` block implements it. Without the macro:
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use eventsource::{Aggregate, AggregateRoot, Applies, DomainEvent};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, DomainEvent)]
/// #[event(aggregate = "Account")]
/// struct Deposited { amount: u64 }
///
/// #[derive(Default)]
/// struct Account { balance: u64 }
///
/// impl Aggregate for Account {
///     const TYPE: &'static str = "Account";
///     type Events = (Deposited,);
/// }
///
/// impl Applies<Deposited> for Account {
///     fn apply(&mut self, event: &Deposited) { self.balance += event.amount }
/// }
///
/// let mut account = AggregateRoot::<Account>::new(uuid::Uuid::now_v7());
/// account.record(Deposited { amount: 5 });
/// assert_eq!((account.balance, account.version()), (5, 1));
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an aggregate",
    label = "not an aggregate",
    note = "mark its impl block with `#[aggregate]`, or implement `Aggregate` by hand"
)]
pub trait Aggregate: Default + Send + Sync + 'static {
    /// The aggregate type of its streams. It is part of the stored data, so it must never change.
    const TYPE: &'static str;
    /// Its events: a tuple of their types, or `Self` with `#[aggregate]`. The aggregate must [apply](Applies) each of
    /// them.
    type Events: EventsOf<Self>;
}

/// Applies an event of the type `E` to the state of an aggregate. It cannot fail, because the event has already
/// happened.
///
/// See [`Aggregate`] for an example.
///
/// ```
/// use eventsource::Applies;
///
/// struct Deposited { amount: u64 }
/// struct Account { balance: u64 }
///
/// impl Applies<Deposited> for Account {
///     fn apply(&mut self, event: &Deposited) { self.balance += event.amount }
/// }
///
/// let mut account = Account { balance: 5 };
/// account.apply(&Deposited { amount: 7 });
/// assert_eq!(account.balance, 12);
/// ```
#[diagnostic::on_unimplemented(
    message = "the aggregate `{Self}` does not apply the event `{E}`",
    label = "no `Applies<{E}>`",
    note = "an event whose `#[event(aggregate = \"…\")]` names another aggregate is recorded by the root of that aggregate",
    note = "for an event of `{Self}`, add a method with `#[applies({E})]` to its `#[aggregate]` block; by hand, write `impl Applies<{E}> for {Self}` and list `{E}` in `type Events`"
)]
pub trait Applies<E> {
    /// Changes the state. It must depend only on the state and the event: each load of the aggregate calls it again. So
    /// it must not read a clock, a random number or a database.
    fn apply(&mut self, event: &E);
}

/// The events of the aggregate `A`: a tuple of up to 16 event types. `#[aggregate]` implements it for the aggregate
/// itself, for any number of events. See [`Aggregate`] for an example.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// # use eventsource::{Aggregate, Applies, DomainEvent};
/// # #[derive(serde::Serialize, serde::Deserialize, DomainEvent)]
/// # #[event(aggregate = "Account")]
/// # struct Deposited { amount: u64 }
/// # #[derive(Default)]
/// # struct Account { balance: u64 }
/// # impl Applies<Deposited> for Account {
/// #     fn apply(&mut self, event: &Deposited) { self.balance += event.amount }
/// # }
/// use eventsource::aggregate::EventsOf;
///
/// impl Aggregate for Account {
///     const TYPE: &'static str = "Account";
///     type Events = (Deposited,);
/// }
/// assert_eq!(<(Deposited,) as EventsOf<Account>>::EVENTS[0].name(), "Deposited");
/// # }
/// ```
pub trait EventsOf<A> {
    /// Applies `event` to `aggregate`. Returns `false` if it is none of these events.
    ///
    /// # Errors
    /// [`DecodeError`] if it is one of these events and cannot be decoded. A retry does not help.
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
    /// # use std::sync::Arc;
    /// use eventsource::event::now;
    ///
    /// let order = StreamId::new("Order", uuid::Uuid::now_v7());
    /// let other = Arc::new(NewEvent::raw("OrderPlaced", 1, "{}").record(order, 1, Position::new(1), now()));
    /// let applied = <(Deposited,) as EventsOf<Account>>::apply(&mut Account::default(), &other)?;
    /// assert!(!applied, "an account has no such event");
    /// # }
    /// # Ok::<(), eventsource::DecodeError>(())
    /// ```
    fn apply(aggregate: &mut A, event: &Arc<RecordedEvent>) -> Result<bool, DecodeError>;

    /// The descriptions of these events in the [`Registry`](crate::Registry).
    const EVENTS: &'static [&'static EventDescriptor];
}
