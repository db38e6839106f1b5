//! Aggregates as a projection, by id.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use uuid::Uuid;

use crate::aggregate::{Aggregate, AggregateError, EventsOf as _};
use crate::event::{EventFilter, RecordedEvent};
use crate::projection::{EventSubscriber, HandlerError, ProjectionKind, Subscriber, UnitOfWork};

/// The aggregates of the type `A`, by id, as their events make them. It is a memory projection: fold it over a part of
/// the log, or subscribe it.
///
/// Memory grows with the number of aggregates. For one aggregate, fold over its stream; to load one of many at an
/// earlier version, position or instant, [`AggregateRepository::load_at`](crate::AggregateRepository::load_at) reads
/// its stream alone.
///
/// ```
/// # #[cfg(feature = "macros")]
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// use eventsource::aggregate;
/// use eventsource::fold::{Aggregates, project};
/// use eventsource::prelude::*;
/// use serde::{Deserialize, Serialize};
/// use uuid::Uuid;
///
/// #[derive(Serialize, Deserialize, DomainEvent)]
/// #[event(aggregate = "Account")]
/// struct Deposited { amount: u64 }
///
/// #[derive(Debug, Clone, Default)]
/// struct Account { balance: u64 }
///
/// #[aggregate]
/// impl Account {
///     #[applies(Deposited)]
///     fn deposited(&mut self, event: &Deposited) { self.balance += event.amount }
/// }
///
/// let (store, id) = (MemoryEventStore::new(), Uuid::now_v7());
/// let account = StreamId::new("Account", id);
/// let first = store.append(&account, ExpectedVersion::Any, vec![NewEvent::of(&Deposited { amount: 5 })?]).await?;
/// store.append(&account, ExpectedVersion::Any, vec![NewEvent::of(&Deposited { amount: 2 })?]).await?;
///
/// let now = project::<Aggregates<Account>>(&store).run().await?.state;
/// assert_eq!(now.get(id).map(|account| account.balance), Some(7));
/// let then = project::<Aggregates<Account>>(&store).of(&account).until(first.position()).run().await?.state;
/// assert_eq!(then.get(id).map(|account| account.balance), Some(5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct Aggregates<A> {
    by_id: BTreeMap<Uuid, A>,
}

impl<A> Default for Aggregates<A> {
    fn default() -> Self {
        Self { by_id: BTreeMap::new() }
    }
}

impl<A> Aggregates<A> {
    /// Returns the aggregate `id`; `None` if none of its events was folded.
    ///
    /// ```
    /// # #[cfg(feature = "macros")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # use eventsource::fold::{Aggregates, project};
    /// # use eventsource::prelude::*;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Account")]
    /// # struct Deposited { amount: u64 }
    /// # #[derive(Debug, Clone, Default)]
    /// # struct Account { balance: u64 }
    /// # #[eventsource::aggregate]
    /// # impl Account {
    /// #     #[applies(Deposited)]
    /// #     fn deposited(&mut self, event: &Deposited) { self.balance += event.amount }
    /// # }
    /// # let (store, id) = (MemoryEventStore::new(), uuid::Uuid::now_v7());
    /// # let account = StreamId::new("Account", id);
    /// # store.append(&account, ExpectedVersion::Any, vec![NewEvent::of(&Deposited { amount: 5 })?]).await?;
    /// let accounts = project::<Aggregates<Account>>(&store).run().await?.state;
    /// assert_eq!(accounts.get(id).map(|account| account.balance), Some(5));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn get(&self, id: Uuid) -> Option<&A> {
        self.by_id.get(&id)
    }

    /// Returns all aggregates, ordered by id.
    ///
    /// ```
    /// # #[cfg(feature = "macros")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # use eventsource::fold::{Aggregates, project};
    /// # use eventsource::prelude::*;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Account")]
    /// # struct Deposited { amount: u64 }
    /// # #[derive(Debug, Clone, Default)]
    /// # struct Account { balance: u64 }
    /// # #[eventsource::aggregate]
    /// # impl Account {
    /// #     #[applies(Deposited)]
    /// #     fn deposited(&mut self, event: &Deposited) { self.balance += event.amount }
    /// # }
    /// # let (store, id) = (MemoryEventStore::new(), uuid::Uuid::now_v7());
    /// # let account = StreamId::new("Account", id);
    /// # store.append(&account, ExpectedVersion::Any, vec![NewEvent::of(&Deposited { amount: 5 })?]).await?;
    /// let accounts = project::<Aggregates<Account>>(&store).run().await?.state;
    /// let total: u64 = accounts.iter().map(|(_, account)| account.balance).sum();
    /// assert_eq!(total, 5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = (Uuid, &A)> {
        self.by_id.iter().map(|(id, aggregate)| (*id, aggregate))
    }
}

impl<A: Aggregate> Subscriber for Aggregates<A> {
    const KIND: ProjectionKind = ProjectionKind::Memory;

    fn name(&self) -> Cow<'static, str> {
        A::TYPE.into()
    }

    fn subscribed_to(&self) -> EventFilter {
        EventFilter::all().aggregates([A::TYPE])
    }
}

// Otherwise the compiler would suggest it for every type that is not a subscriber.
#[diagnostic::do_not_recommend]
impl<A: Aggregate, U: UnitOfWork> EventSubscriber<U> for Aggregates<A> {
    /// # Errors
    /// [`HandlerError`] if the aggregate does not declare the event, or the event cannot be decoded. The aggregate is
    /// unchanged.
    async fn handle(&mut self, event: &Arc<RecordedEvent>, _: &mut U) -> Result<(), HandlerError> {
        let id = event.stream().aggregate_id();
        let mut new = None;
        let aggregate = match self.by_id.get_mut(&id) {
            Some(aggregate) => aggregate,
            None => new.insert(A::default()),
        };
        if !A::Events::apply(aggregate, event)? {
            return Err(HandlerError::permanent(AggregateError::undeclared(event)));
        }
        if let Some(aggregate) = new {
            self.by_id.insert(id, aggregate);
        }
        Ok(())
    }

    async fn truncate(&mut self, _: &mut U) -> Result<(), HandlerError> {
        self.by_id.clear();
        Ok(())
    }
}
