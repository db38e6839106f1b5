//! The repository of the aggregates of one type: what it stands on. `load.rs`, `save.rs` and `execute.rs` are what it does.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::snapshot::Snapshots;
use super::turns::Turns;
use super::{Aggregate, AggregateRoot, SnapshotPolicy, SnapshotStore};
use crate::backoff::Chance;
use crate::bus::{BusError, Notifier};
use crate::event::Position;
use crate::store::EventStore;

/// Loads and saves aggregates of the type `A`.
pub struct AggregateRepository<A> {
    pub(super) store: Arc<dyn EventStore>,
    pub(super) notifier: Arc<dyn Notifier>,
    pub(super) snapshots: Option<Arc<Snapshots<A>>>,
    pub(super) turns: Arc<Turns>,
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
            snapshots: None,
            turns: Arc::new(Turns::new()),
            chance: Arc::new(Chance::new(None)),
            aggregate: PhantomData,
        }
    }

    /// The same repository with snapshots of its aggregates, which it keeps in `store`: a load reads the snapshot and replays
    /// only the events after it. `policy` says when a save takes one.
    ///
    /// The state is stored as JSON by serde, and is encoded at the save, before anything else can change the aggregate. Do
    /// not let serde skip a field: it would be its default after a load.
    ///
    /// A snapshot that cannot be used costs a warning and a replay: its state has another shape, which is found out by asking
    /// serde (see [`SnapshotPolicy::state_version`] for what that does not see), it does not decode, its stream does not have its
    /// event, or `store` fails. A snapshot that cannot be saved costs a warning; the save has succeeded.
    #[must_use]
    pub fn with_snapshots(mut self, store: impl SnapshotStore, policy: SnapshotPolicy<A>) -> Self
    where
        A: Serialize + DeserializeOwned,
    {
        self.snapshots = Some(Snapshots::new(store, policy));
        self
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
            snapshots: self.snapshots.clone(),
            turns: Arc::clone(&self.turns),
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
