//! Repairs one subscription by its name: its dead letters, rebuilds, and the checkpoint of another name.

use std::sync::Arc;

use super::SubscriptionManager;
use crate::projection::generation::is_reserved;
use crate::projection::{CheckpointStore, HandedOver};
use crate::subscription::handle::subscription_control::SubscriptionControl as _;
use crate::subscription::{DeadLetters, HandOverError, ManagerError, Rebuild, RebuildError, RebuildKind};

impl<C: CheckpointStore> SubscriptionManager<C> {
    /// Renames a subscription from `from` to `to`: its checkpoint, its dead letters, its snapshot and the ownership of
    /// its tables, in one transaction. The checkpoint stores in memory, of SQLite and of PostgreSQL support it.
    ///
    /// Call it before you subscribe the projection under its new name, and while no process runs it under the old one.
    /// A projection of which only the name has changed then continues where it was, because the stored
    /// [fingerprint](crate::projection::fingerprint()), a text that begins with the name of the projection, is renamed
    /// too.
    ///
    /// # Errors
    /// Nothing was changed after each error.
    /// - [`HandOverError::Missing`]: `from` has no checkpoint. An earlier call may have renamed it: then go on. A wrong
    ///   name looks the same: [`CheckpointStore::list`] returns the names that exist.
    /// - [`HandOverError::Exists`]: `to` already has a checkpoint. Choose another name, or reset that subscription.
    /// - [`HandOverError::Held`]: a process runs the subscription. Stop it there first.
    /// - [`HandOverError::Subscribed`]: this manager has a subscription with one of the names. Call this before
    ///   [`subscribe`](Self::subscribe).
    /// - [`HandOverError::ReservedName`]: one of the names ends with `~next` or `__next`. Choose another name.
    /// - [`HandOverError::Unsupported`]: the checkpoint store has no table owners.
    /// - [`HandOverError::Checkpoint`]: the checkpoint store failed, possibly after the rename. Call it again:
    ///   `Missing` then means that it is done.
    ///
    /// # Examples
    /// ```standalone_crate
    /// # #[cfg(feature = "macros")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # use eventsource::prelude::*;
    /// use eventsource::subscription::HandOverError;
    ///
    /// # let manager =
    /// #     SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// match manager.hand_over("orders", "shop-orders").await {
    ///     Ok(()) => println!("`shop-orders` continues where `orders` was"),
    ///     // It was handed over by an earlier start.
    ///     Err(HandOverError::Missing { .. }) => {}
    ///     Err(error) => return Err(error.into()),
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn hand_over(&self, from: &str, to: &str) -> Result<(), HandOverError> {
        let subscription = from.to_owned();
        // The lock prevents that one of the names is subscribed in between.
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

    /// Returns the dead letters of the subscription `name`: list, retry or dismiss them. Every process can list them;
    /// only the owner can retry and dismiss.
    ///
    /// # Errors
    /// [`ManagerError::Unknown`] if there is no such subscription.
    ///
    /// # Examples
    /// ```
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let store = MemoryEventStore::new();
    /// # let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
    /// # manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
    /// # manager.start().await?;
    /// let report = manager.dead_letters("orders")?.retry_all().await?;
    /// println!("{} applied", report.applied);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn dead_letters(&self, name: &str) -> Result<DeadLetters, ManagerError> {
        let slot = self.slot(name)?;
        Ok(DeadLetters::new(Arc::clone(&slot.core), slot))
    }

    /// Rebuilds the read model of the subscription `name` in place: see
    /// [`SubscriptionHandle::rebuild`](crate::subscription::SubscriptionHandle::rebuild).
    ///
    /// # Errors
    /// Those of [`SubscriptionHandle::rebuild`](crate::subscription::SubscriptionHandle::rebuild), and
    /// [`ManagerError::Unknown`] inside [`RebuildError::Manager`] if there is no such subscription.
    ///
    /// # Examples
    /// ```
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let store = MemoryEventStore::new();
    /// # let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
    /// # manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
    /// # manager.start().await?;
    /// let rebuild = manager.rebuild("orders").await?;
    /// println!("{}", rebuild.progress().await);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn rebuild(&self, name: &str) -> Result<Rebuild, RebuildError> {
        self.begin_rebuild(name, RebuildKind::InPlace).await
    }

    /// Rebuilds the read models of the subscription `name` in new tables, while the present ones serve: see
    /// [`SubscriptionHandle::rebuild_side_by_side`](crate::subscription::SubscriptionHandle::rebuild_side_by_side).
    ///
    /// # Errors
    /// Those of
    /// [`SubscriptionHandle::rebuild_side_by_side`](crate::subscription::SubscriptionHandle::rebuild_side_by_side), and
    /// [`ManagerError::Unknown`] inside [`RebuildError::Manager`] if there is no such subscription.
    ///
    /// # Examples
    /// ```standalone_crate
    /// # #[cfg(all(feature = "macros", feature = "sqlite"))]
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # use eventsource::prelude::*;
    /// # use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase, SqliteEventStore, SqliteReadModels};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Order")]
    /// # struct OrderPlaced { total: u64 }
    /// # #[derive(ReadModel)]
    /// # #[read_model(table = "orders")]
    /// # struct OrderRow { #[read_model(id)] id: uuid::Uuid, total: u64 }
    /// # struct Orders;
    /// # #[projection(name = "orders", read_models(OrderRow))]
    /// # impl Orders {
    /// #     #[handles(OrderPlaced)]
    /// #     async fn placed(
    /// #         &self,
    /// #         event: &Event<OrderPlaced>,
    /// #         rows: &mut Repository<OrderRow>,
    /// #     ) -> Result<(), ReadModelError> {
    /// #         rows.save(OrderRow { id: event.aggregate_id(), total: event.total }).await
    /// #     }
    /// # }
    /// # let path = std::env::temp_dir().join(format!("eventsource-doc-{}.db", uuid::Uuid::now_v7()));
    /// # let db = SqliteDatabase::open(&path).await?;
    /// # let checkpoints = SqliteCheckpoints::new(&db);
    /// # SqliteReadModels::new(&db).create_table::<OrderRow>().await?;
    /// # let manager = SubscriptionManager::new(SqliteEventStore::new(&db), MemoryEventBus::new(), checkpoints);
    /// # manager.subscribe(Orders, SubscriptionConfig::from_beginning()).await?;
    /// # manager.start().await?;
    /// let rebuild = manager.rebuild_side_by_side("orders").await?;
    /// println!("{}", rebuild.progress().await);
    /// rebuild.await?;
    /// # manager.stop().await?;
    /// # db.close().await;
    /// # std::fs::remove_file(path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn rebuild_side_by_side(&self, name: &str) -> Result<Rebuild, RebuildError> {
        self.begin_rebuild(name, RebuildKind::SideBySide).await
    }

    async fn begin_rebuild(&self, name: &str, kind: RebuildKind) -> Result<Rebuild, RebuildError> {
        let slot = self.slot(name)?;
        let tracked = slot.rebuild(kind.into()).await?;
        Ok(Rebuild::new(Arc::clone(&slot.core), slot, tracked))
    }
}
