//! The traits that `#[projection]` implements, and that a subscriber written by hand implements as well.

use std::borrow::Cow;
use std::future::Future;
use std::sync::Arc;

use super::{HandlerError, NoSnapshot, NoTruncateHook, ProjectionKind, Table, UnitOfWork};
use crate::event::RecordedEvent;
use crate::store::EventFilter;

/// What a subscriber is, whatever the unit of work.
pub trait Subscriber: Send + Sync + 'static {
    /// Where its effects go. It is stated, never guessed: what is promised depends on it.
    const KIND: ProjectionKind;

    /// The name under which its checkpoint is kept, unless the subscription gives it another.
    fn name(&self) -> Cow<'static, str>;

    /// Which version of the projection this is. It is raised when the handlers change what they write.
    fn version(&self) -> u32 {
        1
    }

    /// The events that it is handed.
    fn subscribed_to(&self) -> EventFilter;

    /// The tables of the read models that it declares as its own: `#[projection(read_models(…))]` names them. They belong
    /// to what it is noticed by when it has changed, and it can be rebuilt side by side where it writes nothing else.
    fn read_models(&self) -> Vec<&'static Table> {
        Vec::new()
    }

    /// The state of a durable memory projection ([`ProjectionKind::DurableMemory`]), to be stored with its checkpoint.
    /// `#[projection(snapshot)]` generates it, by serde, as JSON.
    ///
    /// # Errors
    /// What went wrong; the default says that there is no state to store.
    fn snapshot(&self) -> Result<Vec<u8>, HandlerError> {
        Err(HandlerError::permanent(NoSnapshot))
    }

    /// Takes on a state that [`snapshot`](Subscriber::snapshot) gave.
    ///
    /// # Errors
    /// What went wrong: the projection begins anew then, and replays the log.
    fn restore(&mut self, state: &[u8]) -> Result<(), HandlerError> {
        let _ = state;
        Err(HandlerError::permanent(NoSnapshot))
    }

    /// A copy of it that shares nothing with it, or `None` where there is none.
    ///
    /// A memory projection without a truncate hook is copied when it is subscribed. When a handler panics or exceeds its
    /// time, its state is unknown, and the subscription replays the log into that copy. Without a copy, and without a
    /// truncate hook, the subscription faults then.
    ///
    /// `#[projection]` copies a type that is `Clone`, if a handler takes `&mut self` and no handler calls a method such as
    /// `lock`, `write`, `borrow_mut` or `fetch_add`. A state behind an `Arc` is not copied by `clone`: a replay into it
    /// would count each event again. Where `#[projection]` cannot see that (a concurrent map in an `Arc`), write a method
    /// marked `#[truncate]`: it is used instead of the copy.
    ///
    /// A durable memory projection needs none: its first state is kept as [`snapshot`](Subscriber::snapshot) returns it.
    fn pristine(&self) -> Option<Self>
    where
        Self: Sized,
    {
        None
    }
}

/// A subscriber that can run in units of work of the type `U`. `#[projection]` generates it; by hand it reads so:
///
/// ```
/// use std::borrow::Cow;
/// use std::sync::Arc;
///
/// use eventsource::projection::{EventSubscriber, ProjectionKind, Subscriber, UnitOfWork};
/// use eventsource::{EventFilter, HandlerError, RecordedEvent};
///
/// #[derive(Default)]
/// struct Count(u64);
///
/// impl Subscriber for Count {
///     const KIND: ProjectionKind = ProjectionKind::Memory;
///     fn name(&self) -> Cow<'static, str> { "count".into() }
///     fn subscribed_to(&self) -> EventFilter { EventFilter::types(["OrderPlaced"]) }
/// }
///
/// impl<U: UnitOfWork> EventSubscriber<U> for Count {
///     async fn handle(&mut self, _: &Arc<RecordedEvent>, _: &mut U) -> Result<(), HandlerError> {
///         self.0 += 1;
///         Ok(())
///     }
/// }
/// ```
///
/// # Laws
/// * A transactional subscriber writes through what `unit` lends and nowhere else; its fields stay as they are,
///   since nobody rolls them back.
/// * A memory subscriber finishes what can fail before it changes a field: a failed event is handed to it again,
///   the events before it are not ([contained failure](crate::guarantees#contained-failure)).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be subscribed to a manager whose unit of work is `{U}`",
    label = "not a subscriber there",
    note = "mark its impl block with `#[projection]`, or implement `Subscriber` and `EventSubscriber` by hand",
    note = "a projection is handed over by value, neither borrowed nor in an `Arc`: the handle reads it"
)]
pub trait EventSubscriber<U: UnitOfWork>: Subscriber {
    /// Handles one event. Events come in position order, one at a time. It may be done when this returns: where no handler
    /// of a projection is async and none is lent anything, `#[projection]` writes no state machine.
    ///
    /// # Errors
    /// What went wrong: the event is then retried, and the subscription stops as faulted when the retries are spent.
    fn handle(
        &mut self,
        event: &Arc<RecordedEvent>,
        unit: &mut U,
    ) -> impl Future<Output = Result<(), HandlerError>> + Send;

    /// Called after the last event of a batch was handled or has failed, before the checkpoint moves. A subscriber that
    /// keeps statistics of its own saves them here, once a batch. The default does nothing.
    fn end_batch(&mut self) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }

    /// Empties what it has written, for a reset. The checkpoint is cleared in the same unit of work.
    ///
    /// # Errors
    /// What went wrong; the default says that there is no such hook ([`NoTruncateHook`]).
    fn truncate(&mut self, unit: &mut U) -> impl Future<Output = Result<(), HandlerError>> + Send {
        let _ = unit;
        async { Err(HandlerError::permanent(NoTruncateHook)) }
    }
}
