//! A test of an aggregate.

use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

use super::history::History;
use crate::aggregate::{Aggregate, Applies, EventsOf};
use crate::event::{DomainEvent, NewEvent, RecordedEvent};

/// A test of an aggregate: given some events, when another one comes or it has to decide, then it is like this.
///
/// Each event is encoded, stored and decoded as it would be. Events that the aggregate does not apply do not compile.
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

/// A test of an aggregate, made by [`aggregate`].
pub struct AggregateTest<A> {
    state: A,
    history: History,
}

impl<A: Aggregate> AggregateTest<A> {
    /// The events from here on belong to the aggregate `id`; before it is [`AGGREGATE_ID`](super::AGGREGATE_ID).
    #[must_use = "a test goes on with `when` or `decides` and ends with `then`"]
    pub fn aggregate_id(mut self, id: Uuid) -> Self {
        self.history.id = id;
        self
    }

    /// `event` has happened.
    ///
    /// # Panics
    /// Where it cannot be stored and read again.
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

    /// `event` has happened, as it was stored once: with an older version, under an alias.
    ///
    /// # Panics
    /// Where it cannot be read, or is none of the aggregate's events.
    #[must_use = "a test goes on with `when` or `decides` and ends with `then`"]
    #[track_caller]
    pub fn given_stored(mut self, event: NewEvent) -> Self {
        let stored = self.history.store_raw(event, A::TYPE);
        self.replay(&stored);
        self
    }

    /// `event` happens.
    ///
    /// # Panics
    /// Where it cannot be stored and read again.
    #[track_caller]
    pub fn when<E: DomainEvent>(self, event: E) -> Applied<A>
    where
        A: Applies<E>,
    {
        Applied(self.given(event))
    }

    /// The aggregate decides, by its state.
    pub fn decides<R>(self, decide: impl FnOnce(&A) -> R) -> Decided<A, R> {
        let decision = decide(&self.state);
        Decided { test: self, decision }
    }

    #[track_caller]
    #[allow(clippy::panic, reason = "a test fails by a panic")]
    fn replay(&mut self, event: &Arc<RecordedEvent>) {
        match A::Events::apply(&mut self.state, event) {
            Ok(true) => {}
            Ok(false) => panic!("`{}` is not declared by the aggregate: add it there", event.event_type()),
            Err(error) => panic!("{error}"),
        }
    }
}

/// An aggregate that has applied the event of an [`AggregateTest`].
#[must_use = "a test ends with `then`"]
pub struct Applied<A>(AggregateTest<A>);

impl<A> Applied<A> {
    /// Then the state is like this. The test may go on.
    #[track_caller]
    pub fn then(self, check: impl FnOnce(&A)) -> AggregateTest<A> {
        check(&self.0.state);
        self.0
    }
}

/// What an aggregate has decided in an [`AggregateTest`].
#[must_use = "a test ends with `then`"]
pub struct Decided<A, R> {
    test: AggregateTest<A>,
    decision: R,
}

impl<A, R> Decided<A, R> {
    /// Then the decision is like this. The test may go on.
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
