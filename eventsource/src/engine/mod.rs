//! Projections that are assembled at run time, from closures: [`ProjectionEngine`].
//!
//! `#[projection]` is checked by the compiler and is the usual way. Use an engine if the handlers are not known when
//! the program is compiled: a plug-in brings its own handlers, a report is configured, or a test needs a few lines.
//!
//! ```
//! # #[cfg(feature = "macros")]
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! use std::collections::BTreeMap;
//!
//! use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
//! use eventsource::prelude::*;
//! use serde::{Deserialize, Serialize};
//! use uuid::Uuid;
//!
//! #[derive(Serialize, Deserialize, DomainEvent)]
//! #[event(aggregate = "Account")]
//! struct MoneyDeposited { cents: u64 }
//!
//! let mut engine = ProjectionEngine::new("account-balance", MemoryProjectionStates::new())
//!     .with_state(BTreeMap::<Uuid, u64>::new())
//!     .update::<MoneyDeposited>(|balances, event| {
//!         *balances.entry(event.aggregate_id()).or_default() += event.cents;
//!     });
//!
//! let store = MemoryEventStore::new();
//! let account = StreamId::new("Account", Uuid::now_v7());
//! let deposit = NewEvent::of(&MoneyDeposited { cents: 500 })?;
//! let appended = store.append(&account, ExpectedVersion::NoStream, vec![deposit]).await?;
//!
//! engine.process_events(appended.events()).await?;
//! engine.process_events(appended.events()).await?; // an event that was applied is not applied again
//! assert_eq!(engine.state()[&account.aggregate_id()], 500);
//! assert_eq!(engine.progress().unwrap().events_processed, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! You can also subscribe an engine to a [`SubscriptionManager`](crate::SubscriptionManager), like any projection.

mod by_hand;
mod error;
mod handler;
mod handlers;
mod memory;
mod projection_engine;
mod projection_state;
mod registration;
mod replay;
mod state;
mod state_store;
mod subscriber;

pub use error::{EngineError, ProjectionStateError};
pub use handler::{AsyncHandler, Handler, UpdateHandler};
pub use memory::MemoryProjectionStates;
pub use projection_engine::{Processed, ProjectionEngine};
pub use projection_state::{ProjectionHealth, ProjectionState};
pub use state::{EngineState, External, Owned};
pub use state_store::ProjectionStateStore;
