//! Subscribing a projection.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use tokio::sync::watch;

use crate::backoff::Chance;
use crate::event::Position;
use crate::projection::generation::{is_reserved, next_checkpoint};
use crate::projection::{Checkpoint, CheckpointStore, EventSubscriber, TableTaken, fingerprint_of};
use crate::store::check_name;
use crate::subscription::RebuildKind;
use crate::subscription::config::SubscriptionConfig;
use crate::subscription::erased::SharedSubscriber;
use crate::subscription::error::SubscribeError;
use crate::subscription::failure::restarts::Restarts;
use crate::subscription::handle::SubscriptionHandle;
use crate::subscription::in_memory::InMemory;
use crate::subscription::manager::SubscriptionManager;
use crate::subscription::manager::supervised::SupervisedSubscription;
use crate::subscription::observer::RebuildObservers;
use crate::subscription::rebuild::tracked::Rebuilds;
use crate::subscription::requests::Requests;
use crate::subscription::state::progress::Progress;
use crate::subscription::subscription_shared::{Control, PauseReason, SubscriptionShared};

impl<C: CheckpointStore> SubscriptionManager<C> {
    /// Subscribes `projection`, and returns the [handle](SubscriptionHandle) of the subscription.
    ///
    /// If the manager is started, the subscription starts at once, and a failure is its state. Otherwise it starts with
    /// the manager. Two managers of one process can subscribe the same name: one of them is the owner, the other a
    /// standby.
    ///
    /// # Errors
    /// [`SubscribeError`], and nothing is subscribed:
    /// - `InvalidConfig`: options are out of their range. The error lists all of them.
    /// - `DuplicateName`: this manager has a subscription of that name. Choose another
    ///   [name](SubscriptionConfig::name).
    /// - `ReservedName`: its name, or the name of a table, ends with `~next` or `__next`. Choose another one.
    /// - `InvalidName`: the name contains a NUL character. Choose another one.
    /// - `TableTaken`: another subscription owns one of its tables. Choose another table, or
    ///   [hand over](Self::hand_over) a subscription that was renamed.
    /// - `ForeignTenant`: the filter of its subscriber asks for another tenant than the configuration.
    /// - `DuplicateEvent`: two types declare one of its events under the same name.
    /// - `Changed`: the checkpoint was stored by another version of the projection. Choose how to rebuild it
    ///   ([`on_change`](SubscriptionConfig::on_change)), or deploy the earlier version again.
    /// - `OlderVersion`: the checkpoint was stored by a higher version. Deploy that one, or go back on purpose
    ///   ([`allow_older_version`](SubscriptionConfig::allow_older_version)).
    /// - `CheckpointExists`: [`require_fresh`](SubscriptionConfig::require_fresh) was set, and there is a checkpoint.
    /// - `Checkpoint`: the checkpoint store failed, for example because the database is down. Unlike
    ///   [`start`](Self::start), this does not wait for the database: subscribe again after a delay, or let the process
    ///   end and be restarted.
    ///
    /// # Examples
    /// ```standalone_crate
    /// # #[cfg(feature = "macros")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # use eventsource::prelude::*;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Order")]
    /// # struct OrderPlaced { total: u64 }
    /// # #[derive(Clone, Default)]
    /// # struct Revenue { total: u64 }
    /// # #[projection]
    /// # impl Revenue {
    /// #     #[handles(OrderPlaced)]
    /// #     fn placed(&mut self, event: &OrderPlaced) { self.total += event.total }
    /// # }
    /// # let manager =
    /// #     SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// use std::time::Duration;
    ///
    /// let config = SubscriptionConfig::from_beginning().batch_size(500).handler_timeout(Duration::from_secs(5));
    /// let revenue = manager.subscribe(Revenue::default(), config).await?;
    /// assert_eq!(revenue.name(), "Revenue");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
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
        let options = config.invalid_options();
        if !options.is_empty() {
            return Err(SubscribeError::InvalidConfig { subscription: name, options });
        }
        if self.slots().contains_key(&name) {
            return Err(SubscribeError::DuplicateName { subscription: name });
        }
        if let Err(refused) = check_name("name", &name) {
            return Err(SubscribeError::InvalidName { subscription: name, name: refused });
        }
        let filter = match &config.tenant {
            None => projection.subscribed_to(),
            Some(tenant) => projection.subscribed_to().of_tenant(tenant).map_err(|own| {
                SubscribeError::ForeignTenant { subscription: name.clone(), own, configured: tenant.clone() }
            })?,
        };
        self.check_registry(&name, &filter)?;
        let fingerprint = fingerprint_of(&projection, &filter);
        let versioned = (projection.name().into_owned(), projection.version());
        let tables = projection.read_models();
        let mut names = std::iter::once(&*name).chain(tables.iter().map(|table| table.name));
        if let Some(reserved) = names.find(|name| is_reserved(name)).map(ToOwned::to_owned) {
            return Err(SubscribeError::ReservedName { reserved, subscription: name });
        }
        if let Some(taken) = TableTaken::among(&name, &tables).or_else(|| self.taken_here(&tables)) {
            return Err(SubscribeError::TableTaken { subscription: name, taken });
        }
        let facts = P::KIND.facts();
        // A manager that only plans changes nothing, and reports in its plan what is refused.
        let checkpoint = match self.only_plans {
            true => None,
            false => self.check_start(&name, facts, &config, &fingerprint, &versioned).await?,
        };
        if facts.is_transactional && !self.only_plans {
            self.own(&name, &tables).await?;
        }
        // A checkpoint of another version of the projection says nothing about this version.
        let checkpoint = checkpoint.filter(|found| found.fingerprint == fingerprint);

