//! The catalogue: the events, aggregates and projections that a program knows, and how they depend on each other.
//!
//! The derives and attributes register each type at compile time. [`Registry::global`] lists them, finds two types with
//! the same stored name, and decodes events whose type the caller does not know. [`Topology`] draws the dependencies:
//!
//! ```standalone_crate
//! use eventsource::catalogue::Registry;
//!
//! let registry = Registry::global();
//! registry.check()?;
//! println!("{}", registry.topology().mermaid());
//! # Ok::<(), eventsource::RegistryError>(())
//! ```
//!
//! Use it in a test, in a tool for operators and in the documentation of a program. Projections and aggregates work
//! without it.

mod decode;
mod duplicates;
mod graph;
mod linked;
mod registry;
mod topology;

pub use crate::aggregate::AggregateDescriptor;
pub use crate::event::EventDescriptor;
pub use crate::projection::ProjectionDescriptor;
pub use decode::AnyEvent;
pub use duplicates::{DuplicateEvent, RegistryError};
pub use graph::{Node, Part, TopologyGraph};
pub use registry::Registry;
pub use topology::Topology;
