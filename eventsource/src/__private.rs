//! What generated code names, and nobody else: no part of it is covered by semver.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use std::borrow::Cow;
pub use std::boxed::Box;
pub use std::result::Result;
pub use std::sync::Arc;
pub use std::vec::Vec;

#[cfg(feature = "inventory")]
pub use inventory;

use crate::event::same;
pub use crate::event::{DomainEvent, Event, EventDescriptor, RecordedEvent};
pub use crate::projection::{
    EventSubscriber, FromEvent, HandlerError, HandlerOutput, Inject, Kind, Subscriber, UnitOfWork,
};
use crate::projection::{HoldsChanges, RawConnection};
use crate::read_model::ReadModelError;
pub use crate::read_model::{
    Column, ColumnDef, Field, Json, ReadModel, Repository, Table, UnfitField, Value, field, id_field, json_field,
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

/// What an event has to be besides being one, as one bound.
pub trait EventBounds: Serialize + DeserializeOwned + Send + Sync + 'static {}

impl<E: Serialize + DeserializeOwned + Send + Sync + 'static> EventBounds for E {}

/// The event in `payload`. It asks for an event, not for what serde asks for, so that a struct that serde does not
/// know is one error.
///
/// # Errors
/// What serde says.
#[inline]
pub fn from_json<E: DomainEvent>(payload: &str) -> Result<E, serde_json::Error> {
    serde_json::from_str(payload)
}

/// The descriptor of `E`.
#[must_use]
pub const fn descriptor<E: DomainEvent>() -> EventDescriptor {
    E::DESCRIPTOR
}

/// The events with these stored names.
#[must_use]
pub fn filter(names: &[&'static str]) -> EventFilter {
    EventFilter::types(names.iter().copied())
}

/// How the events of one type are told and decoded. A type that is no event has none: see [`route`].
pub struct Route<E> {
    name: &'static str,
    decode: fn(&Arc<RecordedEvent>) -> Result<Event<E>, HandlerError>,
}

/// The route of `E`.
#[must_use]
pub const fn route<E: DomainEvent>() -> Route<E> {
    Route { name: E::NAME, decode: decode::<E> }
}

impl<E> Route<E> {
    /// The stored name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The typed view of `recorded`.
    ///
    /// # Errors
    /// A permanent one where it does not decode.
    #[inline]
    pub fn decode(&self, recorded: &Arc<RecordedEvent>) -> Result<Event<E>, HandlerError> {
        (self.decode)(recorded)
    }
}

impl<E> fmt::Debug for Route<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Route").field("name", &self.name).finish_non_exhaustive()
    }
}

fn decode<E: DomainEvent>(recorded: &Arc<RecordedEvent>) -> Result<Event<E>, HandlerError> {
    Event::decode(recorded).map_err(HandlerError::permanent)
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

/// The future, which is checked to be `Send` here, so that the compiler's message points at the handler.
#[inline(always)]
pub fn require_send<F: Future + Send>(future: F) -> F {
    future
}

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
}

impl<T> ProbeFallback for Probe<T> {}

/// Fails to compile where a connection stands beside something that holds changes.
#[allow(clippy::panic)]
#[track_caller]
pub const fn assert_apart(asked: &[(bool, bool)]) {
    let (mut connection, mut changes, mut at) = (false, false, 0);
    while at < asked.len() {
        connection |= asked[at].0;
        changes |= asked[at].1;
        at += 1;
    }
    if connection && changes {
        panic!(
            "a handler asks for a connection and for a repository: the connection would not see what the repository \
             holds until the end of the batch. Ask for the repository alone, or for the connection in a handler of its own"
        );
    }
}

/// Fails to compile where two names are the same: two handlers for one event, one of them perhaps behind an alias.
#[track_caller]
pub const fn assert_distinct(names: &[&str]) {
    let mut later = 1;
    while later < names.len() {
        let mut earlier = 0;
        while earlier < later {
            if same(names[earlier], names[later]) {
                handled_twice(names[later]);
            }
            earlier += 1;
        }
        later += 1;
    }
}

/// A panic at compile time has a message without formatting: it is put together here.
#[allow(clippy::panic)]
#[track_caller]
const fn handled_twice(name: &str) -> ! {
    let mut text = [0; 256];
    let mut end = append(&mut text, 0, b"two methods of this projection handle the event `");
    end = append(&mut text, end, name.as_bytes());
    end = append(&mut text, end, b"`, one of them perhaps through an alias: keep one of them");
    match std::str::from_utf8(text.split_at(end).0) {
        Ok(text) => panic!("{}", text),
        Err(_) => panic!("two methods of this projection handle the same event"),
    }
}

/// Writes `more` into `text` from `end` on, as far as it fits, and returns the new end.
const fn append(text: &mut [u8], mut end: usize, more: &[u8]) -> usize {
    let mut i = 0;
    while i < more.len() && end < text.len() {
        text[end] = more[i];
        end += 1;
        i += 1;
    }
    end
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
