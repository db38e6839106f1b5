//! What a handler can ask for, in addition to its event.

use std::future::Future;
use std::ops::DerefMut;

use super::{HandlerError, UnitOfWork};
use crate::event::{Metadata, RecordedEvent, StreamId};

/// Gives a handler a `&mut Self` from a unit of work of the type `U`.
///
/// It is implemented on the type that the handler asks for. A handler that asks for a `&mut SqliteConnection` runs in a
/// manager whose unit of work `U` has `SqliteConnection: Inject<U>`; otherwise `subscribe` does not compile.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use eventsource::projection::{Inject, UnitOfWork};
/// use eventsource::{MemoryCheckpoints, ReadModel, Repository};
///
/// #[derive(ReadModel)]
/// struct OrderRow {
///     #[read_model(id)]
///     id: u64,
/// }
///
/// fn is_given_to_handlers<T: Inject<U>, U: UnitOfWork>(_: &T, _: U) {}
///
/// # use eventsource::CheckpointStore;
/// # fn example(orders: &Repository<OrderRow>) {
/// let unit = MemoryCheckpoints::new().detached();
/// is_given_to_handlers(orders, unit);
/// # }
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "a handler of this projection asks for `&mut {Self}`, which this manager's checkpoint store cannot lend",
    label = "this manager's unit of work is `{U}`, which has no `{Self}` to lend",
    note = "subscribe the projection to a manager whose checkpoint store lends a `{Self}`, or ask for something that `{U}` lends",
    note = "the rows of a read model are asked for as `&mut Repository<…>`"
)]
pub trait Inject<U: UnitOfWork>: Send {
    /// Keeps the value for the handler until it returns. It owns its part of the unit of work (behind a shared lock),
    /// so that a handler can ask for several values.
    type Guard: DerefMut<Target = Self> + Send + 'static;

    /// Takes the value from `unit`.
    ///
    /// # Errors
    /// [`HandlerError`] if another guard holds the value already, or the unit has none: return the error.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use eventsource::memory::MemoryCheckpoints;
    /// use eventsource::projection::{CheckpointStore, Inject, UnitOfWork};
    /// use eventsource::HandlerError;
    ///
    /// /// What a handler asks for as `&mut Mailer`.
    /// struct Mailer;
    ///
    /// impl<U: UnitOfWork> Inject<U> for Mailer {
    ///     type Guard = Box<Self>;
    ///     async fn inject(_: &mut U) -> Result<Box<Self>, HandlerError> { Ok(Box::new(Mailer)) }
    /// }
    ///
    /// let mailer = Mailer::inject(&mut MemoryCheckpoints::new().detached()).await;
    /// # assert!(mailer.is_ok());
    /// # });
    /// ```
    fn inject(unit: &mut U) -> impl Future<Output = Result<Self::Guard, HandlerError>> + Send;
}

/// A part of an event, which a handler can ask for as `&Self`.
///
/// ```
/// use eventsource::projection::FromEvent;
/// use eventsource::{RecordedEvent, StreamId};
///
/// fn stream_of(event: &RecordedEvent) -> &StreamId {
///     StreamId::from_event(event)
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`&{Self}` cannot be read off an event",
    label = "not a part of an event: write `&mut {Self}` where the unit of work lends it",
    note = "`&RecordedEvent`, `&Metadata` and `&StreamId` are read off an event; its id, position and times are those of the `&Event<…>`"
)]
pub trait FromEvent {
    /// Returns the part of `event`.
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

/// A connection to the database. A handler cannot ask for one together with a type that [`HoldsChanges`]: the
/// connection would not see those changes.
///
/// ```
/// # #[cfg(feature = "sqlite")] {
/// use eventsource::projection::RawConnection;
///
/// fn is_a_connection<T: RawConnection>() {}
///
/// is_a_connection::<eventsource::sqlx::SqliteConnection>();
/// # }
/// ```
pub trait RawConnection {}

/// A pool of database connections, or a connection of a pool. A handler cannot ask for it: its connections are not in
/// the transaction of the batch.
///
/// ```
/// # #[cfg(feature = "sqlite")] {
/// use eventsource::projection::ConnectionPool;
///
/// assert_eq!(<eventsource::sqlx::SqlitePool as ConnectionPool>::CONNECTION, "SqliteConnection");
/// # }
/// ```
pub trait ConnectionPool {
    /// The name of the type to ask for instead.
    const CONNECTION: &'static str;
}

/// A type that holds changes until the end of the batch, such as a repository.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use eventsource::projection::HoldsChanges;
/// use eventsource::{ReadModel, Repository};
/// # #[derive(ReadModel)]
/// # struct OrderRow { #[read_model(id)] id: u64 }
///
/// fn holds_changes<T: HoldsChanges>() {}
///
/// holds_changes::<Repository<OrderRow>>();
/// # }
/// ```
pub trait HoldsChanges {}
