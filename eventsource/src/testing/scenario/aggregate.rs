//! Tests of aggregates.

use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

use super::history::History;
use crate::aggregate::{Aggregate, Applies, EventsOf};
use crate::event::{DomainEvent, NewEvent, RecordedEvent};

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

    /// Applies an event of the past.
    ///
    /// # Panics
    /// If the event cannot be stored and read again.
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
    ///     .given(Deposited { amount: 5 })
    ///     .given(Deposited { amount: 3 })
    ///     .decides(|account| account.balance)
    ///     .then(|balance| assert_eq!(balance, 8));
    /// # }
    /// ```
    #[must_use = "a test goes on with `when` or `decides` and ends with `then`"]
    #[track_caller]
    #[allow(clippy::panic, reason = "a test fails by a panic")]
    pub fn given<E: DomainEvent>(mut self, event: E) -> Self
    where
        A: Applies<E>,
    {
        match self.history.store(&event) {
            Ok(stored) => self.replay(&stored),
            Err(error) => panic!("{error}"),
        }
        self
    }

    /// Applies an event of the past in its stored form, such as an older version or under an alias.
    ///
    /// # Panics
    /// If the event cannot be read, or does not belong to the aggregate.
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
    /// use eventsource::NewEvent;
    ///
    /// testing::aggregate::<Account>()
    ///     .given_stored(NewEvent::raw("Deposited", 1, r#"{"amount":5}"#))
    ///     .when(Deposited { amount: 3 })
    ///     .then(|account| assert_eq!(account.balance, 8));
    /// # }
    /// ```
    #[must_use = "a test goes on with `when` or `decides` and ends with `then`"]
    #[track_caller]
    pub fn given_stored(mut self, event: NewEvent) -> Self {
        let stored = self.history.store_raw(event, A::TYPE);
        self.replay(&stored);
        self
    }

    /// Applies an event. The test then checks the state.
    ///
    /// # Panics
    /// If the event cannot be stored and read again.
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
    /// testing::aggregate::<Account>().when(Deposited { amount: 5 }).then(|account| assert_eq!(account.balance, 5));
    /// # }
    /// ```
    #[track_caller]
    pub fn when<E: DomainEvent>(self, event: E) -> Applied<A>
    where
        A: Applies<E>,
    {
        Applied(self.given(event))
    }

    /// Calls `decide` with the state of the aggregate. The test then checks the decision. Its events are not applied:
    /// to apply one, continue with [`when`](Self::when).
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
    ///     .given(Deposited { amount: 5 })
    ///     .decides(|account| account.deposit(3))
    ///     .then(|decision| assert_eq!(decision, Some(Deposited { amount: 3 })));
    /// # }
    /// ```
    pub fn decides<R>(self, decide: impl FnOnce(&A) -> R) -> Decided<A, R> {
        let decision = decide(&self.state);
        Decided { test: self, decision }
    }

    #[track_caller]
    #[allow(clippy::panic, reason = "a test fails by a panic")]
    fn replay(&mut self, event: &Arc<RecordedEvent>) {
        match A::Events::apply(&mut self.state, event) {
            Ok(true) => {}
            Ok(false) => {
                panic!("`{}` is not declared by the aggregate: declare it with `#[applies]`", event.event_type())
            }
            Err(error) => panic!("{error}"),
        }
    }
}

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
pub struct Applied<A>(AggregateTest<A>);

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
    test: AggregateTest<A>,
    decision: R,
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

impl<A> fmt::Debug for AggregateTest<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AggregateTest").field("history", &self.history).finish_non_exhaustive()
    }
}

impl<A> fmt::Debug for Applied<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Applied").field(&self.0).finish()
    }
}

impl<A, R: fmt::Debug> fmt::Debug for Decided<A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decided").field("decision", &self.decision).finish_non_exhaustive()
    }
}
