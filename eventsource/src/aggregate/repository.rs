//! Loads and saves aggregates.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use uuid::Uuid;

use super::{Aggregate, AggregateError, AggregateRoot};
use crate::bus::{BusError, Notifier};
use crate::event::{Metadata, Position, StreamId};
use crate::store::{EventStore, PAGE_BYTES, PageLimit, ReadStream};

/// How much of a stream is read at once.
const PAGE: PageLimit = PageLimit::events(1_000).within_bytes(PAGE_BYTES);

/// Loads and saves aggregates of the type `A`.
pub struct AggregateRepository<A> {
    store: Arc<dyn EventStore>,
    notifier: Arc<dyn Notifier>,
    aggregate: PhantomData<fn() -> A>,
}

/// What a save answers.
#[derive(Debug)]
#[non_exhaustive]
pub struct Saved {
    /// The position of the aggregate's last event: wait for it to read your own write.
    pub position: Position,
    /// The version of the aggregate.
    pub version: u64,
    /// Why the events were stored but not published, where that is so. Subscriptions find them all the same.
    pub publish_error: Option<BusError>,
}

impl<A: Aggregate> AggregateRepository<A> {
    /// The repository over `store`. It tells `notifier` of what it saves: a [`Notifier`], or an event bus, which then
    /// publishes the events.
    pub fn new(store: impl EventStore, notifier: impl Notifier) -> Self {
        Self { store: Arc::new(store), notifier: Arc::new(notifier), aggregate: PhantomData }
    }

    /// A new aggregate. Nothing is stored until it is saved, and then only if nobody else has created it.
    #[must_use]
    pub fn create_new(&self, id: Uuid) -> AggregateRoot<A> {
        AggregateRoot::new(id)
    }

    /// The aggregate `id`, as its events made it.
    ///
    /// # Errors
    /// [`AggregateError::NotFound`] where it has no events; others where the store fails or an event does not decode.
    pub async fn load(&self, id: Uuid) -> Result<AggregateRoot<A>, AggregateError> {
        let root = self.load_or_create(id).await?;
        if root.version() == 0 { Err(AggregateError::NotFound { stream: root.stream() }) } else { Ok(root) }
    }

    /// The aggregate `id`, new where it has no events.
    ///
    /// # Errors
    /// Where the store fails or an event does not decode.
    pub async fn load_or_create(&self, id: Uuid) -> Result<AggregateRoot<A>, AggregateError> {
        let mut root = AggregateRoot::<A>::new(id);
        let stream = root.stream();
        loop {
            let read = ReadStream::forward().from(root.version() + 1);
            let page = self.store.read_stream_page(&stream, read, PAGE).await?;
            for event in &page.events {
                root.replay(event)?;
            }
            if !page.is_full {
                return Ok(root);
            }
        }
    }

    /// Whether the aggregate `id` has events.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn exists(&self, id: Uuid) -> Result<bool, AggregateError> {
        let stream = StreamId::new(A::TYPE, id);
        Ok(!self.store.read_stream(&stream, ReadStream::forward().limit(1)).await?.is_empty())
    }

    /// Stores the uncommitted events of `root`, without metadata. See [`save_with`](Self::save_with).
    ///
    /// # Errors
    /// As [`save_with`](Self::save_with).
    pub async fn save(&self, root: &mut AggregateRoot<A>) -> Result<Saved, AggregateError> {
        self.save_with(root, &Metadata::new()).await
    }

    /// Stores the uncommitted events of `root`, each with `metadata`, and publishes them. With none, nothing happens.
    ///
    /// Once the events are stored the save has succeeded: a bus that fails is reported in
    /// [`Saved::publish_error`] and by a warning. A save does not wait for subscribers of the bus.
    ///
    /// # Errors
    /// [`AggregateError::Append`] with a conflict where somebody else wrote since `root` was loaded; others where the
    /// store fails or an event cannot be encoded. `root` keeps its uncommitted events.
    pub async fn save_with(&self, root: &mut AggregateRoot<A>, metadata: &Metadata) -> Result<Saved, AggregateError> {
        let events =
            root.uncommitted().iter().map(|event| event.to_new_event(metadata)).collect::<Result<Vec<_>, _>>()?;
        let mut publish_error = None;
        if !events.is_empty() {
            let appended = self.store.append(&root.stream(), root.expected(), events).await?;
            root.committed(&appended);
            publish_error = self.notifier.notify(appended.events()).await.err();
            if let Some(error) = &publish_error {
                tracing::warn!(stream = %root.stream(), %error, "events were stored but not published");
            }
        }
        Ok(Saved { position: root.position(), version: root.version(), publish_error })
    }
}

impl<A> Clone for AggregateRepository<A> {
    fn clone(&self) -> Self {
        Self { store: Arc::clone(&self.store), notifier: Arc::clone(&self.notifier), aggregate: PhantomData }
    }
}

impl<A: Aggregate> fmt::Debug for AggregateRepository<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AggregateRepository").field("aggregate", &A::TYPE).finish_non_exhaustive()
    }
}
