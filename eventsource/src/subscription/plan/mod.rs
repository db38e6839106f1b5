//! What a program would do to a database, before it is deployed.
//!
//! A manager that only plans ([`ManagerBuilder::planning`](crate::subscription::ManagerBuilder::planning)) takes the same
//! projections as the one that runs, and changes nothing. [`plan`](crate::SubscriptionManager::plan) compares them with
//! the checkpoints in the database: which projection is new, continues, is rebuilt or is refused, and for about how long.
//!
//! ```
//! # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
//! # use eventsource::prelude::*;
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! # let (store, checkpoints) = (MemoryEventStore::new(), MemoryCheckpoints::new());
//! # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
//! use eventsource::subscription::plan::Estimates;
//!
//! let manager = SubscriptionManager::new(store, MemoryEventBus::new(), checkpoints).planning();
//! manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
//! let plan = manager.plan(Estimates::None).await?;
//! assert!(plan.refused().next().is_none(), "this program can be deployed");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! [`dry_run`](crate::SubscriptionManager::dry_run) then runs the handlers over the real log, and keeps nothing: it lists the
//! events that would fail. [`verify`](crate::SubscriptionManager::verify) compares a read model with its log, and
//! [`steps`](crate::SubscriptionManager::steps) shows what each event of one stream changes.

mod change;
mod dry_run;
mod error;
mod estimate;
mod failed_event;
mod look;
mod make;
mod planned;
mod progress;
mod steps;
mod trial_run;
mod types;
mod verify;

pub use self::change::FingerprintChange;
pub use self::dry_run::{DryRun, DryRunReport, TrialOutcome, TriedSubscription};
pub use self::error::PlanError;
pub use self::estimate::{Estimate, EstimateBy, Estimates};
pub use self::failed_event::FailedEvent;
pub(super) use self::look::{Part, Planner};
pub use self::planned::{Plan, PlannedAction, PlannedSubscription, StoredOnly};
pub use self::progress::TrialProgress;
pub use self::steps::{
    RowChange, RowChangeKind, Step, StepChanges, StepError, StepOutcome, StepState, Steps, ValueChange,
};
pub use self::verify::{VerifyError, VerifyReport};