        self.catalogue.learn(&filter);

        let core = SubscriptionShared {
            name: name.clone(),
            kind: P::KIND,
            facts,
            filter,
            fingerprint,
            projection: versioned,
            tables,
            has_truncate_hook: projection.has_truncate_hook(),
            next_of: None,
            chance: Chance::new(config.seed),
            config,
            store: Arc::clone(&self.store),
            catalogue: Arc::clone(&self.catalogue),
            log: Arc::clone(&self.log),
            bus_wake_ups: Arc::clone(&self.bus_wake_ups),
            // A durable memory projection has no position before its state is restored.
            progress: Progress::new(
                &name,
                checkpoint.as_ref().filter(|_| !P::KIND.facts().stores_state()).map(|found| found.position),
                &self.bell,
            ),
            control: watch::Sender::new(Control::Run),
            pause_reason: PauseReason::default(),
            in_memory: InMemory::default(),
            requests: Requests::default(),
            restarts: Restarts::default(),
            rebuilds: Rebuilds::new(RebuildObservers::of(&name, &self.observers)),
            observers: self.observers.clone(),
            traces: self.traces.clone(),
            owner: Arc::clone(&self.owner),
            end_at_start: OnceLock::new(),
            ownership: Arc::default(),
        };
        if checkpoint.is_some() {
            self.tell_letters(&core).await?;
        }
        if !self.only_plans {
            self.tell_rebuild(&core, checkpoint.as_ref()).await?;
        }
        let subscriber = Arc::new(SharedSubscriber::new(projection));
        let slot = Arc::new(SupervisedSubscription::new(
            core,
            Arc::clone(&self.checkpoints),
            Arc::clone(&subscriber) as _,
            &self.slots,
        ));
        if self.only_plans {
            slot.never_start();
        }
        self.slots().insert(name, Arc::clone(&slot));
        if let Some(running) = running.as_ref().filter(|running| running.starts_all) {
            slot.start(&running.runtime).await;
        }
        Ok(SubscriptionHandle::new(Arc::clone(&slot.core), subscriber, slot))
    }

    /// Reports an unfinished rebuild before the subscription runs.
    async fn tell_rebuild(
        &self,
        core: &SubscriptionShared,
        checkpoint: Option<&Checkpoint>,
    ) -> Result<(), SubscribeError> {
        if let Some((target, at)) = checkpoint.and_then(|found| Some((found.rebuild_to?, found.position))) {
            core.rebuilds.resume(RebuildKind::InPlace, Position::START, target, at);
        } else if !core.tables.is_empty() && self.checkpoints.generations().is_some() {
            let next = self.checkpoints.load(&next_checkpoint(&core.name)).await;
            let next = next.map_err(|source| SubscribeError::Checkpoint { subscription: core.name.clone(), source })?;
            if let Some(next) = next.filter(|next| next.fingerprint == core.fingerprint) {
                let target = next.rebuild_to.unwrap_or(next.position);
                core.rebuilds.resume(RebuildKind::SideBySide, Position::START, target, next.position);
            }
        }
        Ok(())
    }

    /// Reports how many dead letters wait before the subscription runs.
    async fn tell_letters(&self, core: &SubscriptionShared) -> Result<(), SubscribeError> {
        let counts = self.checkpoints.letter_counts(&[&core.name]).await;
        let mut counts =
            counts.map_err(|source| SubscribeError::Checkpoint { subscription: core.name.clone(), source })?;
        core.progress.set_letters(counts.remove(&core.name).unwrap_or_default());
        Ok(())
    }
}

/// The future that [`SubscriptionManager::subscribe`] returns: await it. Its output is
/// `Result<SubscriptionHandle<P>, SubscribeError>`.
///
/// ```
/// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
/// # use eventsource::prelude::*;
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// # let manager =
/// #     SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
/// # let engine = ProjectionEngine::new("orders", MemoryProjectionStates::new());
/// let subscribe = manager.subscribe(engine, SubscriptionConfig::default());
/// let orders = subscribe.await?;
/// assert_eq!(orders.name(), "orders");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
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
