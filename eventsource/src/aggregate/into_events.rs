//! The arguments of [`AggregateRoot::record`](super::AggregateRoot::record): one event, several, or none.

use super::events::{assert_declared, assert_own};
use super::{Aggregate, Applies};
use crate::event::DomainEvent;

/// The events that [`AggregateRoot::record`](super::AggregateRoot::record) takes: an event, an `Option`, a `Vec`, an array or a tuple of events, or
/// `()` for no event.
///
/// A tuple contains up to 6 elements, which can have different types. The events are recorded in their order. See
/// [`AggregateRoot::record`](super::AggregateRoot::record) for an example. You never implement this trait.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// # use eventsource::prelude::*;
/// # #[derive(serde::Serialize, serde::Deserialize, DomainEvent)]
/// # #[event(aggregate = "Account")]
/// # struct Deposited { amount: u64 }
/// # #[derive(Default)]
/// # struct Account { balance: u64 }
/// # #[aggregate]
/// # impl Account { #[applies(Deposited)] fn add(&mut self, event: &Deposited) { self.balance += event.amount } }
/// use eventsource::aggregate::IntoEvents;
///
/// // A function that returns any number of events of the account.
/// fn deposits(amounts: &[u64]) -> impl IntoEvents<Account> + use<> {
///     amounts.iter().map(|amount| Deposited { amount: *amount }).collect::<Vec<_>>()
/// }
/// let mut account = AggregateRoot::<Account>::new(uuid::Uuid::now_v7());
/// account.record(deposits(&[5, 7]));
/// assert_eq!(account.balance, 12);
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{A}` cannot record `{Self}`",
    label = "not an event that `{A}` applies",
    note = "an event whose `#[event(aggregate = \"…\")]` names another aggregate is recorded by the root of that aggregate",
    note = "for an event of `{A}`, add a method with `#[applies({Self})]` to its `#[aggregate]` block; by hand, write `impl Applies<{Self}> for {A}` and list `{Self}` in `type Events`"
)]
pub trait IntoEvents<A> {
    /// Records each of the events.
    #[doc(hidden)]
    fn record_in<R: RecordEvent<A>>(self, root: &mut R);
}

/// Records events of the aggregate `A` one by one. The root of an aggregate implements it.
#[doc(hidden)]
pub trait RecordEvent<A> {
    /// Applies one event to the state, and keeps it for the next save.
    fn record_event<E: DomainEvent>(&mut self, event: E)
    where
        A: Applies<E>;
}

#[diagnostic::do_not_recommend]
impl<A: Aggregate + Applies<E>, E: DomainEvent> IntoEvents<A> for E {
    fn record_in<R: RecordEvent<A>>(self, root: &mut R) {
        const {
            assert_own::<A, E>();
            assert_declared::<A, E>();
        };
        root.record_event(self);
    }
}

impl<A, T: IntoEvents<A>> IntoEvents<A> for Option<T> {
    fn record_in<R: RecordEvent<A>>(self, root: &mut R) {
        if let Some(events) = self {
            events.record_in(root);
        }
    }
}

impl<A, T: IntoEvents<A>> IntoEvents<A> for Vec<T> {
    fn record_in<R: RecordEvent<A>>(self, root: &mut R) {
        self.into_iter().for_each(|events| events.record_in(root));
    }
}

impl<A, T: IntoEvents<A>, const N: usize> IntoEvents<A> for [T; N] {
    fn record_in<R: RecordEvent<A>>(self, root: &mut R) {
        self.into_iter().for_each(|events| events.record_in(root));
    }
}

macro_rules! tuples {
    ($($events:ident)*) => {
        impl<A, $($events: IntoEvents<A>),*> IntoEvents<A> for ($($events,)*) {
            #[allow(non_snake_case, unused_variables)]
            fn record_in<R: RecordEvent<A>>(self, root: &mut R) {
                let ($($events,)*) = self;
                $($events.record_in(root);)*
            }
        }
    };
}

tuples!();
tuples!(E1);
tuples!(E1 E2);
tuples!(E1 E2 E3);
tuples!(E1 E2 E3 E4);
tuples!(E1 E2 E3 E4 E5);
tuples!(E1 E2 E3 E4 E5 E6);
