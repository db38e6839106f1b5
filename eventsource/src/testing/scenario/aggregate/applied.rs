//! The state after an event, which the test checks.

use std::fmt;

use super::AggregateTest;

/// An aggregate that has applied the event of [`when`](AggregateTest::when).
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
/// let applied: testing::Applied<Account> = testing::aggregate().when(Deposited { amount: 5 });
/// applied.then(|account| assert_eq!(account.balance, 5));
/// # }
/// ```
#[must_use = "a test ends with `then`"]
pub struct Applied<A>(pub(super) AggregateTest<A>);

impl<A> Applied<A> {
    /// Checks the state of the aggregate. The test can continue with the returned value.
    ///
    /// # Panics
    /// If `check` panics.
    ///
    /// # Examples
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
    ///     .when(Deposited { amount: 5 })
    ///     .then(|account| assert_eq!(account.balance, 5))
    ///     .when(Deposited { amount: 3 })
    ///     .then(|account| assert_eq!(account.balance, 8));
    /// # }
    /// ```
    #[track_caller]
    pub fn then(self, check: impl FnOnce(&A)) -> AggregateTest<A> {
        check(&self.0.state);
        self.0
    }
}

impl<A> fmt::Debug for Applied<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Applied").field(&self.0).finish()
    }
}
