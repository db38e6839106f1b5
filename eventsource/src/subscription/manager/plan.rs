//! Plans: what the subscriptions of a manager would do to the database.

use std::sync::Arc;

use super::SubscriptionManager;
use crate::event::StreamId;
use crate::projection::CheckpointStore;
use crate::subscription::plan::{
    DryRun, DryRunReport, Estimates, Part, Plan, PlanError, Planner, StepError, Steps, TrialProgress, VerifyError,
    VerifyReport,
};

impl<C: CheckpointStore> SubscriptionManager<C> {
    /// Lets the manager only plan. It takes projections without looking at their checkpoints, so it never refuses one
    /// because of what is stored, and changes nothing in the database. It runs nothing:
    /// [`start`](Self::start) fails with [`ManagerError::OnlyPlans`](crate::subscription::ManagerError::OnlyPlans). Call it
    /// before the first projection is subscribed. See [`plan`](crate::subscription::plan) for an example.
    #[must_use]
    pub const fn planning(mut self) -> Self {
        self.only_plans = true;
        self
    }

    /// Returns what the subscriptions of this manager would do to the database if they were started: which are new,
    /// continue, are rebuilt or are refused. Changes nothing.
    ///
    /// It compares [fingerprints](crate::projection::fingerprint()). A handler whose code has changed has the same
    /// fingerprint. A rebuild in place is planned also if the projection has no truncate hook, which is found when the
    /// rebuild begins.
    ///
    /// # Errors
    /// [`PlanError`] if the database does not answer: repeat it.
    ///
    /// # Examples
    /// ```
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let manager =
    /// #     SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new()).planning();
    /// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
    /// # manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
    /// use eventsource::subscription::plan::Estimates;
    ///
    /// for planned in manager.plan(Estimates::Sampled).await?.subscriptions {
    ///     println!("{}: {}", planned.name, planned.action.name());
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn plan(&self, estimates: Estimates) -> Result<Plan, PlanError> {
        self.planner().plan(estimates).await
    }

