//! The repository of the aggregates of one type: what it stands on. `load.rs`, `save.rs` and `execute.rs` are what it does.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use uuid::Uuid;

use super::{Aggregate, AggregateRoot};
use crate::backoff::Chance;
use crate::bus::{BusError, Notifier};
use crate::event::Position;
use crate::store::EventStore;

/// Loads and saves aggregates of the type `A`.
pub struct AggregateRepository<A> {
    pub(super) store: Arc<dyn EventStore>,
    pub(super) notifier: Arc<dyn Notifier>,
    /// Draws the jitter of retries.
    pub(super) chance: Arc<Chance>,
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
        Self {
            store: Arc::new(store),
            notifier: Arc::new(notifier),
            chance: Arc::new(Chance::new(None)),
            aggregate: PhantomData,
        }
    }

    /// A new aggregate. Nothing is stored until it is saved, and then only if no other writer has created it.
    #[must_use]
    pub fn create_new(&self, id: Uuid) -> AggregateRoot<A> {
        AggregateRoot::new(id)
    }
}

impl<A> Clone for AggregateRepository<A> {
    fn clone(&self) -> Self {
        Self {
            store: Arc::clone(&self.store),
            notifier: Arc::clone(&self.notifier),
            chance: Arc::clone(&self.chance),
            aggregate: PhantomData,
        }
    }
}

impl<A: Aggregate> fmt::Debug for AggregateRepository<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AggregateRepository").field("aggregate", &A::TYPE).finish_non_exhaustive()
    }
}
