//! What an aggregate is.

use super::EventsOf;
use crate::event::DomainEvent;

/// The state of an aggregate, built from its events: it decides what may happen next.
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
pub trait Aggregate: Default + Send + Sync + 'static {
    /// The type under which its streams are stored. It is part of the stored data: it never changes.
    const TYPE: &'static str;
    /// Its events, as a tuple of their types, each of which it [`Applies`].
    type Events: EventsOf<Self>;
}

/// How an aggregate's state changes with an event of the type `E`. What happened cannot be refused here.
#[diagnostic::on_unimplemented(
    message = "the aggregate `{Self}` does not say how it applies `{E}`",
    label = "no `Applies<{E}>`",
    note = "write `impl Applies<{E}> for {Self}`, and list `{E}` in `type Events` of its `Aggregate`"
)]
pub trait Applies<E: DomainEvent> {
    /// Changes the state.
    fn apply(&mut self, event: &E);
}
