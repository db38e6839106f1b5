//! Decides when a snapshot is taken.

use std::fmt;

use crate::aggregate::AggregateRoot;

/// Decides which saves take a snapshot of the aggregate.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use eventsource::aggregate::{MemorySnapshots, SnapshotPolicy};
/// use eventsource::prelude::*;
/// use eventsource::{AggregateRepository, aggregate};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, DomainEvent)]
/// #[event(aggregate = "Account")]
/// struct Deposited { amount: u64 }
///
/// #[derive(Default, Serialize, Deserialize)]
/// struct Account { balance: u64 }
///
/// #[aggregate]
/// impl Account {
///     #[applies(Deposited)]
///     fn deposited(&mut self, event: &Deposited) { self.balance += event.amount }
/// }
///
/// let accounts = AggregateRepository::<Account>::new(MemoryEventStore::new(), MemoryEventBus::new())
///     .with_snapshots(MemorySnapshots::new(), SnapshotPolicy::every(100));
/// # let _ = accounts;
/// # }
/// ```
pub struct SnapshotPolicy<A> {
    when: When<A>,
    state_version: u32,
}

type Predicate<A> = dyn Fn(&AggregateRoot<A>) -> bool + Send + Sync;

enum When<A> {
    Every(u64),
    Holds(Box<Predicate<A>>),
    ByHand,
}

impl<A> SnapshotPolicy<A> {
    /// Takes a snapshot every `events` events: when the version of the aggregate reaches or passes a multiple of
    /// `events`. 0 counts as 1.
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
    /// // At the versions 100, 200, 300, and so on.
    /// let policy = SnapshotPolicy::<Account>::every(100);
    /// # }
    /// ```
    #[must_use]
    pub const fn every(events: u64) -> Self {
        Self::new(When::Every(if events == 0 { 1 } else { events }))
    }

    /// Takes a snapshot after each save of events for which `holds` returns `true`. It is called with the saved
    /// aggregate.
    ///
    /// Name the type of the aggregate: `SnapshotPolicy::<Account>::when(|account| account.balance == 0)`.
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
    /// let policy = SnapshotPolicy::<Account>::when(|account| account.balance == 0);
    /// # }
    /// ```
    #[must_use]
    pub fn when(holds: impl Fn(&AggregateRoot<A>) -> bool + Send + Sync + 'static) -> Self {
        Self::new(When::Holds(Box::new(holds)))
    }

    /// Takes no snapshot by itself. Call
    /// [`AggregateRepository::save_snapshot`](crate::AggregateRepository::save_snapshot).
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
    /// let policy = SnapshotPolicy::<Account>::by_hand();
    /// # }
    /// ```
    #[must_use]
    pub const fn by_hand() -> Self {
        Self::new(When::ByHand)
    }

    const fn new(when: When<A>) -> Self {
        Self { when, state_version: 0 }
    }

    /// Sets the version of the state; 0 by default. A snapshot of another version is not used.
    ///
    /// Raise it if events change the state in another way, but its fields stay the same: the shape of the state does
    /// not show that. The shape also does not show changes inside untagged and internally tagged enums, and inside
    /// structs with flattened fields.
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
    /// // The method that applies `Deposited` was corrected, so older snapshots contain wrong balances.
    /// let policy = SnapshotPolicy::<Account>::every(100).state_version(1);
    /// # }
    /// ```
    #[must_use]
    pub fn state_version(mut self, version: u32) -> Self {
        self.state_version = version;
        self
    }

    pub(super) const fn get_state_version(&self) -> u32 {
        self.state_version
    }

    /// Returns whether to take a snapshot of `root`, whose version was `before` and is `after` now.
    pub(super) fn is_due(&self, root: &AggregateRoot<A>, before: u64, after: u64) -> bool {
        match &self.when {
            When::Every(events) => before / events < after / events,
            When::Holds(holds) => holds(root),
            When::ByHand => false,
        }
    }
}

impl<A> fmt::Debug for SnapshotPolicy<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let when = match &self.when {
            When::Every(events) => format!("every({events})"),
            When::Holds(_) => "when(..)".to_owned(),
            When::ByHand => "by_hand()".to_owned(),
        };
        f.debug_struct("SnapshotPolicy").field("when", &when).field("state_version", &self.state_version).finish()
    }
}
