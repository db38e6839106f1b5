//! Projections: types that handle events in the order of the log, to keep a read model or to act on the outside world.
//!
//! A projection is an `impl` block that is marked with `#[projection]`. Each method with `#[handles(SomeEvent)]`
//! handles one event. It takes the event first, and then asks for what it needs by type, as a `&mut Repository<Row>`:
//!
//! ```standalone_crate
//! # #[cfg(feature = "macros")]
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! use eventsource::prelude::*;
//! use serde::{Deserialize, Serialize};
//! use uuid::Uuid;
//!
//! #[derive(Serialize, Deserialize, DomainEvent)]
//! #[event(aggregate = "Order")]
//! struct OrderPlaced { customer: String }
//!
//! #[derive(Serialize, Deserialize, DomainEvent)]
//! #[event(aggregate = "Order")]
//! struct OrderShipped {}
//!
//! #[derive(ReadModel)]
//! #[read_model(table = "orders")]
//! struct OrderRow {
//!     #[read_model(id)]
//!     id: Uuid,
//!     customer: String,
//!     shipped: bool,
//! }
//!
//! struct Orders;
//!
//! #[projection(name = "orders", read_models(OrderRow))]
//! impl Orders {
//!     #[handles(OrderPlaced)]
//!     async fn placed(
//!         &self,
//!         event: &Event<OrderPlaced>,
//!         orders: &mut Repository<OrderRow>,
//!     ) -> Result<(), ReadModelError> {
//!         let row = OrderRow { id: event.aggregate_id(), customer: event.customer.clone(), shipped: false };
//!         orders.save(row).await
//!     }
//!
//!     #[handles(OrderShipped)]
//!     async fn shipped(
//!         &self,
//!         event: &Event<OrderShipped>,
//!         orders: &mut Repository<OrderRow>,
//!     ) -> Result<(), HandlerError> {
//!         let row = orders.get(event.aggregate_id()).await?;
//!         let mut row = row.ok_or_else(|| HandlerError::permanent("an order was shipped that was never placed"))?;
//!         row.shipped = true;
//!         Ok(orders.save(row).await?)
//!     }
//! }
//!
//! let (store, checkpoints) = (MemoryEventStore::new(), MemoryCheckpoints::new());
//! let models = MemoryReadModels::new(&checkpoints);
//! models.ensure_tables(&Orders).await?;
//! let rows = models.repository::<OrderRow>();
//! let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), checkpoints);
//! let orders = manager.subscribe(Orders, SubscriptionConfig::from_beginning()).await?;
//! manager.start().await?;
//!
//! let order = StreamId::new("Order", Uuid::now_v7());
//! let events = vec![NewEvent::of(&OrderPlaced { customer: "Ada".into() })?, NewEvent::of(&OrderShipped {})?];
//! let appended = store.append(&order, ExpectedVersion::NoStream, events).await?;
//! orders.wait_for(&appended).await?;
//! assert_eq!(rows.find(OrderRow::SHIPPED.eq(true)).await?[0].customer, "Ada");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! # When to use what
//!
//! The *kind* of a projection ([`ProjectionKind`]) says where its effects go, and so what is promised for them. The
//! guide [the kinds of projection](crate::guide::kinds) has one table to choose from. In short:
//!
//! * Write rows with a [`Repository`](crate::Repository) in most cases.
//! * Write through a connection of the database if you need SQL of your own.
//! * Keep fields in memory if a replay at each start is fast enough.
//! * Use *effects* for everything that is not in the database of the checkpoints.
//!
//! | you want to | use |
//! | --- | --- |
//! | write a projection | `#[projection]`, [`HandlerError`] |
//! | choose where its rows and its progress are stored | [`MemoryCheckpoints`](crate::MemoryCheckpoints), `SqliteCheckpoints`, `PostgresCheckpoints` |
//! | write a projection without the macro, such as for events that are known only at run time | [`Subscriber`] and [`EventSubscriber`], or [`engine`](crate::engine) |
//! | look at events that failed | [`DeadLetter`], through a [`SubscriptionHandle`](crate::SubscriptionHandle) |
//! | give handlers something else to ask for | [`Inject`] |
//! | store checkpoints in another database | [`CheckpointStore`], [`UnitOfWork`], [`Generations`], [`Trials`], [`TableOwners`], [`Operations`](operations::Operations) |

mod checkpoint;
mod checkpoint_error;
#[cfg(feature = "_sql")]
mod checkpoint_key;
mod checkpoint_reset;
mod checkpoint_store;
mod checkpoint_update;
mod claim;
mod comparison;
mod dead_letter;
mod delivered;
mod described;
mod error;
mod error_causes;
mod finding;
mod fingerprint;
pub(crate) mod generation;
mod inject;
mod inspected;
mod interrupted;
mod kind;
mod leased;
mod letter_query;
mod letters;
pub mod operations;
mod output;
pub(crate) mod owner;
pub(crate) mod search;
mod stored_checkpoint;
mod stored_subscription;
mod subscriber;
mod table;
mod trial;
mod trial_rows;
mod unit;

pub use checkpoint::Checkpoint;
pub use checkpoint_error::CheckpointError;
pub use checkpoint_reset::CheckpointReset;
pub use checkpoint_store::CheckpointStore;
pub use checkpoint_update::{CheckpointUpdate, ProjectionSnapshot, ServedRequest};
pub use claim::{Claim, ClaimError, Lease};
pub use comparison::{ColumnDifference, RowDifference, RowDifferenceKind, TableComparison};
pub(crate) use dead_letter::times;
pub use dead_letter::{DeadLetter, LetterChange, LetterCounts, LetterState};
pub use delivered::Delivered;
pub use described::{Handles, Projection, ProjectionDescriptor};
pub use error::{ErrorClass, HandlerError};
pub use error_causes::{ChangesRefused, NoSnapshot, NoTruncateHook, NotSetUp, Permanent};
pub use finding::{Finding, FindingLevel};
pub use fingerprint::fingerprint;
pub(crate) use fingerprint::{fingerprint_of, stored_version};
pub use generation::{Generations, Switch, Switched};
pub use inject::{ConnectionPool, FromEvent, HoldsChanges, Inject, RawConnection};
pub use inspected::Inspected;
pub use interrupted::{HandlerPanicked, HandlerTimedOut};
pub(crate) use kind::KindFacts;
pub use kind::{Guarantee, ProjectionKind};
pub use leased::Leased;
pub use letter_query::{LetterFilter, LetterQuery};
pub use letters::Letters;
pub use output::HandlerOutput;
pub use owner::{HandedOver, MissingTable, TableOwners, TableTaken};
pub use search::{LetterGroup, LetterGroups, LetterKey, LetterPage, LetterSearch, LetterStanding, WholeLetter};
pub use stored_subscription::StoredSubscription;
pub use subscriber::{EventSubscriber, Subscriber};
pub use table::{ColumnDef, ColumnKind, Table};
pub use trial::Trials;
pub use trial_rows::{TrialRow, TrialRows, TrialValue};
pub use unit::{CommitError, UnitOfWork};
