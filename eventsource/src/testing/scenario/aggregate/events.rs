//! Gives events to the aggregate: those of the past, and the one or the decision whose result is checked.

use std::sync::Arc;

use super::{AggregateTest, Applied, Decided};
use crate::aggregate::{Aggregate, Applies, EventsOf};
use crate::event::{DomainEvent, NewEvent, RecordedEvent};

impl<A: Aggregate> AggregateTest<A> {
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
