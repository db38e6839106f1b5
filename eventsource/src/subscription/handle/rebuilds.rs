//! Resets and rebuilds a projection.

use std::sync::Arc;

use super::SubscriptionHandle;
use super::rebuild::Rebuild;
use crate::event::now;
use crate::projection::operations::Pause;
use crate::subscription::requests::Rebuilding;
use crate::subscription::{RebuildError, ResetError};

impl<P> SubscriptionHandle<P> {
    /// Empties the read model and clears the checkpoint, in one transaction
    /// ([rebuilds lose nothing](crate::guarantees#rebuilds-lose-nothing)).
    ///
    /// Calls the truncate hook of the projection: its method marked `#[truncate]`, or the one that
    /// `#[projection(read_models(…))]` generates, which deletes all rows with one
    /// statement for each table; readers see the old rows until the commit. The next start begins where
    /// [`SubscriptionConfig`](crate::subscription::SubscriptionConfig) says, and an effects projection then repeats its effects. Dead
    /// letters are removed, and the tables have no owner any more. To empty and replay a running subscription, use
    /// [`rebuild`](Self::rebuild).
    ///
    /// It also accepts a subscription that is refused or faulted. It needs no lease: if another process runs the
    /// subscription, that process is fenced, and applies all events again from the start. So stop the subscription in
    /// every process first.
    ///
    /// # Errors
    /// - [`ResetError::Running`] while the subscription runs in this process, also if it is paused or a standby: call
    ///   [`stop_one`](crate::subscription::SubscriptionManager::stop_one), or stop the manager, first.
    /// - [`ResetError::NoTruncateHook`] if the projection has neither a method marked `#[truncate]` nor declared read
    ///   models, and its state in memory cannot be copied or restored: add one of them.
    /// - [`ResetError::Truncate`] if the hook fails: correct it and reset again.
    /// - [`ResetError::Checkpoint`] if the checkpoint store fails, or refuses to replace a table whose columns have
    ///   changed. The source says what to do.
    /// - [`ResetError::Commit`] if the commit fails: reset again.
    ///
    /// The stored rows and the checkpoint are unchanged after an error, but an unfinished side-by-side rebuild may be
    /// dropped. After `Truncate` and `Commit`, the state of a memory projection is unknown: it does not start before a
    /// reset or a rebuild has succeeded.
    ///
    /// # Examples
    /// ```
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let store = MemoryEventStore::new();
    /// # let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
    /// # let orders = manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
    /// # manager.start().await?;
    /// manager.stop().await?;
    /// orders.reset().await?;
    /// manager.start().await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn reset(&self) -> Result<(), ResetError> {
        self.slot.reset().await
    }

    /// Rebuilds the read model in place: empties it and clears the checkpoint in one transaction, and replays the log.
    ///
    /// Starts the subscription if it does not run, also a faulted or refused one. Returns when the replay has begun.
    /// Await the returned [`Rebuild`] to wait for the end: the replay has then passed the end that the log had at its
    /// start.
    ///
    /// A rebuild that a stop or a crash interrupts continues at the next start. Dead letters are removed, and their
    /// events are applied again. Readers see the read model grow. An effects projection repeats every effect.
    ///
    /// It needs a way to empty the read model:
    ///
    /// | kind | one of these |
    /// | --- | --- |
    /// | transactional | a method marked `#[truncate]`, or declared read models (`read_models(…)`) |
    /// | memory | a method marked `#[truncate]`, or `Clone` if the state is not behind a lock or an `Arc` |
    /// | durable memory | nothing: the serialised first state is restored |
    /// | effects | a method marked `#[truncate]` |
    ///
    /// # Errors
    /// The read model and the checkpoint are unchanged after each error.
    /// - [`RebuildError::NoTruncateHook`]: add what the table says, or rebuild side by side.
    /// - [`RebuildError::Truncate`]: the hook failed, or its changes could not be committed. Correct the hook. The
    ///   state of a memory projection is unknown then: the subscription stops, and a reset or a rebuild is needed.
    /// - [`RebuildError::StartsAtEnd`]: the subscription starts at the end of the log, so there is nothing to replay.
    /// - [`RebuildError::Failed`]: the database refuses to replace a table whose columns have changed. The error says
    ///   why.
    /// - [`RebuildError::NotRunning`]: it is paused, another process owns it, or it ended before it could begin. Resume
    ///   it, ask the owner, or do what the state says.
    /// - [`RebuildError::Manager`]: there is no tokio runtime, or a handler of the subscription asked.
    ///
    /// An unfinished side-by-side rebuild is dropped, also before `Truncate` and `Failed`.
    ///
    /// # Examples
    /// ```
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let store = MemoryEventStore::new();
    /// # let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
    /// # let orders = manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
    /// # manager.start().await?;
    /// let rebuild = orders.rebuild().await?;
    /// println!("{}", rebuild.progress().await);
    /// rebuild.await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn rebuild(&self) -> Result<Rebuild, RebuildError> {
        self.begin_rebuild(Rebuilding::InPlace).await
    }

    /// Rebuilds the declared read models in new tables, while the present ones serve, and switches in one transaction.
    ///
    /// The new tables have a checkpoint of their own, and the names of the present ones with the suffix `__next`. The
    /// present ones stay current until the switch. The database needs the space for both. Starts the subscription if it
    /// does not run. If a side-by-side rebuild is already under way, returns that one.
    ///
    /// A reader sees either all of the present generation or all of the new one, also after a crash at any moment. An
    /// unfinished rebuild continues at the next start. The tables are created as their models describe them. The switch
    /// creates again the indexes, triggers and grants that users have added, and logs a warning for each that it cannot
    /// create. The [deployment](crate::guide::deployment) guide lists what is created again on which database.
    ///
    /// # Errors
    /// Nothing was changed after each error.
    /// - [`RebuildError::NoReadModels`]: the projection declares no read models. Declare them, or rebuild in place.
    /// - [`RebuildError::NoGenerations`]: the checkpoint store cannot do it, for example the one in memory. Rebuild in
    ///   place.
    /// - [`RebuildError::StartsAtEnd`]: the subscription starts at the end of the log, so there is nothing to replay.
    /// - [`RebuildError::Failed`]: an object depends on a table, for example a view; or the read model is being rebuilt
    ///   in place; or a newer program is building it side by side. The error says which.
    /// - [`RebuildError::NotRunning`]: it is paused, another process owns it, or it ended before it could begin. Resume
    ///   it, ask the owner, or do what the state says.
    /// - [`RebuildError::Manager`]: there is no tokio runtime, or a handler of the subscription asked.
    ///
    /// The returned [`Rebuild`] ends with `Failed` if the database refuses the switch. The present generation then
    /// continues to serve.
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
    /// # let orders = manager.subscribe(Orders, SubscriptionConfig::from_beginning()).await?;
    /// # manager.start().await?;
    /// let position = orders.rebuild_side_by_side().await?.await?;
    /// println!("the new read model serves, at position {position}");
    /// # manager.stop().await?;
    /// # db.close().await;
    /// # std::fs::remove_file(path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn rebuild_side_by_side(&self) -> Result<Rebuild, RebuildError> {
        self.begin_rebuild(Rebuilding::SideBySide { hold: None }).await
    }

    /// Does what [`rebuild_side_by_side`](Self::rebuild_side_by_side) does, and holds the new tables: they follow the log,
    /// and serve only after [`Rebuild::switch`]. So you can look at the new rows first, in the tables with the suffix
    /// `__next`.
    ///
    /// The hold is stored next to the checkpoint: it outlives restarts and takeovers, and operators see `reason`. If a
    /// side-by-side rebuild is already under way, that one is held from now on. A [cancel](Rebuild::cancel) removes the
    /// hold and the new tables.
    ///
    /// # Errors
    /// Those of [`rebuild_side_by_side`](Self::rebuild_side_by_side).
    ///
    /// # Examples
    /// ```no_run
    /// # use eventsource::prelude::*;
    /// # async fn hold(orders: SubscriptionHandle<()>) -> Result<(), Box<dyn std::error::Error>> {
    /// let rebuild = orders.rebuild_and_hold("compare the totals first").await?;
    /// // … compare `orders__next` with `orders` …
    /// rebuild.switch().await?;
    /// rebuild.await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn rebuild_and_hold(&self, reason: impl Into<String>) -> Result<Rebuild, RebuildError> {
        let hold = Pause::new(&*self.core.owner, reason, now());
        self.begin_rebuild(Rebuilding::SideBySide { hold: Some(hold) }).await
    }

    /// Returns the unfinished rebuild of either kind, if there is one. An earlier process or another caller may have
    /// begun it. On a standby it is the rebuild that was unfinished when the projection was subscribed, and it does not
    /// move.
    ///
    /// ```
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let store = MemoryEventStore::new();
    /// # let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
    /// # let orders = manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
    /// # manager.start().await?;
    /// if let Some(rebuild) = orders.unfinished_rebuild() {
    ///     println!("{}", rebuild.progress().await);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn unfinished_rebuild(&self) -> Option<Rebuild> {
        let tracked = self.core.rebuilds.unfinished()?;
        Some(Rebuild::new(Arc::clone(&self.core), Arc::clone(&self.slot), tracked))
    }

    async fn begin_rebuild(&self, how: Rebuilding) -> Result<Rebuild, RebuildError> {
        let tracked = self.slot.rebuild(how).await?;
        Ok(Rebuild::new(Arc::clone(&self.core), Arc::clone(&self.slot), tracked))
    }
}
