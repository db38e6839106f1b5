//! The options of a fold: which part of the log it reads, and how.

use super::{Bound, Fold, FoldProgress, Scope};
use crate::backend::memory::MemoryUnit;
use crate::projection::EventSubscriber;

impl<'a, P: EventSubscriber<MemoryUnit>> Fold<'a, P> {
    /// Begins the fold after a position or an instant: with the first event that is stored after it. Without it the
    /// fold begins with the first event.
    ///
    /// From an instant on, the log is read from its start, since only positions are indexed; so is a stream.
    ///
    /// ```
    /// # #[cfg(feature = "macros")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # use eventsource::fold::project;
    /// # use eventsource::prelude::*;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Order")]
    /// # struct OrderPlaced { total: u64 }
    /// # #[derive(Clone, Default)]
    /// # struct Revenue(u64);
    /// # #[projection]
    /// # impl Revenue {
    /// #     #[handles(OrderPlaced)]
    /// #     fn placed(&mut self, order: &OrderPlaced) { self.0 += order.total }
    /// # }
    /// # let store = MemoryEventStore::new();
    /// let today = chrono::Utc::now() - chrono::TimeDelta::hours(24);
    /// let revenue = project::<Revenue>(&store).after(today).run().await?.state;
    /// # assert_eq!(revenue.0, 0);
    /// # Ok::<(), eventsource::fold::FoldError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn after(mut self, start: impl Into<Bound>) -> Self {
        self.after = Some(start.into());
        self
    }

    /// Ends the fold at a position or an instant: with the last event that is stored at it or before it.
    ///
    /// ```
    /// # #[cfg(feature = "macros")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # use eventsource::fold::project;
    /// # use eventsource::prelude::*;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Order")]
    /// # struct OrderPlaced { total: u64 }
    /// # #[derive(Clone, Default)]
    /// # struct Revenue(u64);
    /// # #[projection]
    /// # impl Revenue {
    /// #     #[handles(OrderPlaced)]
    /// #     fn placed(&mut self, order: &OrderPlaced) { self.0 += order.total }
    /// # }
    /// # let (store, order) = (MemoryEventStore::new(), StreamId::new("Order", uuid::Uuid::nil()));
    /// let placed = NewEvent::of(&OrderPlaced { total: 100 })?;
    /// let first = store.append(&order, ExpectedVersion::Any, vec![placed]).await?;
    /// store.append(&order, ExpectedVersion::Any, vec![NewEvent::of(&OrderPlaced { total: 50 })?]).await?;
    /// let then = project::<Revenue>(&store).until(first.position()).run().await?;
    /// assert_eq!(then.state.0, 100);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn until(mut self, end: impl Into<Bound>) -> Self {
        self.until = Some(end.into());
        self
    }

    /// Reads only one stream, or the events that match a filter. The default is the whole log.
    ///
    /// ```
    /// # #[cfg(feature = "macros")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # use eventsource::fold::project;
    /// # use eventsource::prelude::*;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Order")]
    /// # struct OrderPlaced { total: u64 }
    /// # #[derive(Clone, Default)]
    /// # struct Revenue(u64);
    /// # #[projection]
    /// # impl Revenue {
    /// #     #[handles(OrderPlaced)]
    /// #     fn placed(&mut self, order: &OrderPlaced) { self.0 += order.total }
    /// # }
    /// # let (store, order) = (MemoryEventStore::new(), StreamId::new("Order", uuid::Uuid::nil()));
    /// # let placed = NewEvent::of(&OrderPlaced { total: 100 })?;
    /// # let first = store.append(&order, ExpectedVersion::Any, vec![placed]).await?;
    /// # store.append(&order, ExpectedVersion::Any, vec![NewEvent::of(&OrderPlaced { total: 50 })?]).await?;
    /// let one_order = project::<Revenue>(&store).of(&order).run().await?;
    /// let one_tenant = project::<Revenue>(&store).of(EventFilter::all().tenant("acme")).run().await?;
    /// assert_eq!((one_order.events, one_tenant.events), (2, 0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn of(mut self, scope: impl Into<Scope>) -> Self {
        self.scope = scope.into();
        self
    }

    /// Sets the number of events in a page, 1,000 by default; 0 counts as 1. One page is in memory at a time.
    ///
    /// ```
    /// # #[cfg(feature = "macros")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # use eventsource::fold::project;
    /// # use eventsource::prelude::*;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Order")]
    /// # struct OrderPlaced { total: u64 }
    /// # #[derive(Clone, Default)]
    /// # struct Revenue(u64);
    /// # #[projection]
    /// # impl Revenue {
    /// #     #[handles(OrderPlaced)]
    /// #     fn placed(&mut self, order: &OrderPlaced) { self.0 += order.total }
    /// # }
    /// # let (store, order) = (MemoryEventStore::new(), StreamId::new("Order", uuid::Uuid::nil()));
    /// # let placed = NewEvent::of(&OrderPlaced { total: 100 })?;
    /// # let first = store.append(&order, ExpectedVersion::Any, vec![placed]).await?;
    /// # store.append(&order, ExpectedVersion::Any, vec![NewEvent::of(&OrderPlaced { total: 50 })?]).await?;
    /// let revenue = project::<Revenue>(&store).page(1).run().await?;
    /// assert_eq!(revenue.state.0, 150);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn page(mut self, events: usize) -> Self {
        self.page = events.max(1);
        self
    }

    /// Calls `observe` after each page, such as to show a progress bar.
    ///
    /// ```
    /// # #[cfg(feature = "macros")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # use eventsource::fold::project;
    /// # use eventsource::prelude::*;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Order")]
    /// # struct OrderPlaced { total: u64 }
    /// # #[derive(Clone, Default)]
    /// # struct Revenue(u64);
    /// # #[projection]
    /// # impl Revenue {
    /// #     #[handles(OrderPlaced)]
    /// #     fn placed(&mut self, order: &OrderPlaced) { self.0 += order.total }
    /// # }
    /// # let (store, order) = (MemoryEventStore::new(), StreamId::new("Order", uuid::Uuid::nil()));
    /// # let placed = NewEvent::of(&OrderPlaced { total: 100 })?;
    /// # let first = store.append(&order, ExpectedVersion::Any, vec![placed]).await?;
    /// # store.append(&order, ExpectedVersion::Any, vec![NewEvent::of(&OrderPlaced { total: 50 })?]).await?;
    /// let mut pages = 0;
    /// project::<Revenue>(&store).page(1).progress(|_| pages += 1).run().await?;
    /// assert_eq!(pages, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn progress(mut self, observe: impl FnMut(FoldProgress) + Send + 'a) -> Self {
        self.observe = Some(Box::new(observe));
        self
    }
}
