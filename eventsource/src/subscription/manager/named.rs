//! What is asked of one subscription, by its name.

use std::sync::Arc;

use super::SubscriptionManager;
use crate::projection::generation::is_reserved;
use crate::projection::{CheckpointStore, HandedOver};
use crate::subscription::subscription_shared::Control;
use crate::subscription::supervised::{Operations as _, SupervisedSubscription};
use crate::subscription::{
    DeadLetters, HandOverError, ManagerError, Rebuild, RebuildError, RebuildKind, StopReason, SubscriptionState,
    SubscriptionStatus,
};

impl<C: CheckpointStore> SubscriptionManager<C> {
    /// Starts the subscription `name`, unless it runs. The others stay as they are; [`start`](Self::start) starts them later.
    ///
    /// ```
    /// # use eventsource::prelude::*;
    /// # #[derive(Clone, Default)] struct Orders;
    /// # impl Subscriber for Orders {
    /// #     const KIND: eventsource::ProjectionKind = eventsource::ProjectionKind::Memory;
    /// #     fn name(&self) -> std::borrow::Cow<'static, str> { "orders".into() }
    /// #     fn subscribed_to(&self) -> EventFilter { EventFilter::all() }
    /// # }
    /// # impl<U: UnitOfWork> EventSubscriber<U> for Orders {
    /// #     async fn handle(&mut self, _: &std::sync::Arc<RecordedEvent>, _: &mut U) -> Result<(), HandlerError> { Ok(()) }
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let manager = SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// let orders = manager.subscribe(Orders, SubscriptionConfig::default()).await?;
    /// manager.start_one("orders").await?;
    /// orders.caught_up().await?;
    /// manager.stop_one("orders").await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`ManagerError::Unknown`]; [`ManagerError::NoRuntime`] outside a tokio runtime.
    pub async fn start_one(&self, name: &str) -> Result<(), ManagerError> {
        let mut running = self.running.lock().await;
        let slot = self.slot(name)?;
        let running = self.listen(&mut running).await?;
        slot.start(&running.runtime).await;
        Ok(())
    }

    /// Stops the subscription `name` after the batch that it applies, with its checkpoint saved, and returns when it has
    /// stopped. The others go on. [`start_one`](Self::start_one) and [`start`](Self::start) start it again, where it was. One
    /// that does not run stays as it is.
    ///
    /// # Errors
    /// [`ManagerError::Unknown`]; [`ManagerError::InsideHandler`] in a handler of it, which would wait for itself;
    /// [`ManagerError::NotSaved`] where the checkpoint could not be saved: it has stopped all the same.
    pub async fn stop_one(&self, name: &str) -> Result<(), ManagerError> {
        let slot = self.slot(name)?;
        slot.core.refuse_handler("stop it")?;
        slot.stop(StopReason::StoppedByName).await
    }

    /// Pauses the subscription `name`, and returns when the batch that it applies has ended, or when a resume has
    /// overtaken the pause.
    ///
    /// # Errors
    /// [`ManagerError::Unknown`]; [`ManagerError::NotRunning`] where it does not run, or ends before it pauses;
    /// [`ManagerError::InsideHandler`] in a handler of it, which would wait for itself.
    pub async fn pause(&self, name: &str) -> Result<(), ManagerError> {
        self.pause_with(name, None).await
    }

    /// Pauses the subscription `name` as [`pause`](Self::pause) does, for a reason that its status tells until it is resumed or
    /// started again ([`SubscriptionStatus::pause_reason`]). A pause of one that is paused already replaces the reason.
    ///
    /// # Errors
    /// Those of [`pause`](Self::pause).
    pub async fn pause_for(&self, name: &str, reason: impl Into<String>) -> Result<(), ManagerError> {
        self.pause_with(name, Some(reason.into().into())).await
    }

    async fn pause_with(&self, name: &str, reason: Option<Arc<str>>) -> Result<(), ManagerError> {
        let core = Arc::clone(&self.slot(name)?.core);
        core.refuse_handler("pause it")?;
        let (mut progress, mut control) = (core.progress.listen(), core.control.subscribe());
        core.set_pause_reason(reason);
        core.tell(Control::Run, Control::Pause)?;
        loop {
            let state = progress.borrow_and_update().state.clone();
            if matches!(state, SubscriptionState::Paused) || *control.borrow_and_update() == Control::Run {
                return Ok(());
            }
            if !state.is_running() {
                return Err(ManagerError::NotRunning { subscription: core.name.clone(), state });
            }
            // The senders live in `core`.
            tokio::select! {
                biased;
                _ = progress.changed() => {}
                _ = control.changed() => {}
            }
        }
    }

