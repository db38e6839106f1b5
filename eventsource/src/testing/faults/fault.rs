//! The faults, and the calls into which they can be injected.

use std::fmt;
use std::time::Duration;

/// A call into which a fault can be injected.
///
/// ```
/// use eventsource::testing::faults::{Fault, Faults, Point};
///
/// let faults = Faults::seeded(42).often(Point::ReadLog, Fault::Fail, 0.1);
/// # let _ = faults;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Point {
    /// [`EventStore::append`](crate::EventStore::append) and
    /// [`EventStore::append_all`](crate::EventStore::append_all)
    Append,
    /// [`EventStore::read_stream`](crate::EventStore::read_stream)
    ReadStream,
    /// [`EventLog::read_log`](crate::EventLog::read_log) and
    /// [`EventLog::read_log_back`](crate::EventLog::read_log_back)
    ReadLog,
    /// [`EventLog::head`](crate::EventLog::head)
    Head,
    /// [`EventLog::log_id`](crate::EventLog::log_id)
    LogId,
    /// [`EventLog::last_event`](crate::EventLog::last_event)
    LastEvent,
    /// [`EventLog::backlog`](crate::EventLog::backlog)
    Backlog,
    /// [`EventLog::event_types_except`](crate::EventLog::event_types_except)
    TypesBeside,
    /// [`EventLog::event`](crate::EventLog::event)
    Event,
    /// [`EventStore::streams`](crate::EventStore::streams)
    Streams,
    /// A question of [`EventQueries`](crate::store::EventQueries)
    Queries,
    /// A wake-up of the event store. [`Fault::Duplicate`] doubles it, any other fault drops it.
    WakeUpReceiver,
    /// [`CheckpointStore::load`](crate::CheckpointStore::load)
    Load,
    /// [`CheckpointStore::list`](crate::CheckpointStore::list)
    List,
    /// [`CheckpointStore::claim`](crate::CheckpointStore::claim)
    Claim,
    /// [`CheckpointStore::renew`](crate::CheckpointStore::renew)
    Renew,
    /// [`CheckpointStore::dead_letters`](crate::CheckpointStore::dead_letters)
    DeadLetters,
    /// [`CheckpointStore::snapshot`](crate::CheckpointStore::snapshot)
    Snapshot,
    /// [`CheckpointStore::begin`](crate::CheckpointStore::begin)
    Begin,
    /// A handler asks the unit of work for a repository or a connection. The fault is judged like a failed statement of
    /// the handler: [`Fault::Fail`] is an outage, such as a statement timeout, and [`Fault::Stale`] is a stale
    /// connection.
    Statement,
    /// [`UnitOfWork::commit`](crate::projection::UnitOfWork::commit)
    Commit,
    /// [`UnitOfWork::clear`](crate::projection::UnitOfWork::clear)
    Clear,
}

/// The fault of a call.
///
/// ```
/// use std::time::Duration;
///
/// use eventsource::testing::faults::{Fault, Faults, Point};
///
/// let faults = Faults::new();
/// faults.next(Point::Commit, Fault::Delay(Duration::from_secs(3)), 1);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing is done, and an error is returned.
    Fail,
    /// The call is done, but an error is returned, as after a broken connection.
    LoseAnswer,
    /// The call is done after this time.
    Delay(Duration),
    /// The call is done, and the answer comes after this time. A caller with a shorter time limit does not know whether
    /// it was done.
    DelayAnswer(Duration),
    /// Nothing is done, and the caller panics.
    Panic,
    /// Nothing is done, because the connection has cached the plan of a table that was migrated since. At other points
    /// than [`Point::Statement`] it is the same as [`Fault::Fail`].
    Stale,
    /// A wake-up comes twice. At other points it has no effect.
    Duplicate,
}

/// The error of a call into which a fault was injected.
///
/// ```
/// use eventsource::HandlerError;
/// use eventsource::testing::faults::Injected;
///
/// fn is_on_purpose(error: &HandlerError) -> bool {
///     error.is_caused_by::<Injected>()
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a fault was injected at {point:?}: {fault}")]
#[non_exhaustive]
pub struct Injected {
    /// The call.
    pub point: Point,
    /// The fault.
    pub fault: Fault,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fail => "nothing was done",
            Self::LoseAnswer => "the answer was lost",
            Self::Delay(_) => "it was done late",
            Self::DelayAnswer(_) => "the answer came late",
            Self::Panic => "the store panicked",
            Self::Stale => "the cached plan of the connection is stale",
            Self::Duplicate => "it was doubled",
        })
    }
}
