//! Operators in a process with a manager.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use super::view::{EventPage, EventView, LetterView, Overview, StreamPageView, SubscriptionView};
use super::{Admin, AdminError, Asked, DatabaseAdmin};
use crate::event::{EventFilter, Position, StreamId, now};
use crate::projection::operations::{Answer, RequestQuery, StoredRequest};
use crate::projection::{CheckpointStore, DeadLetter, LetterQuery};
use crate::subscription::{Action, DeadLetterError, SubscriptionManager, Supervised, WaitError, WaitTarget};

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
    manager: Arc<SubscriptionManager<C>>,
    database: DatabaseAdmin<C>,
}

impl<C: CheckpointStore> ManagerAdmin<C> {
    /// Creates it on the manager and its stores.
    #[must_use]
    pub fn new(manager: Arc<SubscriptionManager<C>>) -> Self {
        let (checkpoints, log) = manager.stores();
        Self { manager, database: DatabaseAdmin::of_parts(checkpoints, log) }
    }

    /// Returns the subscription, if this process runs it.
    fn here(&self, name: &str) -> Option<Supervised> {
        self.manager.supervised_one(name).filter(|found| found.is_here || found.is_in_memory)
    }

    /// Returns the error for a name that is neither stored nor one of this process.
    fn unknown(&self, name: &str, mut known: Vec<String>) -> AdminError {
        known.extend(self.manager.supervised().into_iter().map(|found| found.snapshot.name));
        known.sort_unstable();
        known.dedup();
        known.truncate(20);
        AdminError::UnknownSubscription { subscription: name.to_owned(), known }
    }

    fn is_in_memory(&self, name: &str) -> bool {
        self.manager.supervised_one(name).is_some_and(|found| found.is_in_memory)
    }

    /// Shows the subscription as it is now, if this process runs it.
    fn show(&self, view: &mut SubscriptionView, found: Supervised) {
        let Supervised { snapshot, kind, handles, fingerprint, is_here, is_in_memory } = found;
        if !is_here && !is_in_memory {
            return;
        }
        view.state = snapshot.state.name().to_owned();
        view.reason = snapshot.pause_reason.as_deref().map(str::to_owned).or_else(|| snapshot.state.reason());
        view.failure = snapshot.last_failure.map(|failure| failure.error.to_string());
        view.guarantee = snapshot.guarantee.to_string();
        (view.kind, view.handles) = (kind, handles);
        view.handled = snapshot.events_handled;
        view.rate = snapshot.events_per_second;
        if is_in_memory {
            view.fingerprint = fingerprint;
            view.position = snapshot.position.unwrap_or(Position::START);
            view.letters = snapshot.dead_letters.unwrap_or_default() as u64;
            view.held = snapshot.events_held.unwrap_or_default();
        }
    }

    /// Carries out a request to a projection in the memory of this process, and records it.
    async fn do_here(&self, name: &str, action: Action, asked: &Asked) -> Result<Uuid, AdminError> {
        let operations = self.database.stored().operations()?;
        let expires_at = now() + chrono::TimeDelta::from_std(asked.within).unwrap_or(chrono::TimeDelta::days(1));
        let request = action.request(name, &asked.by, expires_at);
        let by = self.manager.owner_name();
        operations.ask(&request).await?;
        operations.take(request.id, by, 0, now()).await?;
        let performed = self.manager.perform(name, action, &request).await;
        let answer = performed.unwrap_or_else(|unknown| Answer::Refused(unknown.to_string()));
        operations.answer(request.id, by, 0, &answer, now()).await?;
        Ok(request.id)
    }

    /// Waits in this process.
    async fn wait_here(
        &self,
        name: &str,
        target: Option<WaitTarget>,
        within: Duration,
    ) -> Result<Position, AdminError> {
        let subscription = name.to_owned();
        let unknown = || AdminError::UnknownSubscription { subscription: name.to_owned(), known: Vec::new() };
        let wait = self.manager.wait(name, target).map_err(|_| unknown())?;
        match wait.within(within).await {
            Ok(position) => Ok(position),
            Err(WaitError::Held { position, letter, .. }) => Err(AdminError::Held { subscription, position, letter }),
            Err(WaitError::OtherLog { expected, found, .. }) => {
                Err(AdminError::OtherLog { subscription, expected, found })
            }
            Err(WaitError::Deadline { state, position, .. }) => {
                let position = position.unwrap_or(Position::START);
                let log = &self.database.stored().log;
                let behind = log.backlog(position, crate::subscription::Lag::MOST + 1).await?.events;
                let target = match target {
                    Some(target) => target.position(),
                    None => log.head().await?,
                };
                let (state, owner) = (state.name().to_owned(), Some(self.manager.owner_name().to_owned()));
                Err(AdminError::Behind { subscription, target, waited: within, position, behind, state, owner })
            }
            Err(other) => Err(other.into()),
        }
    }
}

