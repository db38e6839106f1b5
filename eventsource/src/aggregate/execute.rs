//! Commands: load, decide, save, and again where another writer came between.

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
use crate::store::AppendError;

/// What a command answers.
#[derive(Debug)]
#[non_exhaustive]
pub struct Executed {
    /// The version of the aggregate after the command.
    pub version: u64,
    /// The position of the last event: wait for it to read your own write.
    pub position: Position,
    /// The events of the command, as they are stored. None where it had nothing to record.
    pub events: Vec<Arc<RecordedEvent>>,
    /// Whether the command was executed before, under the same command id: this is the answer of then.
    pub is_repeated: bool,
    /// Why the events were stored but not published, where that is so. Subscriptions find them all the same.
    pub publish_error: Option<BusError>,
}

/// A command that is executed when it is awaited: see [`AggregateRepository::execute`].
#[must_use = "a command is executed when it is awaited"]
pub struct Execute<'a, A, F, D, E> {
    command: Command<'a, A>,
    decide: F,
    decision: PhantomData<fn() -> Result<D, E>>,
}

/// A command without what decides it.
struct Command<'a, A> {
    repository: &'a AggregateRepository<A>,
    id: Uuid,
    command_id: Option<Uuid>,
    metadata: Metadata,
    retry: ConflictRetry,
    must_exist: bool,
}

impl<A: Aggregate> AggregateRepository<A> {
    /// Loads the aggregate `id`, calls `decide` with it, and saves the events: those that `decide` returns, after those that
    /// it has recorded itself. Where another writer came between, it begins again with what that one wrote
    /// ([`ConflictRetry`]).
    ///
    /// Commands of one process on one aggregate, by clones of one repository, take turns: only writers elsewhere conflict.
    ///
    /// `decide` returns one event, several or none: an event, an `Option`, a `Vec`, an array or a tuple of events, or `()`
    /// ([`IntoEvents`]). It is called once an attempt, and should change nothing else. An aggregate that has no events is a
    /// new one; [`Execute::existing`] refuses it instead.
    ///
    /// With a command id ([`Execute::command_id`]) a command is stored once, however often it is executed.
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
    /// // The same command again: its first answer. Another command: what the order decides.
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
    /// [`ExecuteError::Refused`] with the error that `decide` returns, [`ExecuteError::Contended`] where every attempt ended
    /// in a conflict, [`ExecuteError::CommandUsed`] where the command id belongs to a command of another aggregate,
    /// [`ExecuteError::Aggregate`] as [`load`](Self::load) and [`save_with`](Self::save_with). Nothing is stored then,
    /// except where the store failed while it answered. Nothing is stored either where `decide` panics.
    pub fn execute<F, D, E>(&self, id: Uuid, decide: F) -> Execute<'_, A, F, D, E>
    where
        F: FnMut(&mut AggregateRoot<A>) -> Result<D, E> + Send,
        D: IntoEvents<A>,
    {
        let (metadata, retry) = (Metadata::new(), ConflictRetry::default());
        let command = Command { repository: self, id, command_id: None, metadata, retry, must_exist: false };
        Execute { command, decide, decision: PhantomData }
    }

    /// Returns what the command `command_id` answered; `None` where it has not stored any event.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn executed(&self, command_id: Uuid) -> Result<Option<Executed>, AggregateError> {
        Ok(Executed::repeated(command::stored(&*self.store, command_id).await?))
    }
}

impl Executed {
    /// The answer of a command that has stored these events.
    fn repeated(events: Vec<Arc<RecordedEvent>>) -> Option<Self> {
        let last = events.last()?;
        let (version, position) = (last.version(), last.position());
        Some(Self { version, position, events, is_repeated: true, publish_error: None })
    }
}

impl<A: Aggregate, F, D, E> Execute<'_, A, F, D, E> {
    /// With the id of the command. The command is stored once, also where it is executed again after a crash or by several
    /// processes: each further call returns the answer of the first one, and does not call `decide` where the command is
    /// found.
    ///
    /// The ids of the events are derived from `id`, which is also their causation, unless
    /// [`metadata`](Self::metadata) names another. A command that has no events to record stores nothing, so that it is
    /// decided again each time.
    pub const fn command_id(mut self, id: Uuid) -> Self {
        self.command.command_id = Some(id);
        self
    }

    /// With this metadata on each event, in place of none.
    pub fn metadata(mut self, metadata: Metadata) -> Self {
        self.command.metadata = metadata;
        self
    }

    /// With other attempts and delays where writers contend for the aggregate.
    pub const fn retry(mut self, retry: ConflictRetry) -> Self {
        self.command.retry = retry;
        self
    }

    /// Only if the aggregate has events: otherwise it fails with [`AggregateError::NotFound`].
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
            // Asked after the load: what is not stored by now is not in what was loaded either.
            if let Some(executed) = self.repeated(root.stream()).await? {
                return Ok(executed);
            }
            let events = decide(&mut root).map_err(ExecuteError::Refused)?;
            root.record(events);
            let source = match self.save(&mut root, &metadata, turn).await {
                Err(AggregateError::Append(conflict @ AppendError::Conflict { .. })) => conflict,
                // The same command was executed at the same time: the next attempt finds it.
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

    /// The answer of the command, where it was executed before.
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

    /// Saves the events, and gives up the turn before the notifier is told: it may execute commands as well.
    async fn save(
        &self,
        root: &mut AggregateRoot<A>,
        metadata: &Metadata,
        turn: Option<MutexGuard<'_, ()>>,
    ) -> Result<Executed, AggregateError> {
        let events = root.new_events(metadata, self.command_id)?;
        let (mut stored, mut publish_error) = (Vec::new(), None);
        if !events.is_empty() {
            let appended = self.repository.store.append(&root.stream(), root.expected(), events).await?;
            drop(turn);
            publish_error = self.repository.committed(root, &appended).await;
            stored = appended.events().to_vec();
        }
        let Saved { version, position, .. } = root.saved();
        Ok(Executed { version, position, events: stored, is_repeated: false, publish_error })
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
