//! The macros of aggregates.

/// Makes a type an aggregate: each method with `#[applies(SomeEvent)]` changes the state for one event.
///
/// See [`aggregate`](mod@crate::aggregate) for a larger example.
///
/// ```
/// use eventsource::{AggregateRoot, DomainEvent, aggregate};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, DomainEvent)]
/// #[event(aggregate = "Account")]
/// struct Deposited {
///     amount: u64,
/// }
///
/// #[derive(Default)]
/// struct Account {
///     balance: u64,
/// }
///
/// #[aggregate]
/// impl Account {
///     // Other methods decide. They can be in the same block.
///     fn deposit(&self, amount: u64) -> Result<Deposited, &'static str> {
///         if amount == 0 { Err("nothing to deposit") } else { Ok(Deposited { amount }) }
///     }
///
///     #[applies(Deposited)]
///     fn deposited(&mut self, event: &Deposited) {
///         self.balance += event.amount;
///     }
/// }
///
/// let mut account = AggregateRoot::<Account>::new(uuid::Uuid::now_v7());
/// account.record(account.deposit(5)?);
/// assert_eq!(account.balance, 5);
/// # Ok::<(), &'static str>(())
/// ```
///
/// An event has already happened, so it cannot be refused. This does not compile:
///
/// ```compile_fail
/// # #[derive(serde::Serialize, serde::Deserialize, eventsource::DomainEvent)]
/// # #[event(aggregate = "Account")]
/// # struct Deposited {}
/// # #[derive(Default)]
/// # struct Account;
/// #[eventsource::aggregate]
/// impl Account {
///     #[applies(Deposited)]
///     fn deposited(&mut self, _: &Deposited) -> Result<(), String> { Ok(()) }
/// }
/// ```
pub use eventsource_macros::aggregate;
/// Applies one event to the state of an aggregate. It is an attribute of a method in an
/// [`#[aggregate]`](macro@aggregate) block.
///
/// ```
/// use eventsource::{AggregateRoot, DomainEvent, aggregate};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, DomainEvent)]
/// #[event(aggregate = "Account")]
/// struct Deposited { amount: u64 }
///
/// #[derive(Default)]
/// struct Account { balance: u64 }
///
/// #[aggregate]
/// impl Account {
///     #[applies(Deposited)]
///     fn deposited(&mut self, event: &Deposited) { self.balance += event.amount }
/// }
///
/// let mut account = AggregateRoot::<Account>::new(uuid::Uuid::now_v7());
/// account.record(Deposited { amount: 5 });
/// assert_eq!(account.balance, 5);
/// ```
pub use eventsource_macros::applies;
