//! The write side: aggregates, and the repository that loads them, saves them and executes commands on them.
//!
//! An aggregate is a plain struct. Its methods decide which events happen, and `#[applies]` methods change its state:
//!
//! ```
//! # #[cfg(feature = "macros")] {
//! use eventsource::aggregate::ExecuteError;
//! use eventsource::prelude::*;
//! use serde::{Deserialize, Serialize};
//! use uuid::Uuid;
//!
//! #[derive(Serialize, Deserialize, DomainEvent)]
//! #[event(aggregate = "Account")]
//! struct Deposited { amount: u64 }
//!
//! #[derive(Serialize, Deserialize, DomainEvent)]
//! #[event(aggregate = "Account")]
//! struct Withdrawn { amount: u64 }
//!
//! #[derive(Debug, PartialEq)]
//! struct NotEnough { balance: u64 }
//!
//! #[derive(Default)]
//! struct Account { balance: u64 }
//!
//! #[aggregate]
//! impl Account {
//!     // Decides: reads the state, and returns an event or a refusal. It changes nothing.
//!     fn withdraw(&self, amount: u64) -> Result<Withdrawn, NotEnough> {
//!         if amount > self.balance {
//!             return Err(NotEnough { balance: self.balance });
//!         }
//!         Ok(Withdrawn { amount })
//!     }
//!
//!     // Applies: changes the state. It cannot refuse, because the event has already happened.
//!     #[applies(Deposited)]
//!     fn deposited(&mut self, event: &Deposited) { self.balance += event.amount }
//!
//!     #[applies(Withdrawn)]
//!     fn withdrawn(&mut self, event: &Withdrawn) { self.balance -= event.amount }
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! let accounts = AggregateRepository::<Account>::new(MemoryEventStore::new(), MemoryEventBus::new());
//! let id = Uuid::now_v7();
//!
//! // Load, change, save.
//! let mut account = accounts.load_or_create(id).await?;
//! account.record(Deposited { amount: 100 });
//! let saved = accounts.save(&mut account).await?;
//! assert_eq!(saved.version, 1);
//!
//! // The same in one call, which is retried if another writer saves first.
//! let executed = accounts.execute(id, |account| account.withdraw(30)).await.unwrap();
//! assert_eq!(executed.version, 2);
//!
//! // A refusal stores nothing.
//! let refused = accounts.execute(id, |account| account.withdraw(500)).await;
//! assert!(matches!(refused, Err(ExecuteError::Refused(NotEnough { balance: 70 }))));
//! # Ok::<(), eventsource::AggregateError>(())
//! # }).unwrap();
//! # }
//! ```
//!
//! # When to use what
//!
//! - Use [`execute`](AggregateRepository::execute) for commands. It loads, decides, saves, and retries a conflict. Give
//!   it a [command id](Execute::command_id) if the caller can send the command twice: then it is stored once.
//! - Use [`load`](AggregateRepository::load) and [`save`](AggregateRepository::save) if you need the aggregate between
//!   the two calls, for example for a form, and if a conflict must go back to the caller.
//! - Use [`batch`](AggregateRepository::batch) or [`save_all`](AggregateRepository::save_all) to save several
//!   aggregates in one transaction. The store must support it.
//! - Use [`load_at`](AggregateRepository::load_at) to read a past state.
//! - Use [snapshots](AggregateRepository::with_snapshots) if streams have thousands of events and loading is too slow.
//!
//! Use `#[aggregate]` for the `impl` block; implement [`Aggregate`] and [`Applies`] by hand only if you cannot use the
//! macro. Use a projection, and not an aggregate, to answer queries. You do not need aggregates at all: an
//! [`EventStore`](crate::EventStore) takes events from any code.

mod as_of;
mod batch;
mod command;
mod described;
mod error;
mod events;
mod execute;
mod execute_error;
mod executed;
mod into_events;
mod list;
mod load;
mod load_many;
mod publish;
mod repository;
mod retry;
mod root;
mod save;
mod saved;
mod snapshot;
mod traits;
mod turns;
mod uncommitted;

pub use as_of::AsOf;
pub use batch::SaveBatch;
pub use described::AggregateDescriptor;
pub use error::AggregateError;
pub use execute::Execute;
pub use execute_error::ExecuteError;
pub use executed::Executed;
pub use into_events::IntoEvents;
pub use repository::AggregateRepository;
pub use retry::ConflictRetry;
pub use root::AggregateRoot;
pub use saved::Saved;
pub use snapshot::{AggregateSnapshot, MemorySnapshots, SnapshotError, SnapshotPolicy, SnapshotStore};
pub use traits::{Aggregate, Applies, EventsOf};
pub use uncommitted::UncommittedEvent;
