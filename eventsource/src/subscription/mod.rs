//! Runs projections as subscriptions: starts them, waits for them, reports on them and repairs them.
//!
//! A subscription is a projection that runs: it has a name, a position in the log and a [state](SubscriptionState). It
//! reads the log, applies the events that the projection handles, one after the other, and stores its position. For
//! transactional and durable memory projections, the position is stored together with the effects ([exactly
//! once](crate::guarantees#exactly-once)). The guide [to the kinds](crate::guide::kinds) says what holds for the other
//! two.
//!
//! A [`SubscriptionManager`] runs the subscriptions of one process. [`subscribe`](SubscriptionManager::subscribe)
//! returns a handle; nothing runs before [`start`](SubscriptionManager::start). A projection that is subscribed after
//! the start runs at once.
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
//! revenue.wait_for(&stored).await?;
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
//! let status = revenue.inspect().await;
//! assert!(matches!(status.state, SubscriptionState::Live), "{}", status.state);
//! assert!(manager.health(HealthLimits::default()).ready);
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
//!   [`inspect_all`](SubscriptionManager::inspect_all), [`pause`](SubscriptionManager::pause),
//!   [`dead_letters`](SubscriptionManager::dead_letters) and [`rebuild`](SubscriptionManager::rebuild) on the manager.
//! - **One subscription in code: [`SubscriptionHandle`].** It knows the type of the projection. It reads the
//!   projection, waits, pauses, restarts, resets and rebuilds.
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
//! - **Probes and pages: [`Health`] and [`SubscriptionSnapshot`].** [`health`](SubscriptionManager::health) answers an
//!   orchestrator, and [`snapshots`](SubscriptionManager::snapshots) a page that is often reloaded. Neither asks a store.
//!   [`watch`](SubscriptionManager::watch) yields each change of a state.
//! - **Metrics: [`Observer`].** It is told of each batch, failure and state. `eventsource::metrics` (feature `metrics`) is
//!   one, and [`Recent`] remembers the last hour.
//! - **Before a deployment: [`plan`].** It says which projections would be new, rebuilt or refused.
//! - **Operators: [`SubscriptionStatus`].** [`inspect_all`](SubscriptionManager::inspect_all) asks the stores and tells each
//!   state, its reason and the lag ([nothing is silent](crate::guarantees#nothing-is-silent)).
//!
//! # Words
//!
//! | word | meaning |
//! | --- | --- |
//! | page, batch | A page is what one read of the log returns. A batch is the part of a page that is applied at once, usually the whole page. |
//! | unit of work | The transaction of a batch: the effects and the checkpoint are committed together ([`UnitOfWork`](crate::UnitOfWork)). |
//! | runner | The task of a subscription. |
//! | applied | The handler has returned without an error, and its effects are kept. |
//! | passed | The position of the subscription is at or after the event. A passed event was applied, or the projection does not handle it, or it was skipped or dismissed, or a dead letter holds it back. |
//! | dead letter, parked | A dead letter is an event that could not be applied, kept with its error. Its stream is *parked*: the later events of the stream wait behind the letter. |
//! | fault | The subscription has stopped at an event ([`SubscriptionState::Faulted`]). |
//! | checkpoint, durable | The checkpoint is the stored position. It is *durable* for every kind of projection except *memory*. It lasts as long as the checkpoint store: [`MemoryCheckpoints`](crate::MemoryCheckpoints) lose it with the process. |
//! | fingerprint | The text by which a checkpoint recognises its projection ([`fingerprint`](crate::projection::fingerprint())). |
//! | truncate hook | The method marked `#[truncate]`, which empties the read model. `#[projection(read_models(…))]` generates it. |
//! | generation | One set of the tables of a projection, with its checkpoint. The *present* generation serves. A side-by-side rebuild fills the *next* one. |
//! | owner, lease, standby, epoch, fenced | See [several processes](#several-processes). |
//!
//! # What waits, and what stops
//!
//! One task applies all events of a subscription, so a delay holds back all its streams. Other subscriptions are not
//! affected.
//!
//! | cause | effect | until |
//! | --- | --- | --- |
//! | A handler fails, and is retried. | The subscription waits for the delays, by default 1.5 s at most for one event ([`RetryPolicy`]). | a call succeeds, or the [`FailurePolicy`] applies |
//! | The policy is `DeadLetter` (default). | The stream of the event is parked. | the letter is retried or dismissed ([`DeadLetters`]) |
//! | The policy is `Stop`; too many events fail ([`FailureLimit`]); a table is missing; a type is unknown ([`UnknownEvents::Fault`]). | The subscription stops as [`Faulted`](SubscriptionState::Faulted). | the cause is corrected, and [`start`](SubscriptionManager::start) or [`start_one`](SubscriptionManager::start_one) is called, or a [`RestartPolicy`] starts it again |
//! | A store does not answer, or a handler returns [`HandlerError::outage`](crate::HandlerError::outage). | The subscription is [`Waiting`](SubscriptionState::Waiting). | the store or the service is back |
//! | One event always looks like an outage, such as a statement that exceeds `statement_timeout`. | The subscription is [`Waiting`](SubscriptionState::Waiting), by default without a limit. | the statement succeeds, or [`outage_limit`](SubscriptionConfig::outage_limit) has passed |
//! | An event or the read model is newer than the program. | The subscription is [`Outdated`](SubscriptionState::Outdated). | a newer program has passed the event |
//! | The log went back, for example after a restore. | The subscription is [`Refused`](SubscriptionState::Refused). | the read model is rebuilt or restored |
//!
//! # Several processes
//!
//! Run the same program in several processes to have a standby. Each subscription with a durable checkpoint then has
//! one *owner*: the process that applies its events. The owner holds a *lease* on the checkpoint, 4 s by default
//! ([`lease`](SubscriptionConfig::lease)). A task of its own renews the lease, also while a handler runs. The other
//! processes are *standbys*: they apply nothing, and take over when the owner stops or its lease expires.
//!
//! Each takeover increases the *epoch*, a number in the checkpoint. An owner that hung still has the earlier epoch when
//! it continues: its commit fails, and nothing of it is stored. It is *fenced*, and becomes a standby.
//!
//! - One process applies all events of a subscription. A subscription cannot be divided over processes.
//! - A *memory* projection has no lease: each process applies all events to its own state.
//! - [`retry`](DeadLetters::retry), [`dismiss`](DeadLetters::dismiss) and [`rebuild`](SubscriptionHandle::rebuild) work
//!   in the owner only. On a standby they fail with `NotRunning`, whose state names the owner
//!   ([`SubscriptionState::Standby`]). Behind a load balancer, send the request to each process: one accepts it.
//! - [`pause`](SubscriptionManager::pause) and [`stop_one`](SubscriptionManager::stop_one) act in the process in which
//!   they are called. A stopped owner releases its lease, so a standby takes over.
//!
//! # In a web service
//!
//! [`SubscriptionManager`] is `Send` and `Sync`, and not `Clone`: put it into an [`Arc`](std::sync::Arc) to share it
//! with the handlers of requests. A [`SubscriptionHandle`] is `Clone`. Start the manager before the first request: a
//! wait before the start fails with [`WaitError::NotStarted`]. `shutdown_signal` (feature `signals`) shows how a server
//! and the subscriptions stop together.
//!
//! To append an event from a handler, write an *effects* projection that holds the event store or the repository. Its
//! handlers can be called again after a crash, so derive the ids of new events from the id of the handled one. A
//! handler must not wait for its own subscription: that fails with [`InsideHandler`].
//!
//! # What is logged
//!
//! The crate logs through `tracing`, with the path of the module as target (`eventsource::subscription::…`) and the
//! name of the subscription in the field `subscription`:
//!
//! | level | messages |
//! | --- | --- |
//! | error | it faulted, was refused, was fenced twice, or is outdated; an event became a dead letter or was skipped |
//! | warn | a retry, an outage, a fenced owner, a replay, an unknown event type |
//! | info | it started, stopped, stands by, was rebuilt or reset |
//! | debug | each change of the state |

