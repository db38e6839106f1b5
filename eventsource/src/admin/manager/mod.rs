//! Operators in a process with a manager.

mod here;
mod letters;
mod wait;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio::sync::{Mutex, watch};
use uuid::Uuid;

use super::sampler::Sampler;
use super::{
    Admin, AdminError, Asked, CorrelatedView, DatabaseAdmin, DecodedView, Diagnosis, EventPage, EventTypesView,
    EventView, LetterGroupsView, LetterPageView, LetterView, Overview, OverviewSample, StreamListView, StreamPageView,
    SubscriptionView,
};
use crate::event::{EventFilter, Position, StreamId};
use crate::projection::operations::{RequestQuery, StoredRequest};
use crate::projection::{CheckpointStore, DeadLetter, LetterKey, LetterQuery, LetterSearch};
use crate::store::StreamQuery;
use crate::subscription::plan::Steps;
use crate::subscription::{Action, SubscriptionManager, WaitTarget};

/// Sees and steers subscriptions in a process with a [`SubscriptionManager`].
///
/// It does all that [`DatabaseAdmin`] does, for the subscriptions of every process. It also knows the projections in the
/// memory of this process, and shows the subscriptions that this process runs as they are now.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// use std::sync::Arc;
///
/// use eventsource::admin::{Admin, ManagerAdmin};
/// use eventsource::prelude::*;
///
/// let manager = SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
/// let admin = ManagerAdmin::new(Arc::new(manager));
/// assert_eq!(admin.overview().await?.subscriptions, []);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub struct ManagerAdmin<C: CheckpointStore> {
    parts: Arc<Parts<C>>,
    sampler: Sampler,
}

/// What it works with.
struct Parts<C: CheckpointStore> {
    manager: Arc<SubscriptionManager<C>>,
    database: DatabaseAdmin<C>,
    /// Locked by steps, so that there are those of one caller at a time.
    stepping: Mutex<()>,
}

impl<C: CheckpointStore> ManagerAdmin<C> {
    /// Creates it on the manager and its stores.
    #[must_use]
    pub fn new(manager: Arc<SubscriptionManager<C>>) -> Self {
        let (checkpoints, log) = manager.stores();
        let database = DatabaseAdmin::of_parts(checkpoints, log);
        Self { parts: Arc::new(Parts { manager, database, stepping: Mutex::new(()) }), sampler: Sampler::default() }
    }
}

#[async_trait]
impl<C: CheckpointStore> Admin for ManagerAdmin<C> {
    async fn overview(&self) -> Result<Overview, AdminError> {
        self.parts.overview().await
    }

    async fn diagnose(&self) -> Result<Diagnosis, AdminError> {
        let unknown = self.parts.unknown_types().await?;
        self.parts.database.stored().diagnose(&self.parts.overview().await?, unknown).await
    }

    fn watch(&self) -> watch::Receiver<Arc<OverviewSample>> {
        let parts = Arc::downgrade(&self.parts);
        self.sampler.watch(move || {
            let parts = parts.upgrade()?;
            Some(async move { parts.overview().await })
        })
    }

    async fn subscription(&self, name: &str) -> Result<SubscriptionView, AdminError> {
        self.parts.subscription(name).await
    }

    async fn letters(&self, name: &str, query: LetterQuery) -> Result<Vec<DeadLetter>, AdminError> {
        self.parts.letters(name, query).await
    }

    async fn letter(&self, name: &str, position: Position) -> Result<LetterView, AdminError> {
        self.parts.letter(name, position).await
    }

    async fn find_letters(
        &self,
        search: &LetterSearch,
        after: Option<&LetterKey>,
        limit: usize,
    ) -> Result<LetterPageView, AdminError> {
        self.parts.find_letters(search, after, limit).await
    }

    async fn letter_groups(&self, search: &LetterSearch) -> Result<LetterGroupsView, AdminError> {
        self.parts.letter_groups(search).await
    }

