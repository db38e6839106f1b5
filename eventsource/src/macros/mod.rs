//! The macros, with the examples that the macro crate itself cannot compile (feature `macros`).

mod aggregates;
mod events;
mod projections;
mod read_models;

pub use aggregates::{aggregate, applies};
pub use events::DomainEvent;
pub use projections::{handles, projection, truncate};
pub use read_models::{ColumnType, ReadModel};
