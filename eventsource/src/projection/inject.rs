//! What a handler can ask for, beside its event.

use std::future::Future;
use std::ops::DerefMut;

use super::{HandlerError, UnitOfWork};
use crate::event::{Metadata, RecordedEvent, StreamId};

/// What a handler can ask for as `&mut Self`, in a unit of work of the type `U`.
///
/// It is implemented on what is lent, so that a handler that asks for a `&mut SqliteConnection` runs wherever
/// `SqliteConnection: Inject<U>`, and nowhere else: the compiler says so where the projection is subscribed.
#[diagnostic::on_unimplemented(
    message = "a handler of this projection asks for `&mut {Self}`, which this manager's checkpoint store cannot lend",
    label = "this manager's unit of work is `{U}`, which has no `{Self}` to lend",
    note = "subscribe the projection to a manager whose checkpoint store lends a `{Self}`, or ask for something that `{U}` lends",
    note = "the rows of a read model are asked for as `&mut Repository<…>`"
)]
pub trait Inject<U: UnitOfWork>: Send {
    /// Holds what is lent until the handler returns. It owns its part of the unit of work (behind a shared lock), so
    /// that a handler can ask for several things.
    type Guard: DerefMut<Target = Self> + Send + 'static;

    /// Lends it out of `unit`.
    ///
    /// # Errors
    /// [`HandlerError`] where it is lent already, or where the unit has nothing to lend.
    fn inject(unit: &mut U) -> impl Future<Output = Result<Self::Guard, HandlerError>> + Send;
}

/// What a handler can ask for as `&Self`: it is read off the event.
#[diagnostic::on_unimplemented(
    message = "`&{Self}` cannot be read off an event",
    label = "not a part of an event: write `&mut {Self}` where the unit of work lends it",
    note = "`&RecordedEvent`, `&Metadata` and `&StreamId` are read off an event; its id, position and times are those of the `&Event<…>`"
)]
pub trait FromEvent {
    /// The part of `event`.
    fn from_event(event: &RecordedEvent) -> &Self;
}

impl FromEvent for RecordedEvent {
    fn from_event(event: &RecordedEvent) -> &Self {
        event
    }
}

impl FromEvent for Metadata {
    fn from_event(event: &RecordedEvent) -> &Self {
        event.metadata()
    }
}

impl FromEvent for StreamId {
    fn from_event(event: &RecordedEvent) -> &Self {
        event.stream()
    }
}

/// A connection to the database, as it is. A handler that asks for one cannot ask for what [`HoldsChanges`] beside it:
/// the connection would not see those changes.
pub trait RawConnection {}

/// A pool of database connections, or a connection of one. A handler cannot ask for it: what a pool's connections do is no
/// part of the batch's transaction.
pub trait ConnectionPool {
    /// The name of the type that a handler asks for in its place.
    const CONNECTION: &'static str;
}

/// Holds changes that are written at the end of the batch, such as a repository.
pub trait HoldsChanges {}
