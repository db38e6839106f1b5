//! Subscribers and listeners that record what they get, and events to publish.

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

/// How long a case waits for something that must happen.
pub(super) const DEADLINE: Duration = Duration::from_secs(30);

/// How long a call may take that cannot succeed.
pub(super) const IN_TIME: Duration = Duration::from_secs(10);

pub(super) type Events = Vec<Arc<RecordedEvent>>;

/// Appends `count` events of the type to a new stream, and returns them as stored.
pub(super) async fn stored(
    store: &MemoryEventStore,
    event_type: &'static str,
    count: usize,
) -> Result<Events, Violation> {
    let events = (0..count).map(|n| for_tenant("acme", NewEvent::raw(event_type, 1, format!(r#"{{"n": {n}}}"#))));
    Ok(store.append(&order(), ExpectedVersion::Any, events.collect()).await?.events().to_vec())
}

/// A subscriber that records the events it receives.
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

    /// Waits until `enough` returns `true` for the received events, and returns them.
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
                "{what} was not received within {DEADLINE:?}; only {} events were received",
                self.received().len()
            ))),
        }
    }

    /// Waits until these events were received, and returns all received events.
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

    /// Returns a wake function that counts.
    pub(super) fn wake(&self) -> Wake {
        let count = self.0.clone();
        Arc::new(move || count.send_modify(|count| *count += 1))
    }

    pub(super) fn count(&self) -> u64 {
        *self.0.borrow()
    }

    /// Waits until there were more than `count` wake-ups.
    pub(super) async fn more_than(&self, count: u64, what: &str) -> Result<(), Violation> {
        let mut woken = self.0.subscribe();
        match timeout(DEADLINE, woken.wait_for(|woken| *woken > count)).await {
            Ok(Ok(_)) => Ok(()),
            _ => Err(Violation::new(format_args!("{what}: a listener was not woken within {DEADLINE:?}"))),
        }
    }
}
