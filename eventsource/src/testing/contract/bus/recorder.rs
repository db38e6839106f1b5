//! Subscribers and listeners that remember, and events to publish.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;
use tokio::time::timeout;

use super::super::Violation;
use super::super::events::{for_tenant, order};
use crate::bus::{BusSubscriber, Wake};
use crate::event::{NewEvent, RecordedEvent};
use crate::store::{EventStore, ExpectedVersion, MemoryEventStore};

/// How long a case waits for what has to happen.
pub(super) const DEADLINE: Duration = Duration::from_secs(30);

/// How long a call may take that cannot succeed.
pub(super) const IN_TIME: Duration = Duration::from_secs(10);

pub(super) type Events = Vec<Arc<RecordedEvent>>;

/// Appends `count` events of the type to a stream of their own, and returns them as stored.
pub(super) async fn stored(
    store: &MemoryEventStore,
    event_type: &'static str,
    count: usize,
) -> Result<Events, Violation> {
    let events = (0..count).map(|n| for_tenant("acme", NewEvent::raw(event_type, 1, format!(r#"{{"n": {n}}}"#))));
    Ok(store.append(&order(), ExpectedVersion::Any, events.collect()).await?.events().to_vec())
}

/// A subscriber that remembers what it received.
pub(super) struct Recorder {
    received: watch::Sender<Events>,
}

impl Recorder {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { received: watch::Sender::new(Vec::new()) })
    }

    pub(super) fn received(&self) -> Events {
        self.received.borrow().clone()
    }

    /// Returns what was received once `enough` says so.
    pub(super) async fn until(
        &self,
        what: &str,
        enough: impl Fn(&[Arc<RecordedEvent>]) -> bool,
    ) -> Result<Events, Violation> {
        let mut received = self.received.subscribe();
        let received = timeout(DEADLINE, received.wait_for(|received| enough(received))).await;
        match received {
            Ok(Ok(received)) => Ok(received.clone()),
            _ => Err(Violation::new(format_args!(
                "{what} was not received within {DEADLINE:?}; {} events were",
                self.received().len()
            ))),
        }
    }

    /// Returns what was received once these events were.
    pub(super) async fn until_all(&self, events: &[Arc<RecordedEvent>]) -> Result<Events, Violation> {
        self.until("every published event", |received| {
            events.iter().all(|event| received.iter().any(|received| received.id() == event.id()))
        })
        .await
    }
}

#[async_trait]
impl BusSubscriber for Recorder {
    async fn receive(&self, event: Arc<RecordedEvent>) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.received.send_modify(|received| received.push(event));
        Ok(())
    }
}

/// Counts wake-ups.
pub(super) struct Woken(watch::Sender<u64>);

impl Woken {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(0))
    }

    /// What counts one more.
    pub(super) fn wake(&self) -> Wake {
        let count = self.0.clone();
        Arc::new(move || count.send_modify(|count| *count += 1))
    }

    pub(super) fn count(&self) -> u64 {
        *self.0.borrow()
    }

    /// Returns once there were more than `count` wake-ups.
    pub(super) async fn more_than(&self, count: u64, what: &str) -> Result<(), Violation> {
        let mut woken = self.0.subscribe();
        match timeout(DEADLINE, woken.wait_for(|woken| *woken > count)).await {
            Ok(Ok(_)) => Ok(()),
            _ => Err(Violation::new(format_args!("{what}: a listener was not woken within {DEADLINE:?}"))),
        }
    }
}
