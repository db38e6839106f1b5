//! Executes commands: load, decide, save, and repeat after a conflict.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::MutexGuard;
use uuid::Uuid;

use super::{
    Aggregate, AggregateError, AggregateRepository, AggregateRoot, ConflictRetry, ExecuteError, IntoEvents, Saved,
    command,
};
use crate::bus::BusError;
use crate::event::{Metadata, Position, RecordedEvent, StreamId};
use crate::store::{AppendError, AppendToken, LogId};

/// The result of a command. [`AggregateRepository::execute`] returns it.
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
/// let command = |account: &mut AggregateRoot<Account>| {
///     account.record(Deposited { amount: 5 });
///     Ok::<_, std::convert::Infallible>(Deposited { amount: 7 })
/// };
/// let executed = accounts.execute(uuid::Uuid::now_v7(), command).await?;
/// assert_eq!((executed.version, executed.events.len(), executed.is_repeated), (2, 2, false));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// # }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Executed {
    /// The version of the aggregate after the command.
    pub version: u64,
    /// The position of the last event of the aggregate. To read your own write, pass the whole result to
    /// [`SubscriptionHandle::wait_for`](crate::SubscriptionHandle::wait_for).
    pub position: Position,
    /// The log in which the position counts. `None` if nothing was stored, because there were no events.
    pub log: Option<LogId>,
    /// The stored events of the command. Empty if it recorded no events.
    pub events: Vec<Arc<RecordedEvent>>,
    /// Whether the command was executed before with the same command id. Then this is the result of the first
    /// execution.
    pub is_repeated: bool,
    /// The error of the notifier, if the events were stored but not published. Subscriptions find them when they poll.
    pub publish_error: Option<BusError>,
}

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

impl Executed {
    /// Returns the result of a command that has stored these events.
    fn repeated(log: LogId, events: Vec<Arc<RecordedEvent>>) -> Option<Self> {
        let last = events.last()?;
        let (version, position) = (last.version(), last.position());
        Some(Self { version, position, log: Some(log), events, is_repeated: true, publish_error: None })
    }

    /// Returns the log and the position as a token for a client that reads its own writes: see [`AppendToken`]. `None`
    /// if nothing was stored.
    #[must_use]
    pub fn token(&self) -> Option<AppendToken> {
        Some(AppendToken::new(self.log?, self.position))
    }
}

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

    /// Requires that the aggregate has events. Otherwise the command fails with [`AggregateError::NotFound`].
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

impl<A: Aggregate> Command<'_, A> {
    async fn run<F, D, E>(self, mut decide: F) -> Result<Executed, ExecuteError<E>>
    where
        F: FnMut(&mut AggregateRoot<A>) -> Result<D, E>,
        D: IntoEvents<A>,
    {
        let metadata = command::metadata(&self.metadata, self.command_id);
        let mut attempts = 0;
        loop {
            attempts += 1;
            let turn = self.repository.turns.take(self.id).await;
            let mut root = self.load().await?;
            // Checked after the load: events that are not stored by now are not in the loaded state either.
            if let Some(executed) = self.repeated(root.stream()).await? {
                return Ok(executed);
            }
            let events = decide(&mut root).map_err(ExecuteError::Refused)?;
            root.record(events);
            let source = match self.save(&mut root, &metadata, turn).await {
                Err(AggregateError::Append(conflict @ AppendError::Conflict { .. })) => conflict,
                // The same command was executed concurrently. The next attempt finds it.
                Err(AggregateError::Append(taken @ AppendError::DuplicateEvent { .. }))
                    if self.command_id.is_some() =>
                {
                    taken
                }
                saved => return Ok(saved?),
            };
            if attempts >= self.retry.attempts() {
                return Err(ExecuteError::Contended { stream: root.stream(), attempts, source });
            }
            tokio::time::sleep(self.retry.delay(attempts, self.repository.chance.draw())).await;
        }
    }

    async fn load(&self) -> Result<AggregateRoot<A>, AggregateError> {
        if self.must_exist {
            self.repository.load(self.id).await
        } else {
            self.repository.load_or_create(self.id).await
        }
    }

    /// Returns the result of the command, if it was executed before.
    async fn repeated<E>(&self, stream: StreamId) -> Result<Option<Executed>, ExecuteError<E>> {
        let Some(command_id) = self.command_id else { return Ok(None) };
        let executed = self.repository.executed(command_id).await?;
        match executed.as_ref().and_then(|executed| executed.events.first()) {
            Some(event) if *event.stream() != stream => {
                Err(ExecuteError::CommandUsed { command_id, stream, found: event.stream().clone() })
            }
            _ => Ok(executed),
        }
    }

    /// Saves the events. Releases the turn before it calls the notifier, which can execute commands too.
    async fn save(
        &self,
        root: &mut AggregateRoot<A>,
        metadata: &Metadata,
        turn: Option<MutexGuard<'_, ()>>,
    ) -> Result<Executed, AggregateError> {
        let events = root.new_events(metadata, self.command_id)?;
        let (mut stored, mut log, mut publish_error) = (Vec::new(), None, None);
        if !events.is_empty() {
            let appended = self.repository.store.append(&root.stream(), root.expected(), events).await?;
            drop(turn);
            publish_error = self.repository.committed(root, &appended).await;
            stored = appended.events().to_vec();
            log = Some(appended.log());
        }
        let Saved { version, position, .. } = root.saved();
        Ok(Executed { version, position, log, events: stored, is_repeated: false, publish_error })
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
