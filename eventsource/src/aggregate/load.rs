//! Loads aggregates: one, several, or a past state.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use uuid::Uuid;

use super::{Aggregate, AggregateError, AggregateRepository, AggregateRoot, AsOf};
use crate::event::{RecordedEvent, StreamId};
use crate::store::{PAGE_BYTES, PageLimit, ReadStream, StoreError, StoredStream};

/// How much of a stream is read at once.
const PAGE: PageLimit = PageLimit::events(1_000).within_bytes(PAGE_BYTES);

/// How many aggregates are loaded at the same time.
const AT_ONCE: usize = 8;

impl<A: Aggregate> AggregateRepository<A> {
    /// Returns the aggregate `id`, as its events made it.
    ///
    /// # Errors
    /// [`AggregateError::NotFound`] where it has no events; others where the store fails or an event does not decode.
    pub async fn load(&self, id: Uuid) -> Result<AggregateRoot<A>, AggregateError> {
        self.get_or_none(id).await?.ok_or_else(|| AggregateError::NotFound { stream: StreamId::new(A::TYPE, id) })
    }

    /// Returns the aggregate `id`, or `None` where it has no events.
    ///
    /// # Errors
    /// Where the store fails or an event does not decode.
    pub async fn get_or_none(&self, id: Uuid) -> Result<Option<AggregateRoot<A>>, AggregateError> {
        let root = self.load_or_create(id).await?;
        Ok((root.version() > 0).then_some(root))
    }

    /// Returns the aggregate `id`, or a new one where it has no events.
    ///
    /// # Errors
    /// Where the store fails or an event does not decode.
    pub async fn load_or_create(&self, id: Uuid) -> Result<AggregateRoot<A>, AggregateError> {
        if let Some(root) = self.restore(id).await? {
            return Ok(root);
        }
        let mut root = AggregateRoot::<A>::new(id);
        self.replay(&mut root, None).await?;
        Ok(root)
    }

    /// Returns the aggregates `ids`, in their order, with `None` in the place of one that has no events. Up to 8 are loaded
    /// at the same time.
    ///
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::prelude::*;
    /// # use eventsource::{AggregateRepository, aggregate};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Order")]
    /// # struct Placed {}
    /// # #[derive(Default)]
    /// # struct Order { placed: bool }
    /// # #[aggregate]
    /// # impl Order {
    /// #     #[applies(Placed)] fn placed(&mut self, _: &Placed) { self.placed = true }
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// let orders = AggregateRepository::<Order>::new(MemoryEventStore::new(), MemoryEventBus::new());
    /// let mut order = orders.create_new(uuid::Uuid::now_v7());
    /// order.record(Placed {});
    /// orders.save(&mut order).await?;
    ///
    /// let loaded = orders.load_many([order.id(), uuid::Uuid::now_v7()]).await?;
    /// assert!(loaded[0].as_ref().is_some_and(|order| order.placed));
    /// assert!(loaded[1].is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// # }
    /// ```
    ///
    /// # Errors
    /// The first error in the order of `ids`: the store fails, or an event does not decode.
    pub async fn load_many(
        &self,
        ids: impl IntoIterator<Item = Uuid>,
    ) -> Result<Vec<Option<AggregateRoot<A>>>, AggregateError> {
        let ids: Vec<_> = ids.into_iter().collect();
        let mut loaded = Vec::with_capacity(ids.len());
        for ids in ids.chunks(AT_ONCE) {
            let mut loads: Vec<_> = ids.iter().map(|id| Load::Running(Box::pin(self.get_or_none(*id)))).collect();
            poll_fn(|context| {
                let mut pending = false;
                for load in &mut loads {
                    if let Load::Running(running) = load {
                        match running.as_mut().poll(context) {
                            Poll::Ready(done) => *load = Load::Done(done),
                            Poll::Pending => pending = true,
                        }
                    }
                }
                if pending { Poll::Pending } else { Poll::Ready(()) }
            })
            .await;
            for load in loads {
                if let Load::Done(done) = load {
                    loaded.push(done?);
                }
            }
        }
        Ok(loaded)
    }

