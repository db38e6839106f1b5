//! Executes commands.

mod attempt;
mod options;

use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;

use uuid::Uuid;

use super::{
    Aggregate, AggregateError, AggregateRepository, AggregateRoot, ConflictRetry, ExecuteError, Executed, IntoEvents,
    command,
};
use crate::event::Metadata;

/// A command with its options. It is executed when it is awaited: see [`AggregateRepository::execute`].
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
/// use eventsource::aggregate::ConflictRetry;
///
/// let executed = accounts
///     .execute(uuid::Uuid::now_v7(), |_| Ok::<_, std::convert::Infallible>(Deposited { amount: 5 }))
///     .command_id(uuid::Uuid::now_v7())
///     .metadata(Metadata::new().actor("alice"))
///     .retry(ConflictRetry::never())
///     .await?;
/// assert_eq!(executed.events[0].metadata().get_actor(), Some("alice"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// # }
/// ```
#[must_use = "a command is executed when it is awaited"]
pub struct Execute<'a, A, F, D, E> {
    command: Command<'a, A>,
    decide: F,
    decision: PhantomData<fn() -> Result<D, E>>,
}

/// A command without its closure.
struct Command<'a, A> {
    repository: &'a AggregateRepository<A>,
    id: Uuid,
    command_id: Option<Uuid>,
    metadata: Metadata,
    retry: ConflictRetry,
    must_exist: bool,
}

impl<A: Aggregate> AggregateRepository<A> {
    /// Loads the aggregate `id`, calls `decide` with it, and saves the events that `decide` returns.
    ///
    /// If another writer saves first, the command starts again with the new state (see [`ConflictRetry`]; 50 attempts
    /// by default). Commands on one aggregate that use clones of one repository take turns. So conflicts come only from
    /// other writers, such as other processes.
    ///
    /// - `decide` returns an event, an `Option`, a `Vec`, an array or a tuple of events, or `()` ([`IntoEvents`]). It
    ///   can also record events itself; they come first.
    /// - `decide` is called once for each attempt. It should have no other effects.
    /// - If the aggregate has no events, `decide` gets a new one. Use [`existing`](Execute::existing) to refuse it.
    /// - With a [command id](Execute::command_id), the events are stored once, even if the command is executed several
    ///   times.
    ///
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// use eventsource::prelude::*;
    /// use eventsource::aggregate::ExecuteError;
    /// use eventsource::{AggregateRepository, aggregate};
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Serialize, Deserialize, DomainEvent)]
    /// #[event(aggregate = "Order")]
    /// struct OrderShipped { tracking: String }
    ///
    /// #[derive(Debug, PartialEq)]
    /// struct AlreadyShipped;
    ///
    /// #[derive(Default)]
    /// struct Order { shipped: bool }
    ///
    /// #[aggregate]
    /// impl Order {
    ///     fn ship(&self, tracking: &str) -> Result<OrderShipped, AlreadyShipped> {
    ///         if self.shipped { Err(AlreadyShipped) } else { Ok(OrderShipped { tracking: tracking.to_owned() }) }
    ///     }
    ///
    ///     #[applies(OrderShipped)]
    ///     fn shipped(&mut self, _: &OrderShipped) { self.shipped = true }
    /// }
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// let orders = AggregateRepository::<Order>::new(MemoryEventStore::new(), MemoryEventBus::new());
    /// let (id, command) = (uuid::Uuid::now_v7(), uuid::Uuid::now_v7());
    /// let done = orders.execute(id, |order| order.ship("TRACK")).command_id(command).await?;
    /// assert_eq!(done.version, 1);
    ///
    /// // The same command again returns the first result. Another command is decided by the order.
    /// let again = orders.execute(id, |order| order.ship("TRACK")).command_id(command).await?;
    /// assert_eq!((again.version, again.position, again.is_repeated), (done.version, done.position, true));
    /// let refused = orders.execute(id, |order| order.ship("TRACK")).await;
    /// assert!(matches!(refused, Err(ExecuteError::Refused(AlreadyShipped))));
    /// # Ok::<(), ExecuteError<AlreadyShipped>>(())
    /// # }).unwrap();
    /// # }
    /// ```
    ///
    /// # Errors
    /// - [`ExecuteError::Refused`] with the error of `decide`.
    /// - [`ExecuteError::Contended`] if every attempt ended in a conflict. Execute the command again.
    /// - [`ExecuteError::CommandUsed`] if the command id was used for another aggregate. Use a new id.
    /// - [`ExecuteError::Aggregate`] with an error of [`load`](Self::load) or [`save_with`](Self::save_with).
    ///
    /// After an error, nothing is stored, except if the store failed while it answered
    /// ([`AppendError::Store`](crate::AppendError::Store)). A command with a command id can then be executed again
    /// safely. If `decide` panics, nothing is stored.
    pub fn execute<F, D, E>(&self, id: Uuid, decide: F) -> Execute<'_, A, F, D, E>
    where
        F: FnMut(&mut AggregateRoot<A>) -> Result<D, E> + Send,
        D: IntoEvents<A>,
    {
        let (metadata, retry) = (Metadata::new(), ConflictRetry::default());
        let command = Command { repository: self, id, command_id: None, metadata, retry, must_exist: false };
        Execute { command, decide, decision: PhantomData }
    }

    /// Returns the result of the command `command_id`; `None` if it has stored no events.
    ///
    /// # Errors
    /// [`AggregateError::Store`] if the store fails. It can be retried.
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
    /// let command = uuid::Uuid::now_v7();
    /// assert!(accounts.executed(command).await?.is_none());
    ///
    /// let deposit = |_: &mut AggregateRoot<Account>| Ok::<_, std::convert::Infallible>(Deposited { amount: 5 });
    /// accounts.execute(uuid::Uuid::now_v7(), deposit).command_id(command).await?;
    /// let executed = accounts.executed(command).await?.unwrap();
    /// assert_eq!((executed.version, executed.is_repeated), (1, true));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// # }
    /// ```
    pub async fn executed(&self, command_id: Uuid) -> Result<Option<Executed>, AggregateError> {
        let events = command::stored(&*self.store, command_id).await?;
        if events.is_empty() {
            return Ok(None);
        }
        Ok(Executed::repeated(self.store.log_id().await?, events))
    }
}

impl<'a, A, F, D, E> IntoFuture for Execute<'a, A, F, D, E>
where
    A: Aggregate,
    F: FnMut(&mut AggregateRoot<A>) -> Result<D, E> + Send + 'a,
    D: IntoEvents<A> + 'a,
    E: Send + 'a,
{
    type Output = Result<Executed, ExecuteError<E>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.command.run(self.decide))
    }
}

impl<A: Aggregate, F, D, E> fmt::Debug for Execute<'_, A, F, D, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Command { id, command_id, retry, must_exist, .. } = &self.command;
        f.debug_struct("Execute")
            .field("aggregate", &A::TYPE)
            .field("id", id)
            .field("command_id", command_id)
            .field("retry", retry)
            .field("must_exist", must_exist)
            .finish_non_exhaustive()
    }
}
