//! The port of operators.

use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use super::{AdminError, EventPage, EventView, LetterView, Overview, StreamPageView, SubscriptionView};
use crate::event::{EventFilter, Position, StreamId};
use crate::projection::operations::{RequestQuery, StoredRequest};
use crate::projection::{DeadLetter, LetterQuery};
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

    /// Returns a page of at most `limit` events before a position, the latest first; `None` begins at the end of the
    /// log. A page has at most 200 events, whatever the limit.
    async fn events(
        &self,
        before: Option<Position>,
        filter: &EventFilter,
        limit: usize,
    ) -> Result<EventPage, AdminError>;

    /// Returns a page of at most `limit` events of a stream, after a version; 0 begins with the first event. A page has
    /// at most 200 events, whatever the limit.
    async fn stream(&self, stream: &StreamId, after: u64, limit: usize) -> Result<StreamPageView, AdminError>;

    /// Returns the event with an id.
    ///
    /// # Errors
    /// [`AdminError::UnknownEvent`].
    async fn event(&self, id: Uuid) -> Result<EventView, AdminError>;

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

/// Who asks for an action, and for how long the request is valid.
///
/// ```
/// use std::time::Duration;
///
/// use eventsource::admin::Asked;
///
/// let asked = Asked::by("ada").within(Duration::from_secs(5));
/// assert_eq!((&*asked.by, asked.within.as_secs()), ("ada", 5));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Asked {
    /// The operator, for the record.
    pub by: String,
    /// The time after which no process begins the request: 30 seconds by default.
    pub within: Duration,
}

impl Asked {
    /// Names the operator.
    #[must_use]
    pub fn by(operator: impl Into<String>) -> Self {
        Self { by: operator.into(), within: Duration::from_secs(30) }
    }

    /// Sets the time after which no process begins the request.
    #[must_use]
    pub const fn within(mut self, time: Duration) -> Self {
        self.within = time;
        self
    }
}