    /// Returns the aggregate `id` as it was at a version (`u64`), at a position, or at an instant (by the time at which its
    /// events were stored).
    ///
    /// A past state cannot be changed: where the aggregate has later events, a save is refused as a conflict.
    ///
    /// # Errors
    /// [`AggregateError::NotFound`] where it had no events then, [`AggregateError::NoSuchVersion`] where it has not come as
    /// far as that version; others where the store fails or an event does not decode.
    pub async fn load_at(&self, id: Uuid, at: impl Into<AsOf>) -> Result<AggregateRoot<A>, AggregateError> {
        let at = at.into();
        let mut root = AggregateRoot::<A>::new(id);
        self.replay(&mut root, Some(at)).await?;
        match (at, root.version()) {
            (_, 0) => Err(AggregateError::NotFound { stream: root.stream() }),
            (AsOf::Version(wanted), actual) if actual < wanted => {
                Err(AggregateError::NoSuchVersion { stream: root.stream(), wanted, actual })
            }
            _ => Ok(root),
        }
    }

    /// Returns whether the aggregate `id` has events.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn exists(&self, id: Uuid) -> Result<bool, AggregateError> {
        let stream = StreamId::new(A::TYPE, id);
        Ok(!self.store.read_stream(&stream, ReadStream::forward().limit(1)).await?.is_empty())
    }

    /// Returns the aggregates of this type that have events, with their versions, in the order of their ids, at most
    /// `limit`. The first page begins with `None`, and each further one after the last id of the page before it.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn list(&self, after: Option<Uuid>, limit: usize) -> Result<Vec<StoredStream>, StoreError> {
        self.store.streams(A::TYPE, after, limit).await
    }

    /// The aggregate `id` by its snapshot and the events after it; `None` where there is no snapshot that can be used.
    async fn restore(&self, id: Uuid) -> Result<Option<AggregateRoot<A>>, AggregateError> {
        let stream = StreamId::new(A::TYPE, id);
        let Some(snapshots) = &self.snapshots else { return Ok(None) };
        let Some((snapshot, state)) = snapshots.find(&stream).await else { return Ok(None) };
        // The event of the snapshot comes first: by it the stream is recognised.
        let page = self.store.read_stream_page(&stream, ReadStream::forward().from(snapshot.version), PAGE).await?;
        let is_last = |event: &RecordedEvent| (event.version(), event.id()) == (snapshot.version, snapshot.event_id);
        match page.events.split_first() {
            Some((last, rest)) if is_last(last) => {
                let mut root = AggregateRoot::restored(state, last);
                rest.iter().try_for_each(|event| root.replay(event))?;
                if page.is_full {
                    self.replay(&mut root, None).await?;
                }
                Ok(Some(root))
            }
            _ => {
                snapshots.is_not_of_its_stream(&snapshot).await;
                Ok(None)
            }
        }
    }

    /// Applies the stored events after the version of `root`, the last of them that `at` includes.
    async fn replay(&self, root: &mut AggregateRoot<A>, at: Option<AsOf>) -> Result<(), AggregateError> {
        let stream = root.stream();
        loop {
            let mut read = ReadStream::forward().from(root.version() + 1);
            if let Some(AsOf::Version(last)) = at {
                read = read.to(last);
            }
            let page = self.store.read_stream_page(&stream, read, PAGE).await?;
            for event in &page.events {
                if at.is_some_and(|at| !at.includes(event)) {
                    return Ok(());
                }
                root.replay(event)?;
            }
            if !page.is_full {
                return Ok(());
            }
        }
    }
}

type Loading<'a, A> = Pin<Box<dyn Future<Output = Loaded<A>> + Send + 'a>>;
type Loaded<A> = Result<Option<AggregateRoot<A>>, AggregateError>;

/// One of the aggregates that are loaded at the same time.
enum Load<'a, A> {
    Running(Loading<'a, A>),
    Done(Loaded<A>),
}