mod action;
mod config;
mod erased;
mod error;
mod failure;
mod handle;
mod in_memory;
mod inside;
mod log;
mod manager;
mod observer;
pub mod plan;
mod rebuild;
mod report;
mod requests;
mod runner;
mod state;
mod status;
mod subscription_shared;

pub use action::{Action, UnknownAction};
pub use config::{
    FailureLimit, FailurePolicy, InvalidOption, OnChange, RestartPolicy, RetryPolicy, SubscriptionConfig, UnknownEvents,
};
pub use error::{
    DeadLetterError, HandOverError, InsideHandler, ManagerError, RebuildError, ResetError, SkipError, SubscribeError,
    WaitError,
};
pub use failure::{Failure, LastFailure, LetterSelection, RetryReport};
pub use handle::{DeadLetters, Rebuild, SubscriptionHandle, View, Wait, WaitTarget};
pub(crate) use log::recognise::lost;
pub(crate) use manager::Supervised;
pub use manager::{Backend, ManagerBuilder, Subscribe, SubscriptionManager};
#[cfg(feature = "signals")]
pub use manager::{Shutdown, Signal, shutdown_signal};
pub use observer::{
    AttemptFailed, BatchSeen, BatchSource, CommitFailure, CommitSeen, FailureKind, Generation, LeaseSeen, LeaseStep,
    LetterSeen, LetterStep, Observer, PageSeen, RebuildSeen, RebuildStep, Recent, RecentInterval, RequestAction,
    RequestSeen, StateSeen,
};
pub use rebuild::{RebuildKind, RebuildProgress};
pub use state::{StopReason, SubscriptionState};
pub use status::{
    Health, HealthLimits, Lag, Sample, SampledRebuild, SampledSubscription, Sampler, StateChanges, SubscriptionHealth,
    SubscriptionSnapshot, SubscriptionStatus,
};
