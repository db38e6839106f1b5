//! What an aggregate is.

use super::EventsOf;

/// The state of an aggregate, built from its events: it decides what may happen next.
///
/// `#[aggregate]` on an impl block implements it. By hand it reads so:
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
    /// The type under which its streams are stored. It is part of the stored data: it never changes.
    const TYPE: &'static str;
    /// Its events, each of which it [`Applies`]: a tuple of their types, or `Self` where `#[aggregate]` knows them.
    type Events: EventsOf<Self>;
}

/// How an aggregate's state changes with an event of the type `E`. What happened cannot be refused here.
#[diagnostic::on_unimplemented(
    message = "the aggregate `{Self}` does not apply the event `{E}`",
    label = "no `Applies<{E}>`",
    note = "an event whose `#[event(aggregate = \"…\")]` names another aggregate is recorded by that one's root",
    note = "for an event of `{Self}`, add a method with `#[applies({E})]` to its `#[aggregate]` block; by hand, write `impl Applies<{E}> for {Self}` and list `{E}` in `type Events`"
)]
pub trait Applies<E> {
    /// Changes the state.
    fn apply(&mut self, event: &E);
}