    /// Lets the paused subscription `name` go on where it was. One that runs goes on running.
    ///
    /// # Errors
    /// [`ManagerError::Unknown`]; [`ManagerError::NotRunning`] where it is not started, or has ended.
    pub async fn resume(&self, name: &str) -> Result<(), ManagerError> {
        let core = Arc::clone(&self.slot(name)?.core);
        core.tell(Control::Pause, Control::Run)?;
        core.set_pause_reason(None);
        Ok(())
    }

    /// Renames a subscription: gives the checkpoint of `from`, its dead letters, its snapshot and the tables of its read
    /// models to the name `to`, in one transaction. Call it before the projection is subscribed under its new name, while
    /// no process runs it under the old one.
    ///
    /// A fingerprint that begins with the old name begins with the new one afterwards, so that a projection whose name
    /// alone has changed goes on where it was.
    ///
    /// ```standalone_crate
    /// # #[cfg(feature = "macros")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # use eventsource::prelude::*;
    /// use eventsource::subscription::HandOverError;
    ///
    /// # let manager = SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// match manager.hand_over("orders", "shop-orders").await {
    ///     Ok(()) => println!("`shop-orders` goes on where `orders` was"),
    ///     // It was handed over by an earlier start.
    ///     Err(HandOverError::Missing { .. }) => {}
    ///     Err(error) => return Err(error.into()),
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`HandOverError`]. Nothing was changed then.
    pub async fn hand_over(&self, from: &str, to: &str) -> Result<(), HandOverError> {
        let subscription = from.to_owned();
        // Held while it is done, so that neither is subscribed meanwhile.
        let _running = self.running.lock().await;
        if let Some(name) = [from, to].into_iter().find(|name| self.slots().contains_key(*name)) {
            return Err(HandOverError::Subscribed { subscription: name.to_owned() });
        }
        if let Some(name) = [from, to].into_iter().find(|name| is_reserved(name)) {
            return Err(HandOverError::ReservedName { subscription: name.to_owned() });
        }
        let Some(owners) = self.checkpoints.owners() else { return Err(HandOverError::Unsupported { subscription }) };
        match owners.hand_over(from, to).await {
            Ok(HandedOver::Yes) => Ok(()),
            Ok(HandedOver::Missing) => Err(HandOverError::Missing { subscription }),
            Ok(HandedOver::Exists) => Err(HandOverError::Exists { subscription: to.to_owned() }),
            Ok(HandedOver::Held { owner }) => Err(HandOverError::Held { subscription, owner }),
            Err(source) => Err(HandOverError::Checkpoint { subscription, source }),
        }
    }

    /// What the subscription `name` tells of itself.
    ///
    /// # Errors
    /// [`ManagerError::Unknown`].
    pub async fn status(&self, name: &str) -> Result<SubscriptionStatus, ManagerError> {
        Ok(self.slot(name)?.status().await)
    }

    /// The events that the subscription `name` could not apply: list, retry or dismiss them.
    ///
    /// # Errors
    /// [`ManagerError::Unknown`].
    pub fn dead_letters(&self, name: &str) -> Result<DeadLetters, ManagerError> {
        let slot = self.slot(name)?;
        Ok(DeadLetters::new(Arc::clone(&slot.core), slot))
    }

    /// Builds the read model of the subscription `name` anew, in place: see
    /// [`SubscriptionHandle::rebuild`](crate::subscription::SubscriptionHandle::rebuild).
    ///
    /// # Errors
    /// [`RebuildError`]; nothing was changed.
    pub async fn rebuild(&self, name: &str) -> Result<Rebuild, RebuildError> {
        self.begin_rebuild(name, RebuildKind::InPlace).await
    }

    /// Builds the read models of the subscription `name` anew, beside those that serve: see
    /// [`SubscriptionHandle::rebuild_side_by_side`](crate::subscription::SubscriptionHandle::rebuild_side_by_side).
    ///
    /// # Errors
    /// [`RebuildError`]; nothing was changed.
    pub async fn rebuild_side_by_side(&self, name: &str) -> Result<Rebuild, RebuildError> {
        self.begin_rebuild(name, RebuildKind::SideBySide).await
    }

    async fn begin_rebuild(&self, name: &str, kind: RebuildKind) -> Result<Rebuild, RebuildError> {
        let slot = self.slot(name)?;
        let tracked = slot.rebuild(kind).await?;
        Ok(Rebuild::new(Arc::clone(&slot.core), slot, tracked))
    }

    pub(super) fn slot(&self, name: &str) -> Result<Arc<SupervisedSubscription<C>>, ManagerError> {
        let slots = self.slots();
        slots.get(name).cloned().ok_or_else(|| ManagerError::Unknown {
            subscription: name.to_owned(),
            known: slots.keys().cloned().collect(),
        })
    }
}
