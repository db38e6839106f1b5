//! Subscribing a projection.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use tokio::sync::watch;

use super::backoff::Chance;
use super::config::{StartFrom, SubscriptionConfig};
use super::core::{Control, Core};
use super::error::SubscribeError;
use super::handle::SubscriptionHandle;
use super::in_memory::InMemory;
use super::manager::SubscriptionManager;
use super::progress::Progress;
use super::requests::Requests;
use super::shared::SharedSubscriber;
use super::slot::Slot;
use crate::event::{EventFilter, Position, Registry};
use crate::projection::{CheckpointStore, EventSubscriber, Kind, fingerprint};

impl<C: CheckpointStore> SubscriptionManager<C> {
    /// Subscribes `projection`. Where the manager is started, the subscription starts at once.
    ///
    /// # Errors
    /// [`SubscribeError`]: its name is taken, one of its events is declared twice, or a start was asked for although
    /// there is a durable checkpoint.
    pub fn subscribe<P: EventSubscriber<C::Unit>>(
        &self,
        projection: P,
        config: SubscriptionConfig,
    ) -> Subscribe<'_, P> {
        Subscribe(Box::pin(self.add(projection, config)))
    }

    async fn add<P: EventSubscriber<C::Unit>>(
        &self,
        projection: P,
        config: SubscriptionConfig,
    ) -> Result<SubscriptionHandle<P>, SubscribeError> {
        let running = self.running.lock().await;
        let name = config.name.clone().unwrap_or_else(|| projection.name().into_owned());
        if self.slots().contains_key(&name) {
            return Err(SubscribeError::DuplicateName { subscription: name });
        }
        let filter = projection.subscribed_to();
        self.check_registry(&name, &filter)?;
        let fingerprint = fingerprint(&projection);
        let position = self.check_start(&name, P::KIND, config.start, &fingerprint).await?;

        let core = Core {
            name: name.clone(),
            kind: P::KIND,
            filter,
            fingerprint,
            chance: Chance::new(config.seed),
            config,
            store: Arc::clone(&self.store),
            bus_wake_ups: Arc::clone(&self.bus_wake_ups),
            progress: Progress::new(position),
            control: watch::Sender::new(Control::Run),
            in_memory: InMemory::default(),
            requests: Requests::default(),
            owner: Arc::clone(&self.owner),
            end_at_start: OnceLock::new(),
        };
        let subscriber = Arc::new(SharedSubscriber::new(projection));
        let slot = Arc::new(Slot::new(core, Arc::clone(&self.checkpoints), Arc::clone(&subscriber) as _, &self.slots));
        self.slots().insert(name, Arc::clone(&slot));
        if let Some(running) = &*running {
            slot.start(&running.runtime).await;
        }
        Ok(SubscriptionHandle::new(Arc::clone(&slot.core), subscriber, slot))
    }

    fn check_registry(&self, name: &str, filter: &EventFilter) -> Result<(), SubscribeError> {
        let registry = self.registry.as_ref().unwrap_or_else(|| Registry::global());
        let duplicate = registry.duplicates().iter().find(|duplicate| {
            filter.event_types().is_none_or(|mut handled| handled.any(|handled| handled == duplicate.name))
        });
        duplicate.cloned().map_or(Ok(()), |duplicate| {
            Err(SubscribeError::DuplicateEvent { subscription: name.to_owned(), duplicate })
        })
    }

    /// The position of the checkpoint, where there is one. A start position applies only where there is none (law 3).
    /// A checkpoint that another projection made is refused (law 8).
    async fn check_start(
        &self,
        name: &str,
        kind: Kind,
        start: StartFrom,
        fingerprint: &str,
    ) -> Result<Option<Position>, SubscribeError> {
        if kind == Kind::Memory {
            return Ok(None);
        }
        let checkpoint = match self.checkpoints.load(name).await {
            Ok(checkpoint) => checkpoint,
            Err(source) => return Err(SubscribeError::Checkpoint { subscription: name.to_owned(), source }),
        };
        if let Some(stored) =
            checkpoint.as_ref().map(|found| &found.fingerprint).filter(|stored| *stored != fingerprint)
        {
            let (stored, current) = (stored.clone(), fingerprint.to_owned());
            return Err(SubscribeError::Changed { subscription: name.to_owned(), stored, current });
        }
        let wanted = match start {
            StartFrom::Checkpoint => return Ok(checkpoint.map(|checkpoint| checkpoint.position)),
            StartFrom::Beginning => "from the beginning".to_owned(),
            StartFrom::End => "from the end".to_owned(),
            StartFrom::After(position) => format!("after position {position}"),
        };
        match checkpoint {
            None => Ok(None),
            Some(found) => Err(SubscribeError::CheckpointExists {
                subscription: name.to_owned(),
                position: found.position,
                wanted,
            }),
        }
    }
}

/// The future that [`SubscriptionManager::subscribe`] returns.
#[must_use = "the projection is not subscribed until this is awaited"]
pub struct Subscribe<'a, P>(Pin<Box<dyn Future<Output = Result<SubscriptionHandle<P>, SubscribeError>> + Send + 'a>>);

impl<P> Future for Subscribe<'_, P> {
    type Output = Result<SubscriptionHandle<P>, SubscribeError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(context)
    }
}

impl<P> fmt::Debug for Subscribe<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subscribe")
    }
}