    async fn events(
        &self,
        before: Option<Position>,
        filter: &EventFilter,
        limit: usize,
    ) -> Result<EventPage, AdminError> {
        self.parts.database.events(before, filter, limit).await
    }

    async fn events_after(&self, after: Position, filter: &EventFilter, limit: usize) -> Result<EventPage, AdminError> {
        self.parts.database.events_after(after, filter, limit).await
    }

    async fn stream(&self, stream: &StreamId, after: u64, limit: usize) -> Result<StreamPageView, AdminError> {
        self.parts.database.stream(stream, after, limit).await
    }

    async fn event(&self, id: Uuid) -> Result<EventView, AdminError> {
        self.parts.database.event(id).await
    }

    async fn streams(&self, query: &StreamQuery) -> Result<StreamListView, AdminError> {
        self.parts.database.streams(query).await
    }

    async fn event_types(&self, after: Option<&str>, limit: usize) -> Result<EventTypesView, AdminError> {
        self.parts.database.event_types(after, limit).await
    }

    async fn correlated(
        &self,
        correlation_id: Uuid,
        after: Position,
        limit: usize,
    ) -> Result<CorrelatedView, AdminError> {
        self.parts.database.correlated(correlation_id, after, limit).await
    }

    async fn steps(&self, name: &str, stream: &StreamId, after: u64, limit: usize) -> Result<Steps, AdminError> {
        // Each of them holds a connection.
        let _one = self.parts.stepping.lock().await;
        if !self.parts.has(name) {
            // Another process may run it.
            self.parts.subscription(name).await?;
            return Err(AdminError::NeedsCode { subscription: name.to_owned() });
        }
        Ok(self.parts.manager.steps(name, stream, after, limit).await?)
    }

    fn decode(&self, event: &EventView) -> Option<DecodedView> {
        let registry = self.parts.manager.registry();
        registry.events().next().map(|_| DecodedView::of(registry, event))
    }

    async fn position_at(&self, time: DateTime<Utc>) -> Result<Option<Position>, AdminError> {
        self.parts.database.position_at(time).await
    }

    async fn ask(&self, name: &str, action: Action, asked: Asked) -> Result<Uuid, AdminError> {
        let is_here = matches!(action, Action::Forget {}) && self.parts.has(name);
        match is_here || self.parts.is_in_memory(name) {
            true => self.parts.do_here(name, action, &asked).await,
            false => self.parts.database.ask(name, action, asked).await,
        }
    }

    async fn carry_out(&self, name: &str, action: Action, asked: Asked) -> Result<StoredRequest, AdminError> {
        let within = asked.within;
        let id = self.ask(name, action, asked).await?;
        self.ended(id, within).await
    }

    async fn ended(&self, id: Uuid, within: Duration) -> Result<StoredRequest, AdminError> {
        self.parts.database.ended(id, within).await
    }

    async fn request(&self, id: Uuid) -> Result<StoredRequest, AdminError> {
        self.parts.database.request(id).await
    }

    async fn requests(&self, query: &RequestQuery) -> Result<Vec<StoredRequest>, AdminError> {
        self.parts.database.requests(query).await
    }

    async fn withdraw(&self, id: Uuid) -> Result<bool, AdminError> {
        self.parts.database.withdraw(id).await
    }

    async fn wait_for(&self, name: &str, target: WaitTarget, within: Duration) -> Result<Position, AdminError> {
        match self.parts.here(name) {
            Some(_) => self.parts.wait_here(name, Some(target), within).await,
            None => self.parts.database.wait_for(name, target, within).await,
        }
    }

    async fn caught_up(&self, name: &str, within: Duration) -> Result<Position, AdminError> {
        match self.parts.here(name) {
            Some(_) => self.parts.wait_here(name, None, within).await,
            None => self.parts.database.caught_up(name, within).await,
        }
    }
}

impl<C: CheckpointStore> fmt::Debug for ManagerAdmin<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManagerAdmin").field("manager", &self.parts.manager).finish_non_exhaustive()
    }
}
