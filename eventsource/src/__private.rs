//! Items for generated code only. Semantic versioning does not cover them.

use std::fmt;
use std::pin::Pin;

mod at_once;
mod blocks;
mod checks;
mod inspect;
mod pristine;
mod probe;
mod route;
mod state;
mod stored;
mod text;
mod thread_safe;
mod versions;

pub use self::at_once::at_once;
pub use self::blocks::{OneAggregateBlockPerType, OneProjectionBlockPerType};
pub use self::checks::{
    assert_apart, assert_declared, assert_distinct, assert_exhaustive, assert_ignorable, assert_named_apart,
    assert_no_pool, assert_own_event, declared_by, read_off, refuse_undecided,
};
pub use self::inspect::{Inspect, InspectAsText, InspectFallback};
pub use self::pristine::{Pristine, PristineFallback};
pub use self::probe::{Probe, ProbeFallback};
pub use self::route::{Route, aliased, filter, name_of, route};
pub use self::state::{StateCodec, Storable, StoredState, state};
pub use self::stored::{Stored, never, stored};
pub use self::thread_safe::{AggregateState, ThreadSafe, aggregate_state, asked, thread_safe};
pub use self::versions::{Becomes, Link, Old, Readable, link, old};
pub use crate::__inspect as inspect;
pub use std::borrow::Cow;
pub use std::boxed::Box;
pub use std::future::Future;
pub use std::marker::Send;
pub use std::option::Option;
pub use std::primitive::{bool, str, u8, u32, u64};
pub use std::result::Result;
pub use std::string::String;
pub use std::sync::Arc;
pub use std::vec::Vec;

#[cfg(feature = "inventory")]
pub use inventory;

pub use crate::aggregate::{Aggregate, AggregateDescriptor, Applies, EventsOf};
pub use crate::event::{
    DecodeError, DomainEvent, Event, EventData, EventDescriptor, OldVersion, Payload, RecordedEvent, Unstorable,
};
pub use crate::projection::{
    EventSubscriber, FromEvent, HandlerError, HandlerOutput, Handles, Inject, Projection, ProjectionDescriptor,
    ProjectionKind, Subscriber, UnitOfWork,
};
use crate::read_model::ReadModelError;
pub use crate::read_model::{
    Column, ColumnDef, ColumnKind, ColumnType, Comparable, Field, InvalidField, InvalidValue, Json, ReadModel,
    Repository, Table, Value, field, id_field, json_field, text_value, unknown_variant, value_text,
};
pub use crate::store::EventFilter;
pub use chrono::{DateTime, Utc};
pub use serde_json;

/// Registers a descriptor in the registry, if the feature `inventory` is on.
#[cfg(feature = "inventory")]
#[doc(hidden)]
#[macro_export]
macro_rules! __submit {
    ($descriptor:expr) => {
        $crate::__private::inventory::submit! { $descriptor }
    };
}

/// Registers a descriptor in the registry, if the feature `inventory` is on.
#[cfg(not(feature = "inventory"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __submit {
    ($descriptor:expr) => {};
}

pub use crate::__submit as submit;

/// Returns the descriptor of `E`.
#[must_use]
pub const fn descriptor<E: DomainEvent>() -> EventDescriptor {
    E::DESCRIPTOR
}

/// Replaces a parameter that a `cfg` has removed. Every unit of work can provide it.
#[derive(Debug)]
pub struct NotAsked;

impl<U: UnitOfWork> Inject<U> for NotAsked {
    type Guard = Box<Self>;

    async fn inject(_: &mut U) -> Result<Self::Guard, HandlerError> {
        Ok(Box::new(Self))
    }
}

/// Checks that the future of a handler is `Send`, so that the error message points at the handler.
///
/// The compiler prints the line of the bound in its message, and so the remedy in its comment.
#[inline(always)]
pub fn require_send<F>(future: F) -> F
where
    F: Future + Send, // remedy: end the value's scope before the await with a block `{ … }`, or use `Arc`, `tokio::sync::Mutex`
{
    future
}

/// Compiles only for a read model.
pub const fn read_model<M: ReadModel>() {}

/// A read model that a projection owns. Only a read model has one: see [`owned`].
pub struct Owned<M> {
    truncate: for<'a> fn(&'a mut Repository<M>) -> Truncating<'a>,
    table: &'static Table,
}

type Truncating<'a> = Pin<Box<dyn Future<Output = Result<(), ReadModelError>> + Send + 'a>>;

/// Returns the functions of the read model `M`.
#[must_use]
pub const fn owned<M: ReadModel>() -> Owned<M> {
    Owned { truncate: |repository| Box::pin(repository.truncate()), table: M::TABLE }
}

impl<M> Owned<M> {
    /// Empties the table.
    #[must_use]
    pub fn truncate<'a>(&self, repository: &'a mut Repository<M>) -> Truncating<'a> {
        (self.truncate)(repository)
    }

    /// Returns the table.
    #[must_use]
    pub const fn table(&self) -> &'static Table {
        self.table
    }
}

impl<M> fmt::Debug for Owned<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Owned")
    }
}

/// Returns the tables of the read models of a projection.
#[must_use]
pub fn tables(tables: &[&'static Table]) -> Vec<&'static Table> {
    tables.to_vec()
}
