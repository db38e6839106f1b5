//! What generated code names, and nobody else: no part of it is covered by semver.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;

mod at_once;
mod blocks;
mod checks;
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
pub use self::route::{Route, aliased, filter, name_of, route};
pub use self::state::{StateCodec, Storable, StoredState, state};
pub use self::stored::{Stored, never, stored};
pub use self::thread_safe::{AggregateState, ThreadSafe, aggregate_state, asked, thread_safe};
pub use self::versions::{Becomes, Link, Old, Readable, link, old};
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

pub use crate::aggregate::{Aggregate, Applies, EventsOf};
pub use crate::event::{
    AggregateDescriptor, DecodeError, DomainEvent, Event, EventData, EventDescriptor, OldVersion, Payload,
    ProjectionDescriptor, RecordedEvent, Unstorable,
};
use crate::projection::{ConnectionPool, HoldsChanges, RawConnection};
pub use crate::projection::{
    EventSubscriber, FromEvent, HandlerError, HandlerOutput, Handles, Inject, Projection, ProjectionKind, Subscriber,
    UnitOfWork,
};
use crate::read_model::ReadModelError;
pub use crate::read_model::{
    Column, ColumnDef, ColumnKind, ColumnType, Comparable, Field, InvalidField, InvalidValue, Json, ReadModel,
    Repository, Table, Value, field, id_field, json_field, text_value, unknown_variant, value_text,
};
pub use crate::store::EventFilter;
pub use chrono::{DateTime, Utc};
pub use serde_json;

/// Registers a descriptor in the catalogue, where the feature `inventory` is on.
#[cfg(feature = "inventory")]
#[doc(hidden)]
#[macro_export]
macro_rules! __submit {
    ($descriptor:expr) => {
        $crate::__private::inventory::submit! { $descriptor }
    };
}

/// Registers a descriptor in the catalogue, where the feature `inventory` is on.
#[cfg(not(feature = "inventory"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __submit {
    ($descriptor:expr) => {};
}

pub use crate::__submit as submit;

/// The descriptor of `E`.
#[must_use]
pub const fn descriptor<E: DomainEvent>() -> EventDescriptor {
    E::DESCRIPTOR
}

/// What stands for a parameter that a `cfg` has removed: every unit of work lends it.
#[derive(Debug)]
pub struct NotAsked;

impl<U: UnitOfWork> Inject<U> for NotAsked {
    type Guard = Box<Self>;

    async fn inject(_: &mut U) -> Result<Self::Guard, HandlerError> {
        Ok(Box::new(Self))
    }
}

/// The future, which is checked to be `Send` here, so that the compiler's message points at the handler. The compiler shows
/// the line of the bound below its message, and with it the remedy.
#[inline(always)]
pub fn require_send<F>(future: F) -> F
where
    F: Future + Send, // remedy: end the value's scope before the await with a block `{ … }`, or use `Arc`, `tokio::sync::Mutex`
{
    future
}

/// Compiles for a read model.
pub const fn read_model<M: ReadModel>() {}

/// A read model that a projection owns. A type that is none has none: see [`owned`].
pub struct Owned<M> {
    truncate: for<'a> fn(&'a mut Repository<M>) -> Truncating<'a>,
    table: &'static Table,
}

type Truncating<'a> = Pin<Box<dyn Future<Output = Result<(), ReadModelError>> + Send + 'a>>;

/// The read model `M`.
#[must_use]
pub const fn owned<M: ReadModel>() -> Owned<M> {
    Owned { truncate: |repository| Box::pin(repository.truncate()), table: M::TABLE }
}

impl<M> Owned<M> {
    /// Empties it.
    #[must_use]
    pub fn truncate<'a>(&self, repository: &'a mut Repository<M>) -> Truncating<'a> {
        (self.truncate)(repository)
    }

    /// Its table.
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

/// Tells what a handler asks for, whatever its name: the constants of its own come before those of the trait
/// [`ProbeFallback`], but are there for some types only.
#[derive(Debug)]
pub struct Probe<T>(PhantomData<T>);

impl<T: RawConnection> Probe<T> {
    /// It is a connection.
    pub const CONNECTION: bool = true;
}

impl<M: ReadModel> Probe<Repository<M>> {
    /// The table of its read model.
    pub const TABLE: Option<&'static str> = Some(M::TABLE.name);
}

impl<T: ConnectionPool> Probe<T> {
    /// The connection that a handler asks for in place of the pool.
    pub const POOL_OF: Option<&'static str> = Some(T::CONNECTION);
}

impl<T: HoldsChanges> Probe<T> {
    /// It holds changes.
    pub const CHANGES: bool = true;
}

/// What holds for all other types.
pub trait ProbeFallback {
    /// It is no connection.
    const CONNECTION: bool = false;
    /// It holds no changes.
    const CHANGES: bool = false;
    /// It is no pool.
    const POOL_OF: Option<&'static str> = None;
    /// It is not a read model's.
    const TABLE: Option<&'static str> = None;
}

impl<T> ProbeFallback for Probe<T> {}

/// The tables of a projection's read models.
#[must_use]
pub fn tables(tables: &[&'static Table]) -> Vec<&'static Table> {
    tables.to_vec()
}

/// Copies a projection, where it can be: the method of that name is there for types that are `Clone`, and shadows that
/// of [`PristineFallback`].
#[derive(Debug)]
pub struct Pristine<'a, T>(pub &'a T);

impl<T: Clone> Pristine<'_, T> {
    /// The copy.
    #[must_use]
    pub fn pristine(&self) -> Option<T> {
        Some(self.0.clone())
    }
}

/// What a projection that is not `Clone` has in place of a copy.
pub trait PristineFallback<T> {
    /// Nothing.
    fn pristine(&self) -> Option<T> {
        None
    }
}

impl<T> PristineFallback<T> for Pristine<'_, T> {}
