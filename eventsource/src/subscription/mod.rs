//! Runs projections as subscriptions: starts them, waits for them, reports on them and repairs them.
//!
//! A subscription is a projection with a name, a position in the log and a state. It reads the log, applies each event
//! that the projection handles, and stores its position together with the effects ([exactly
//! once](crate::guarantees#exactly-once)). A [`SubscriptionManager`] runs the subscriptions of one process.
//!
//! ```standalone_crate
//! # #[cfg(feature = "macros")]
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! use eventsource::prelude::*;
//! use eventsource::subscription::{FailurePolicy, HealthLimits, SubscriptionState};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize, DomainEvent)]
//! #[event(aggregate = "Order")]
//! struct OrderPlaced { total: u64 }
//!
//! #[derive(Clone, Default)]
//! struct Revenue { total: u64 }
//!
//! #[projection]
//! impl Revenue {
//!     #[handles(OrderPlaced)]
//!     fn placed(&mut self, event: &OrderPlaced) -> Result<(), HandlerError> {
//!         if event.total == 0 {
//!             return Err(HandlerError::permanent("an order without a total"));
//!         }
//!         self.total += event.total;
//!         Ok(())
//!     }
//! }
//!
//! // 1. Subscribe, then start. `start` returns at once.
//! let store = MemoryEventStore::new();
//! let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
//! let config = SubscriptionConfig::from_beginning().on_failure(FailurePolicy::DeadLetter);
//! let revenue = manager.subscribe(Revenue::default(), config).await?;
//! manager.start().await?;
//!
//! // 2. Read your own write: wait for the position that the append returned, then read the projection.
//! let paid = StreamId::new("Order", uuid::Uuid::now_v7());
//! let order = NewEvent::of(&OrderPlaced { total: 150 })?;
//! let stored = store.append(&paid, ExpectedVersion::NoStream, vec![order]).await?;
//! revenue.wait_for(stored.position()).await?;
//! assert_eq!(revenue.read().await.total, 150);
//!
//! // 3. An event that cannot be applied becomes a dead letter. The other streams go on.
//! let free = StreamId::new("Order", uuid::Uuid::now_v7());
//! let order = NewEvent::of(&OrderPlaced { total: 0 })?;
//! store.append(&free, ExpectedVersion::NoStream, vec![order]).await?;
//! revenue.caught_up().await?;
//! let letters = revenue.dead_letters();
//! for letter in letters.list().await? {
//!     println!("{letter}");
//!     letters.dismiss(letter.position, "free orders do not count").await?;
//! }
//!
//! // 4. Ask how the subscription is, and what a readiness probe would answer.
//! let status = revenue.status().await;
//! assert!(matches!(status.state, SubscriptionState::Live), "{}", status.state);
//! assert!(manager.probe(HealthLimits::default()).ready);
//!
//! // 5. Stop: each subscription ends between two batches, with everything saved.
//! manager.stop().await?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! # What to use when
//!
//! - **The whole process: [`SubscriptionManager`].** It subscribes, starts and stops. A service calls
//!   [`run_until_signal`](SubscriptionManager::run_until_signal), or [`run_until`](SubscriptionManager::run_until)
//!   around its web server. An operator's endpoint, which knows a subscription only by its name, calls
//!   [`statuses`](SubscriptionManager::statuses), [`pause`](SubscriptionManager::pause),
//!   [`dead_letters`](SubscriptionManager::dead_letters) and [`rebuild`](SubscriptionManager::rebuild) on the manager.
//! - **One subscription in code: [`SubscriptionHandle`].** It knows the type of the projection. It reads its state,
//!   waits, resets and rebuilds.
//! - **Other than the defaults: [`SubscriptionConfig`].** Where to start, the size of a batch, retries
//!   ([`RetryPolicy`]), what to do with an event that fails ([`FailurePolicy`]), and what to do after the projection
//!   has changed ([`OnChange`]).
//! - **Read your own write: [`Wait`].** [`wait_for`](SubscriptionHandle::wait_for) waits for one event, and fails if
//!   that event is a dead letter. [`caught_up`](SubscriptionHandle::caught_up) waits for the present end of the log:
//!   use it in tests and before a service accepts requests. Give a wait a deadline with [`within`](Wait::within).
//! - **An event failed: [`DeadLetters`].** Fix the handler, deploy, and [`retry_all`](DeadLetters::retry_all). Or
//!   [`dismiss`](DeadLetters::dismiss) an event that will never apply.
//! - **The read model is wrong or has a new shape: [`Rebuild`].** [`rebuild`](SubscriptionHandle::rebuild) empties it
//!   first, and readers see it grow. [`rebuild_side_by_side`](SubscriptionHandle::rebuild_side_by_side) keeps the
//!   present one until the next one is complete. [`reset`](SubscriptionHandle::reset) only empties it.
//! - **Probes and dashboards: [`Health`] and [`SubscriptionStatus`].** [`probe`](SubscriptionManager::probe) answers an
//!   orchestrator without asking a store. [`statuses`](SubscriptionManager::statuses) asks the stores and tells an
//!   operator each state, its reason and the lag ([nothing is silent](crate::guarantees#nothing-is-silent)).

mod catalogue;
mod config;
mod dead_letters;
mod erased;
mod error;
mod handle;
mod heads;
mod health;
mod in_memory;
mod inside;
mod inspect;
mod log;
mod manager;
mod progress;
mod rebuild;
mod rebuilds;
mod recognise;
mod report;
mod requests;
mod runner;
mod state;
mod status;
mod subscribe;
mod subscription_shared;
mod supervised;
mod transitions;
mod unknown_types;
mod wait;

pub use config::{
    FailureLimit, FailurePolicy, InvalidOption, OnChange, RetryPolicy, StartFrom, SubscriptionConfig, UnknownEvents,
};
pub use dead_letters::{DeadLetterError, DeadLetters, LetterSelection, RetryReport};
pub use error::{HandOverError, InsideHandler, ManagerError, RebuildError, ResetError, SubscribeError, WaitError};
pub use handle::{SubscriptionHandle, View};
pub use health::{Health, HealthLimits};
pub use manager::SubscriptionManager;
#[cfg(feature = "signals")]
pub use manager::{Shutdown, Signal, shutdown_signal};
pub use rebuild::{Rebuild, RebuildKind, RebuildProgress};
pub use state::{Failure, StopReason, SubscriptionState};
pub use status::{Lag, SubscriptionStatus};
pub use subscribe::Subscribe;
pub use wait::Wait;
