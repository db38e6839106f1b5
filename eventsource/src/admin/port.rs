//! The port of operators.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio::sync::watch;
use uuid::Uuid;

use super::{
    AdminError, Asked, CorrelatedView, DecodedView, Diagnosis, EventPage, EventTypesView, EventView, LetterCountView,
    LetterGroupsView, LetterPageView, LetterView, Overview, OverviewSample, StreamListView, StreamPageView,
    SubscriptionView,
};
use crate::catalogue::Registry;
use crate::event::{EventFilter, Position, StreamId};
use crate::projection::operations::{RequestQuery, StoredRequest};
use crate::projection::{DeadLetter, LetterKey, LetterQuery, LetterSearch};
use crate::store::StreamQuery;
use crate::subscription::plan::Steps;
use crate::subscription::{Action, WaitTarget};

/// What operators need: a page, a command line and a service name only this trait.
///
/// The module page [`admin`](crate::admin) says which implementation to take.
///
/// # Errors
/// Every function fails with [`AdminError::Checkpoints`] or [`AdminError::Log`] if a store fails: call it again. The
/// other errors are named at the functions.
///
/// # Examples
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// use eventsource::admin::{Admin, AdminError, Asked, ManagerAdmin};
/// use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
/// use eventsource::prelude::*;
/// use eventsource::subscription::Action;
///
/// let (store, checkpoints) = (MemoryEventStore::new(), MemoryCheckpoints::new());
/// let manager = Arc::new(SubscriptionManager::new(store, MemoryEventBus::new(), checkpoints));
/// let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
/// manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
/// manager.start().await?;
///
/// let admin = ManagerAdmin::new(Arc::clone(&manager));
/// let asked = Asked::by("ada").within(Duration::from_secs(5));
/// match admin.carry_out("payments", Action::Restart {}, asked).await {
///     Err(error @ AdminError::UnknownSubscription { .. }) => println!("{error}"),
///     other => println!("{:?}", other?.state),
/// }
/// manager.stop().await?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[async_trait]
pub trait Admin: Send + Sync + 'static {
    /// Returns all subscriptions: those with a checkpoint, and those that a manager reports.
    async fn overview(&self) -> Result<Overview, AdminError>;

    /// Looks for problems of the database, of the log and of the subscriptions. It changes nothing, and can take some
    /// seconds: a SQLite file up to 1 GiB is read as a whole.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// use eventsource::admin::{Admin, DatabaseAdmin};
    /// use eventsource::{MemoryCheckpoints, MemoryEventStore};
    ///
    /// let admin = DatabaseAdmin::new(MemoryCheckpoints::new(), MemoryEventStore::new());
    /// for finding in admin.diagnose().await?.findings {
    ///     println!("{}; {}; remedy: {}", finding.what, finding.why, finding.remedy);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    async fn diagnose(&self) -> Result<Diagnosis, AdminError>;

    /// Returns a receiver of overviews: one each second, while a receiver exists.
    ///
    /// All receivers share one task, which reads. It runs in the Tokio runtime of the call, and ends with the last receiver
    /// and with this value; then [`changed`](watch::Receiver::changed) fails. While the stores fail or do not answer,
    /// [`OverviewSample`] has the last overview and the failure. The first value can be an old one: see
    /// [`OverviewSample::age`].
    fn watch(&self) -> watch::Receiver<Arc<OverviewSample>>;

    /// Returns one subscription.
    ///
    /// # Errors
    /// [`AdminError::UnknownSubscription`].
    async fn subscription(&self, name: &str) -> Result<SubscriptionView, AdminError>;

    /// Returns a page of the dead letters of a subscription, by position.
    async fn letters(&self, name: &str, query: LetterQuery) -> Result<Vec<DeadLetter>, AdminError>;

    /// Returns the dead letter at a position, with its event.
    ///
    /// # Errors
    /// [`AdminError::UnknownLetter`].
    async fn letter(&self, name: &str, position: Position) -> Result<LetterView, AdminError>;

    /// Returns the first `limit` letters after the key `after` that a search finds, ordered by subscription and position.
    /// Pass [`LetterPageView::next`] to get the next page. `limit` is from 1 to 200.
    async fn find_letters(
        &self,
        search: &LetterSearch,
        after: Option<&LetterKey>,
        limit: usize,
    ) -> Result<LetterPageView, AdminError>;

    /// Counts the letters that a search finds, by the first line of their error and their type of event. Counting stops
    /// after 10,000 letters: [`LetterGroupsView::is_exact`].
    async fn letter_groups(&self, search: &LetterSearch) -> Result<LetterGroupsView, AdminError>;

    /// Counts the letters that a search finds, up to 10,001: [`LetterCountView::is_exact`].
    async fn count_letters(&self, search: &LetterSearch) -> Result<LetterCountView, AdminError> {
        Ok(LetterCountView::of(&self.letter_groups(search).await?))
    }

    /// Returns a page of at most `limit` events before a position, the latest first; `None` begins at the end of the
    /// log. A page has at most 200 events, whatever the limit.
    async fn events(
        &self,
        before: Option<Position>,
        filter: &EventFilter,
        limit: usize,
    ) -> Result<EventPage, AdminError>;

    /// Returns a page of the first `limit` events after a position, the latest first: the way back from a page of
    /// [`events`](Self::events). [`EventPage::more`] says whether there can be later ones. A page has at most 200 events,
    /// whatever the limit.
    async fn events_after(&self, after: Position, filter: &EventFilter, limit: usize) -> Result<EventPage, AdminError>;

    /// Returns a page of at most `limit` events of a stream, after a version; 0 begins with the first event. A page has
    /// at most 200 events, whatever the limit.
    async fn stream(&self, stream: &StreamId, after: u64, limit: usize) -> Result<StreamPageView, AdminError>;

    /// Returns the event with an id.
    ///
    /// # Errors
    /// [`AdminError::UnknownEvent`].
    async fn event(&self, id: Uuid) -> Result<EventView, AdminError>;

    /// Returns a page of the streams that `query` selects, ordered by aggregate type and id. A page has at most 200.
    ///
    /// # Errors
    /// [`AdminError::NoQueries`].
    async fn streams(&self, query: &StreamQuery) -> Result<StreamListView, AdminError>;

    /// Returns a page of at most `limit` event types that are stored, ordered by name, after the name `after`. A page has
    /// at most 200, whatever the limit.
    ///
    /// # Errors
    /// [`AdminError::NoQueries`].
    async fn event_types(&self, after: Option<&str>, limit: usize) -> Result<EventTypesView, AdminError>;

    /// Returns a page of at most `limit` events after the position `after` with this correlation id, by position. A page
    /// has at most 200, whatever the limit.
    ///
    /// Without an index on correlation ids, only the last 10,000 events are searched:
    /// [`CorrelatedView::unsearched_to`].
    ///
    /// # Errors
    /// [`AdminError::NoQueries`].
    async fn correlated(
        &self,
        correlation_id: Uuid,
        after: Position,
        limit: usize,
    ) -> Result<CorrelatedView, AdminError>;

    /// Applies the events of a stream to a projection, one by one, and returns what each of up to `limit` events after the
    /// version `after` changes. Changes nothing. `limit` is from 1 to 50. It needs the code of the projection: see
    /// [`SubscriptionManager::steps`](crate::SubscriptionManager::steps). The default fails.
    ///
    /// # Errors
    /// [`AdminError::NeedsCode`]; [`AdminError::Steps`].
    async fn steps(&self, name: &str, stream: &StreamId, after: u64, limit: usize) -> Result<Steps, AdminError> {
        let _ = (stream, after, limit);
        Err(AdminError::NeedsCode { subscription: name.to_owned() })
    }

    /// Returns an event as the code of this program reads it; `None` if the program has no event types: it is a tool for
    /// every database. A manager reads with its [registry](crate::SubscriptionManager::with_registry), and the others with
    /// [`Registry::global`](crate::Registry::global).
    fn decode(&self, event: &EventView) -> Option<DecodedView> {
        let registry = Registry::global();
        registry.events().next().map(|_| DecodedView::of(registry, event))
    }

    /// Returns the position of the first event that was stored at `time` or later; `None` if there is none. The clocks of
    /// several writers differ, so it is exact up to that difference.
    ///
    /// # Errors
    /// [`AdminError::NoQueries`].
    async fn position_at(&self, time: DateTime<Utc>) -> Result<Option<Position>, AdminError>;

    /// Asks the owner of a subscription for an action, and returns the id of the request at once. A pause and its end
    /// are stored at once.
    ///
    /// # Errors
    /// [`AdminError::UnknownSubscription`]; [`AdminError::InMemory`]; [`AdminError::Unsupported`].
    async fn ask(&self, name: &str, action: Action, asked: Asked) -> Result<Uuid, AdminError>;

    /// Asks for an action as [`ask`](Self::ask), and waits until it is done. If no process has begun it in time, it is
    /// withdrawn.
    ///
    /// # Errors
    /// Those of [`ask`](Self::ask); [`AdminError::NotServed`]; [`AdminError::Unfinished`]; [`AdminError::Refused`].
    async fn carry_out(&self, name: &str, action: Action, asked: Asked) -> Result<StoredRequest, AdminError>;

    /// Waits until a request of [`ask`](Self::ask) has ended, and returns it. If no process has begun it in time, it is
    /// withdrawn.
    ///
    /// # Errors
    /// [`AdminError::UnknownRequest`]; [`AdminError::NotServed`]; [`AdminError::Unfinished`]; [`AdminError::Refused`];
    /// [`AdminError::Unsupported`].
    async fn ended(&self, id: Uuid, within: Duration) -> Result<StoredRequest, AdminError>;

    /// Returns a request, with its answer if it has one.
    ///
    /// # Errors
    /// [`AdminError::UnknownRequest`]; [`AdminError::Unsupported`].
    async fn request(&self, id: Uuid) -> Result<StoredRequest, AdminError>;

    /// Returns a page of the requests, the latest first: what operators did.
    ///
    /// # Errors
    /// [`AdminError::Unsupported`].
    async fn requests(&self, query: &RequestQuery) -> Result<Vec<StoredRequest>, AdminError>;

    /// Withdraws a request that no process has begun. Returns whether it was withdrawn.
    ///
    /// # Errors
    /// [`AdminError::Unsupported`].
    async fn withdraw(&self, id: Uuid) -> Result<bool, AdminError>;

    /// Waits until a subscription has applied the event at a position, whichever process runs it, and returns the
    /// position of the subscription. [`WaitTarget`] is made of what an append returned.
    ///
    /// It is woken by appends if the store of the events announces them, and looks at least each second.
    ///
    /// # Errors
    /// [`AdminError::Behind`] at the deadline; [`AdminError::Held`] if a dead letter holds the stream of the event;
    /// [`AdminError::UnknownSubscription`] at the deadline; [`AdminError::InMemory`]; [`AdminError::OtherLog`];
    /// [`AdminError::LogLost`].
    async fn wait_for(&self, name: &str, target: WaitTarget, within: Duration) -> Result<Position, AdminError>;

    /// Waits until a subscription has passed the present end of the log, whichever process runs it, and returns its
    /// position.
    ///
    /// # Errors
    /// Those of [`wait_for`](Self::wait_for), without [`AdminError::Held`] and [`AdminError::OtherLog`].
    async fn caught_up(&self, name: &str, within: Duration) -> Result<Position, AdminError>;
}
