//! The options of a command.

use uuid::Uuid;

use super::Execute;
use crate::aggregate::{Aggregate, ConflictRetry};
use crate::event::Metadata;

impl<A: Aggregate, F, D, E> Execute<'_, A, F, D, E> {
    /// Sets the id of the command. The command is then stored once, even if it is executed again after a crash, or by
    /// several processes.
    ///
    /// Each further call returns the result of the first one. It does not call `decide` if it finds the stored command.
    /// The ids of the events are derived from `id`. `id` is also their causation id, unless
    /// [`metadata`](Self::metadata) has one. A command without events stores nothing, so it is decided again each time.
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
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let accounts = AggregateRepository::<Account>::new(MemoryEventStore::new(), MemoryEventBus::new());
    /// let (id, command) = (uuid::Uuid::now_v7(), uuid::Uuid::now_v7());
    /// let deposit = |_: &mut AggregateRoot<Account>| Ok::<_, std::convert::Infallible>(Deposited { amount: 5 });
    /// accounts.execute(id, deposit).command_id(command).await?;
    /// let again = accounts.execute(id, deposit).command_id(command).await?;
    /// assert_eq!((again.version, again.is_repeated), (1, true));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// # }
    /// ```
    pub const fn command_id(mut self, id: Uuid) -> Self {
        self.command.command_id = Some(id);
        self
    }

    /// Sets the metadata of each event; empty by default.
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
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let accounts = AggregateRepository::<Account>::new(MemoryEventStore::new(), MemoryEventBus::new());
    /// let deposit = |_: &mut AggregateRoot<Account>| Ok::<_, std::convert::Infallible>(Deposited { amount: 5 });
    /// let metadata = Metadata::new().actor("alice");
    /// let executed = accounts.execute(uuid::Uuid::now_v7(), deposit).metadata(metadata).await?;
    /// assert_eq!(executed.events[0].metadata().get_actor(), Some("alice"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// # }
    /// ```
    pub fn metadata(mut self, metadata: Metadata) -> Self {
        self.command.metadata = metadata;
        self
    }

    /// Sets the number of attempts and the delays after a conflict; see [`ConflictRetry`] for the defaults.
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
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let accounts = AggregateRepository::<Account>::new(MemoryEventStore::new(), MemoryEventBus::new());
    /// # use std::time::Duration;
    /// let deposit = |_: &mut AggregateRoot<Account>| Ok::<_, std::convert::Infallible>(Deposited { amount: 5 });
    /// let five_times = ConflictRetry::new(5, Duration::from_millis(10), Duration::from_secs(1));
    /// accounts.execute(uuid::Uuid::now_v7(), deposit).retry(five_times).await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// # }
    /// ```
    pub const fn retry(mut self, retry: ConflictRetry) -> Self {
        self.command.retry = retry;
        self
    }

    /// Requires that the aggregate has events. Otherwise the command fails with
    /// [`AggregateError::NotFound`](crate::AggregateError::NotFound).
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
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let accounts = AggregateRepository::<Account>::new(MemoryEventStore::new(), MemoryEventBus::new());
    /// use eventsource::AggregateError;
    /// use eventsource::aggregate::ExecuteError;
    ///
    /// let deposit = |_: &mut AggregateRoot<Account>| Ok::<_, std::convert::Infallible>(Deposited { amount: 5 });
    /// let missing = accounts.execute(uuid::Uuid::now_v7(), deposit).existing().await;
    /// assert!(matches!(missing, Err(ExecuteError::Aggregate(AggregateError::NotFound { .. }))));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// # }
    /// ```
    pub const fn existing(mut self) -> Self {
        self.command.must_exist = true;
        self
    }
}
