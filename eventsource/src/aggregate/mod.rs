//! The write side, kept small: aggregates, and the repository that loads and saves them.

mod error;
mod events;
mod into_events;
mod repository;
mod root;
mod traits;
mod uncommitted;

pub use error::AggregateError;
pub use events::EventsOf;
pub use into_events::IntoEvents;
pub use repository::{AggregateRepository, Saved};
pub use root::AggregateRoot;
pub use traits::{Aggregate, Applies};
pub use uncommitted::UncommittedEvent;
