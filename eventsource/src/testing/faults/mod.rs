//! Fault injection: stores that fail, answer late or do not answer, when a test says so.
//!
//! [`FaultyEventStore`] and [`FaultyCheckpoints`] wrap any stores. Handlers get from them the same repositories and
//! connections as from the wrapped stores. They share one [`Faults`], which decides which calls fail. A test scripts
//! the calls, such as here the next two commits, whose answers are lost:
//!
//! ```standalone_crate
//! # #[cfg(feature = "macros")]
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! use eventsource::prelude::*;
//! use eventsource::testing::faults::{Fault, Faults, FaultyCheckpoints, FaultyEventStore, Point};
//! use eventsource::memory::MemoryReadModels;
//! use eventsource::read_model::{ReadModel, ReadModelError, Repository};
//! use serde::{Deserialize, Serialize};
//! use uuid::Uuid;
//!
//! # #[derive(Serialize, Deserialize, DomainEvent)]
//! # #[event(aggregate = "Order")]
//! # struct OrderPlaced { total: u64 }
//! # #[derive(ReadModel)]
//! # #[read_model(table = "orders")]
//! # struct OrderRow { #[read_model(id)] id: Uuid, total: u64 }
//! # struct Orders;
//! # #[projection(read_models(OrderRow))]
//! # impl Orders {
//! #     #[handles(OrderPlaced)]
//! #     async fn placed(
//! #         &self,
//! #         event: &Event<OrderPlaced>,
//! #         orders: &mut Repository<OrderRow>,
//! #     ) -> Result<(), ReadModelError> {
//! #         orders.save(OrderRow { id: event.aggregate_id(), total: event.total }).await
//! #     }
//! # }
//! let faults = Faults::new();
//! let checkpoints = MemoryCheckpoints::new();
//! let rows = MemoryReadModels::new(&checkpoints).repository::<OrderRow>();
//! let store = FaultyEventStore::new(MemoryEventStore::new(), &faults);
//! let manager = SubscriptionManager::new(
//!     store.clone(),
//!     MemoryEventBus::new(),
//!     FaultyCheckpoints::new(checkpoints, &faults),
//! );
//! let orders = manager.subscribe(Orders, SubscriptionConfig::default()).await?;
//! manager.start().await?;
//!
//! faults.next(Point::Commit, Fault::LoseAnswer, 2);
//! let stream = StreamId::new("Order", Uuid::now_v7());
//! let order = NewEvent::of(&OrderPlaced { total: 7 })?;
//! let placed = store.append(&stream, ExpectedVersion::NoStream, vec![order]).await?;
//! orders.wait_for(&placed).await?;
//! assert!(rows.exists(stream.aggregate_id()).await?);
//! # assert_eq!(faults.count(Point::Commit), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! Or faults happen at random, from a seed:
//!
//! ```
//! use std::time::Duration;
//! use eventsource::testing::faults::{Fault, Faults, Point};
//!
//! let faults = Faults::seeded(42)
//!     .often(Point::ReadLog, Fault::Fail, 0.1)
//!     .often(Point::Commit, Fault::LoseAnswer, 0.05)
//!     .often(Point::Commit, Fault::Delay(Duration::from_secs(3)), 0.05);
//! # let _ = faults;
//! ```
//!
//! On a runtime of one thread with a paused clock, the same seed gives the same run, if the delays of the subscriptions
//! come from a seed as well ([`SubscriptionConfig::seed`](crate::SubscriptionConfig::seed)).

mod checkpoints;
mod fault;
mod plan;
mod queries;
mod store;
mod unit;

pub use checkpoints::FaultyCheckpoints;
pub use fault::{Fault, Injected, Point};
pub use plan::Faults;
pub use store::FaultyEventStore;
pub use unit::FaultyUnit;
