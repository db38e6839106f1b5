//! The write side, kept small: aggregates, and the repository that loads and saves them, and executes commands on them.

mod as_of;
mod batch;
mod command;
mod error;
mod events;
mod execute;
mod execute_error;
mod into_events;
mod load;
#[cfg(feature = "postgres")]
pub mod postgres;
mod repository;
mod retry;
mod root;
mod save;
mod snapshot;
#[cfg(feature = "sqlite")]
pub mod sqlite;
mod traits;
mod turns;
mod uncommitted;

pub use as_of::AsOf;
pub use batch::SaveBatch;
pub use error::AggregateError;
pub use events::EventsOf;
pub use execute::{Execute, Executed};
pub use execute_error::ExecuteError;
pub use into_events::IntoEvents;
pub use repository::{AggregateRepository, Saved};
pub use retry::ConflictRetry;
pub use root::AggregateRoot;
pub use snapshot::{AggregateSnapshot, MemorySnapshots, SnapshotError, SnapshotPolicy, SnapshotStore};
pub use traits::{Aggregate, Applies};
pub use uncommitted::UncommittedEvent;
