//! Operators on a database.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio::sync::watch;
use uuid::Uuid;

use super::sampler::Sampler;
use super::stored::Stored;
use super::{
    Admin, AdminError, Asked, CorrelatedView, Diagnosis, EventPage, EventTypesView, EventView, LetterGroupsView,
    LetterPageView, LetterView, Overview, OverviewSample, StreamListView, StreamPageView, SubscriptionView,
};
use crate::event::{EventFilter, Position, StreamId};
use crate::projection::operations::{RequestQuery, StoredRequest};
use crate::projection::{CheckpointStore, DeadLetter, LetterKey, LetterQuery, LetterSearch};
use crate::store::{EventLog, StreamQuery};
use crate::subscription::{Action, WaitTarget};

/// Sees and steers subscriptions from any process that reaches their database.
///
/// It runs no projection. What it shows of a subscription is what its owner has stored: the position and the letters are
/// current, and the state is at most one second old. A projection in memory is shown as its process reports it, and can
/// be steered only there ([`AdminError::InMemory`]).
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use eventsource::admin::{Admin, DatabaseAdmin};
/// use eventsource::sqlite::SqliteDatabase;
///
/// # let path = std::env::temp_dir().join(format!("eventsource-doc-{}.db", uuid::Uuid::now_v7()));
/// let db = SqliteDatabase::open(&path).await?;
/// let admin = DatabaseAdmin::new(db.checkpoints(), db.event_store());
/// assert_eq!(admin.overview().await?.subscriptions, []);
/// # db.close().await;
/// # std::fs::remove_file(path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub struct DatabaseAdmin<C> {
    stored: Arc<Stored<C>>,
    sampler: Sampler,
}

impl<C: CheckpointStore> DatabaseAdmin<C> {
    /// Creates it on the stores of one database.
    pub fn new(checkpoints: C, log: impl EventLog) -> Self {
        Self::of_parts(Arc::new(checkpoints), Arc::new(log))
    }

    pub(super) fn of_parts(checkpoints: Arc<C>, log: Arc<dyn EventLog>) -> Self {
        Self { stored: Arc::new(Stored { checkpoints, log }), sampler: Sampler::default() }
    }

    pub(super) fn stored(&self) -> &Stored<C> {
        &self.stored
    }
}

#[async_trait]
impl<C: CheckpointStore> Admin for DatabaseAdmin<C> {
    async fn overview(&self) -> Result<Overview, AdminError> {
        self.stored.overview(|_| {}).await
    }

    async fn diagnose(&self) -> Result<Diagnosis, AdminError> {
        self.stored.diagnose(&self.overview().await?, Vec::new()).await
    }

    fn watch(&self) -> watch::Receiver<Arc<OverviewSample>> {
        let stored = Arc::downgrade(&self.stored);
        self.sampler.watch(move || {
            let stored = stored.upgrade()?;
            Some(async move { stored.overview(|_| {}).await })
        })
    }

    async fn subscription(&self, name: &str) -> Result<SubscriptionView, AdminError> {
        self.stored.subscription(name).await
    }

    async fn letters(&self, name: &str, query: LetterQuery) -> Result<Vec<DeadLetter>, AdminError> {
        Ok(self.stored.checkpoints.dead_letters(name, query).await?)
    }

    async fn letter(&self, name: &str, position: Position) -> Result<LetterView, AdminError> {
        self.stored.letter(name, position).await
    }

    async fn find_letters(
        &self,
        search: &LetterSearch,
        after: Option<&LetterKey>,
        limit: usize,
    ) -> Result<LetterPageView, AdminError> {
        self.stored.find_letters(search, after, limit).await
    }

    async fn letter_groups(&self, search: &LetterSearch) -> Result<LetterGroupsView, AdminError> {
        self.stored.letter_groups(search).await
    }

    async fn events(
        &self,
        before: Option<Position>,
        filter: &EventFilter,
        limit: usize,
    ) -> Result<EventPage, AdminError> {
        self.stored.events(before, filter, limit).await
    }

    async fn events_after(&self, after: Position, filter: &EventFilter, limit: usize) -> Result<EventPage, AdminError> {
        self.stored.events_after(after, filter, limit).await
    }

    async fn stream(&self, stream: &StreamId, after: u64, limit: usize) -> Result<StreamPageView, AdminError> {
        self.stored.stream(stream, after, limit).await
    }

    async fn event(&self, id: Uuid) -> Result<EventView, AdminError> {
        let event = self.stored.log.event(id).await?.ok_or(AdminError::UnknownEvent { id })?;
        Ok(EventView::of(&event))
    }

    async fn streams(&self, query: &StreamQuery) -> Result<StreamListView, AdminError> {
        self.stored.streams(query).await
    }

    async fn event_types(&self, after: Option<&str>, limit: usize) -> Result<EventTypesView, AdminError> {
        self.stored.event_types(after, limit).await
    }

    async fn correlated(
        &self,
        correlation_id: Uuid,
        after: Position,
        limit: usize,
    ) -> Result<CorrelatedView, AdminError> {
        self.stored.correlated(correlation_id, after, limit).await
    }

    async fn position_at(&self, time: DateTime<Utc>) -> Result<Option<Position>, AdminError> {
        self.stored.position_at(time).await
    }

    async fn ask(&self, name: &str, action: Action, asked: Asked) -> Result<Uuid, AdminError> {
        self.stored.ask(name, &action, &asked).await
    }

    async fn carry_out(&self, name: &str, action: Action, asked: Asked) -> Result<StoredRequest, AdminError> {
        let id = self.stored.ask(name, &action, &asked).await?;
        self.stored.ended(id, asked.within).await
    }

    async fn ended(&self, id: Uuid, within: Duration) -> Result<StoredRequest, AdminError> {
        self.stored.ended(id, within).await
    }

    async fn request(&self, id: Uuid) -> Result<StoredRequest, AdminError> {
        self.stored.request(id).await
    }

    async fn requests(&self, query: &RequestQuery) -> Result<Vec<StoredRequest>, AdminError> {
        Ok(self.stored.operations()?.requests(query).await?)
    }

    async fn withdraw(&self, id: Uuid) -> Result<bool, AdminError> {
        Ok(self.stored.operations()?.withdraw(id, crate::event::now()).await?)
    }

    async fn wait_for(&self, name: &str, target: WaitTarget, within: Duration) -> Result<Position, AdminError> {
        self.stored.wait_for(name, target, within).await
    }

    async fn caught_up(&self, name: &str, within: Duration) -> Result<Position, AdminError> {
        self.stored.caught_up(name, within).await
    }
}

impl<C> fmt::Debug for DatabaseAdmin<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatabaseAdmin").finish_non_exhaustive()
    }
}