#[async_trait]
impl<C: CheckpointStore> Admin for ManagerAdmin<C> {
    async fn overview(&self) -> Result<Overview, AdminError> {
        let mut overview = self.database.overview().await?;
        for found in self.manager.supervised() {
            let name = &found.snapshot.name;
            let index = match overview.subscriptions.binary_search_by(|view| view.name.cmp(name)) {
                Ok(index) => index,
                Err(index) => {
                    overview.subscriptions.insert(index, SubscriptionView::new(name));
                    index
                }
            };
            if let Some(view) = overview.subscriptions.get_mut(index) {
                self.show(view, found);
            }
        }
        self.database.stored().count_behind(&mut overview.subscriptions).await?;
        Ok(overview)
    }

    async fn subscription(&self, name: &str) -> Result<SubscriptionView, AdminError> {
        let mut view = match (self.database.subscription(name).await, self.here(name)) {
            (Err(AdminError::UnknownSubscription { .. }), Some(_)) => SubscriptionView::new(name),
            (Err(AdminError::UnknownSubscription { known, .. }), None) => return Err(self.unknown(name, known)),
            (found, _) => found?,
        };
        if let Some(found) = self.here(name) {
            self.show(&mut view, found);
            self.database.stored().count_behind(std::slice::from_mut(&mut view)).await?;
        }
        Ok(view)
    }

    async fn letters(&self, name: &str, query: LetterQuery) -> Result<Vec<DeadLetter>, AdminError> {
        match self.manager.dead_letters(name) {
            Ok(letters) if self.is_in_memory(name) => Ok(letters.page(query).await?),
            _ => self.database.letters(name, query).await,
        }
    }

    async fn letter(&self, name: &str, position: Position) -> Result<LetterView, AdminError> {
        let letters = match self.manager.dead_letters(name) {
            Ok(letters) if self.is_in_memory(name) => letters,
            _ => return self.database.letter(name, position).await,
        };
        match letters.get(position).await {
            Ok(letter) => self.database.stored().with_event(letter).await,
            Err(DeadLetterError::Unknown { .. }) => {
                Err(AdminError::UnknownLetter { subscription: name.to_owned(), position })
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn events(
        &self,
        before: Option<Position>,
        filter: &EventFilter,
        limit: usize,
    ) -> Result<EventPage, AdminError> {
        self.database.events(before, filter, limit).await
    }

    async fn stream(&self, stream: &StreamId, after: u64, limit: usize) -> Result<StreamPageView, AdminError> {
        self.database.stream(stream, after, limit).await
    }

    async fn event(&self, id: Uuid) -> Result<EventView, AdminError> {
        self.database.event(id).await
    }

    async fn ask(&self, name: &str, action: Action, asked: Asked) -> Result<Uuid, AdminError> {
        match self.is_in_memory(name) {
            true => self.do_here(name, action, &asked).await,
            false => self.database.ask(name, action, asked).await,
        }
    }

    async fn carry_out(&self, name: &str, action: Action, asked: Asked) -> Result<StoredRequest, AdminError> {
        let within = asked.within;
        let id = self.ask(name, action, asked).await?;
        self.ended(id, within).await
    }

    async fn ended(&self, id: Uuid, within: Duration) -> Result<StoredRequest, AdminError> {
        self.database.ended(id, within).await
    }

    async fn request(&self, id: Uuid) -> Result<StoredRequest, AdminError> {
        self.database.request(id).await
    }

    async fn requests(&self, query: &RequestQuery) -> Result<Vec<StoredRequest>, AdminError> {
        self.database.requests(query).await
    }

    async fn withdraw(&self, id: Uuid) -> Result<bool, AdminError> {
        self.database.withdraw(id).await
    }

    async fn wait_for(&self, name: &str, target: WaitTarget, within: Duration) -> Result<Position, AdminError> {
        match self.here(name) {
            Some(_) => self.wait_here(name, Some(target), within).await,
            None => self.database.wait_for(name, target, within).await,
        }
    }

    async fn caught_up(&self, name: &str, within: Duration) -> Result<Position, AdminError> {
        match self.here(name) {
            Some(_) => self.wait_here(name, None, within).await,
            None => self.database.caught_up(name, within).await,
        }
    }
}

impl<C: CheckpointStore> fmt::Debug for ManagerAdmin<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManagerAdmin").field("manager", &self.manager).finish_non_exhaustive()
    }
}
