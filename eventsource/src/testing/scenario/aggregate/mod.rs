//! Tests of aggregates.

mod applied;
mod decided;
mod events;

use std::fmt;

use uuid::Uuid;

pub use applied::Applied;
pub use decided::Decided;

use super::history::History;
use crate::aggregate::Aggregate;

/// Tests an aggregate: *given* some events, *when* another event is applied or the aggregate decides, *then* check the
/// result.
///
/// Each event is encoded, stored and decoded as in production. An event that the aggregate does not apply does not
/// compile.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use eventsource::{DomainEvent, aggregate, testing};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, DomainEvent)]
/// #[event(aggregate = "Account")]
/// struct Deposited { amount: u64 }
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize, DomainEvent)]
/// #[event(aggregate = "Account")]
/// struct Withdrawn { amount: u64 }
///
/// #[derive(Default)]
/// struct Account { balance: u64 }
///
/// #[aggregate]
/// impl Account {
///     fn withdraw(&self, amount: u64) -> Result<Withdrawn, &'static str> {
///         if amount <= self.balance { Ok(Withdrawn { amount }) } else { Err("not enough") }
///     }
///
///     #[applies(Deposited)]
///     fn deposited(&mut self, event: &Deposited) { self.balance += event.amount }
///
///     #[applies(Withdrawn)]
///     fn withdrawn(&mut self, event: &Withdrawn) { self.balance -= event.amount }
/// }
///
/// testing::aggregate::<Account>()
///     .given(Deposited { amount: 5 })
///     .when(Withdrawn { amount: 3 })
///     .then(|account| assert_eq!(account.balance, 2))
///     .decides(|account| account.withdraw(3))
///     .then(|decision| assert_eq!(decision, Err("not enough")));
/// # }
/// ```
#[must_use]
pub fn aggregate<A: Aggregate>() -> AggregateTest<A> {
    AggregateTest { state: A::default(), history: History::new() }
}

/// A test of an aggregate, created by [`aggregate`].
///
/// ```
/// # #[cfg(feature = "macros")] {
/// # use eventsource::{DomainEvent, aggregate, testing};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Debug, PartialEq, Serialize, Deserialize, DomainEvent)]
/// # #[event(aggregate = "Account")]
/// # struct Deposited { amount: u64 }
/// # #[derive(Default)]
/// # struct Account { balance: u64 }
/// # #[aggregate]
/// # impl Account {
/// #     fn deposit(&self, amount: u64) -> Option<Deposited> { (amount > 0).then_some(Deposited { amount }) }
/// #     #[applies(Deposited)]
/// #     fn deposited(&mut self, event: &Deposited) { self.balance += event.amount }
/// # }
/// let test: testing::AggregateTest<Account> = testing::aggregate();
/// let test = test.given(Deposited { amount: 5 }).when(Deposited { amount: 3 }).then(|account| {
///     assert_eq!(account.balance, 8);
/// });
/// test.decides(|account| account.deposit(0)).then(|decision| assert_eq!(decision, None));
/// # }
/// ```
pub struct AggregateTest<A> {
    state: A,
    history: History,
}

impl<A: Aggregate> AggregateTest<A> {
    /// Sets the id of the aggregate for the following events. The default is [`AGGREGATE_ID`](super::AGGREGATE_ID).
    ///
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::{DomainEvent, aggregate, testing};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Debug, PartialEq, Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Account")]
    /// # struct Deposited { amount: u64 }
    /// # #[derive(Default)]
    /// # struct Account { balance: u64 }
    /// # #[aggregate]
    /// # impl Account {
    /// #     fn deposit(&self, amount: u64) -> Option<Deposited> { (amount > 0).then_some(Deposited { amount }) }
    /// #     #[applies(Deposited)]
    /// #     fn deposited(&mut self, event: &Deposited) { self.balance += event.amount }
    /// # }
    /// testing::aggregate::<Account>()
    ///     .aggregate_id(uuid::Uuid::from_u128(7))
    ///     .when(Deposited { amount: 5 })
    ///     .then(|account| assert_eq!(account.balance, 5));
    /// # }
    /// ```
    #[must_use = "a test goes on with `when` or `decides` and ends with `then`"]
    pub fn aggregate_id(mut self, id: Uuid) -> Self {
        self.history.id = id;
        self
    }
}

impl<A> fmt::Debug for AggregateTest<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AggregateTest").field("history", &self.history).finish_non_exhaustive()
    }
}