    /// Runs the handlers of the subscriptions over the real log, and keeps nothing. Returns the events that would fail.
    ///
    /// - A *transactional* projection writes to new, empty tables that exist only in a transaction, which is rolled back. On
    ///   SQLite this is a temporary database, so that no writer of the file waits. On PostgreSQL the transaction stays open
    ///   until the projection is tried: as any long transaction, it keeps the server from removing old rows. A projection
    ///   whose handlers write through a connection, or to tables that it does not declare, is not tried.
    /// - A *memory* or *durable memory* projection begins with its state as it was subscribed.
    /// - The handlers of an *effects* projection are not called. It is tried whether the events can be decoded.
    ///
    /// After an event has failed, the later events of its stream are held back, as behind a dead letter. A handler's transient
    /// failure is tried three times. To stop it, drop the future.
    ///
    /// # Errors
    /// [`PlanError::NotPlanning`] if the manager was not created for [planning](Self::planning): the state of its memory
    /// projections is in use. Otherwise [`PlanError`] if the database does not answer: repeat it.
    ///
    /// # Examples
    /// ```
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let manager =
    /// #     SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new()).planning();
    /// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
    /// # manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
    /// use eventsource::subscription::plan::DryRun;
    ///
    /// let report = manager.dry_run(&DryRun::last(10_000)).await?;
    /// for tried in report.failed() {
    ///     println!("{}: {} events would fail", tried.name, tried.failed);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn dry_run(&self, options: &DryRun) -> Result<DryRunReport, PlanError> {
        match self.only_plans {
            true => self.planner().dry_run(options).await,
            false => Err(PlanError::NotPlanning),
        }
    }

    /// Compares the read model of the subscription `name` with its log: builds it again from the log in a trial, up to the
    /// position of the live checkpoint, and compares each row. Changes nothing, and needs no place to clean up. Calls
    /// `progress` after each page of the log.
    ///
    /// The owner goes on meanwhile. Its rows are compared as they are at one time, and the log is applied up to exactly the
    /// position of that time. Events that are dead letters, wait behind one, or were dismissed, are left out. All columns are
    /// compared, also the version and the times of a row. A letter that was retried was applied after later events of other
    /// streams: a row that depends on that order differs.
    ///
    /// The trial is the one of a [dry run](Self::dry_run), with its costs. To stop it, drop the future.
    ///
    /// # Errors
    /// - [`VerifyError::Unknown`] if there is no such subscription.
    /// - [`VerifyError::Refused`] if it has no declared read models, no checkpoint, or the checkpoint of another version.
    /// - [`VerifyError::Changed`] if it was rebuilt meanwhile: repeat it.
    /// - [`VerifyError::Database`] if the database does not answer: repeat it.
    ///
    /// # Examples
    /// ```
    /// # use eventsource::prelude::*;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let manager = SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// use eventsource::subscription::plan::VerifyError;
    ///
    /// match manager.verify("orders", |progress| println!("at position {}", progress.at)).await {
    ///     Ok(report) => println!("equal: {}", report.is_equal()),
    ///     Err(VerifyError::Unknown { known, .. }) => println!("there are {known:?}"),
    ///     Err(error) => println!("{error}"),
    /// }
    /// # });
    /// ```
    pub async fn verify(
        &self,
        name: &str,
        progress: impl Fn(&TrialProgress<'_>) + Send + Sync,
    ) -> Result<VerifyReport, VerifyError> {
        self.planner().verify(name, &progress).await
    }

    /// Applies the events of `stream` to the projection of the subscription `name`, one by one, and returns what each of up
    /// to `limit` events after the version `after` changes: the rows of its read models, or its state in memory. Changes
    /// nothing. `limit` is from 1 to 50.
    ///
    /// The events up to `after` are applied first, at most 10,000. Only the events of this stream are applied: a handler
    /// that needs what other streams have written finds nothing, and can fail. A failed event changes nothing, and the
    /// next one is applied as if the failed one was dismissed.
    ///
    /// - A *transactional* projection writes to new, empty tables, as in a [dry run](Self::dry_run). Steps end at a table of
    ///   more than 500 rows.
    /// - A *memory* or *durable memory* projection is copied as it was subscribed
    ///   ([`pristine`](crate::projection::Subscriber::pristine)), and its state is shown if its type is `Serialize` or `Debug`.
    /// - The handlers of an *effects* projection are not called: it has no steps.
    ///
    /// It takes at most 4 s, and the states have at most 4 MiB together. To stop it, drop the future.
    ///
    /// # Errors
    /// - [`StepError::Unknown`] if there is no such subscription.
    /// - [`StepError::NotTried`] if its handlers cannot be called without a change.
    /// - [`StepError::TooFar`] and [`StepError::TooSlow`] if there are too many events before the first step.
    /// - [`StepError::Database`] if the database does not answer: repeat it.
    ///
    /// # Examples
    /// ```
    /// # use eventsource::prelude::*;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let manager = SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// use eventsource::subscription::plan::StepError;
    ///
    /// let stream = StreamId::new("Order", uuid::Uuid::nil());
    /// match manager.steps("orders", &stream, 0, 50).await {
    ///     Ok(steps) => steps.steps.iter().for_each(|step| println!("{}: {:?}", step.version, step.changes)),
    ///     Err(StepError::Unknown { known, .. }) => println!("there are {known:?}"),
    ///     Err(error) => println!("{error}"),
    /// }
    /// # });
    /// ```
    pub async fn steps(&self, name: &str, stream: &StreamId, after: u64, limit: usize) -> Result<Steps, StepError> {
        self.planner().steps(name, stream, after, limit).await
    }

    fn planner(&self) -> Planner<C> {
        let parts = self
            .all()
            .into_iter()
            .map(|slot| Part { core: Arc::clone(&slot.core), subscriber: Arc::clone(&slot.subscriber) });
        Planner {
            store: Arc::clone(&self.store),
            checkpoints: Arc::clone(&self.checkpoints),
            catalogue: Arc::clone(&self.catalogue),
            parts: parts.collect(),
        }
    }
}
