//! The decision, which the test checks.

use std::fmt;

use super::AggregateTest;

/// The decision of an aggregate in [`decides`](AggregateTest::decides).
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
/// let decided: testing::Decided<Account, _> = testing::aggregate().decides(|account: &Account| account.deposit(0));
/// decided.then(|decision| assert_eq!(decision, None));
/// # }
/// ```
#[must_use = "a test ends with `then`"]
pub struct Decided<A, R> {
    pub(super) test: AggregateTest<A>,
    pub(super) decision: R,
}

impl<A, R> Decided<A, R> {
    /// Checks the decision. The test can continue with the returned value, whose state the decision has not changed.
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
    ///     .decides(|account| account.deposit(0))
    ///     .then(|decision| assert_eq!(decision, None, "a deposit of nothing"))
    ///     .decides(|account| account.balance)
    ///     .then(|balance| assert_eq!(balance, 0));
    /// # }
    /// ```
    #[track_caller]
    pub fn then(self, check: impl FnOnce(R)) -> AggregateTest<A> {
        check(self.decision);
        self.test
    }
}

impl<A, R: fmt::Debug> fmt::Debug for Decided<A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decided").field("decision", &self.decision).finish_non_exhaustive()
    }
}
