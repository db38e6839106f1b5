//! The traits that `#[projection]` implements. You can implement them by hand as well.

use std::borrow::Cow;
use std::future::Future;
use std::sync::Arc;

use super::{Delivered, HandlerError, Inspected, NoSnapshot, NoTruncateHook, ProjectionKind, Table, UnitOfWork};
use crate::event::RecordedEvent;
use crate::store::EventFilter;

/// Describes a subscriber, for every unit of work: its name, its kind and its events.
///
/// `#[projection]` implements it; the example of [`EventSubscriber`] does it by hand.
///
/// ```
/// use std::borrow::Cow;
///
/// use eventsource::EventFilter;
/// use eventsource::projection::{ProjectionKind, Subscriber};
///
/// struct Count(u64);
///
/// impl Subscriber for Count {
///     const KIND: ProjectionKind = ProjectionKind::Memory;
///     fn name(&self) -> Cow<'static, str> { "count".into() }
///     fn subscribed_to(&self) -> EventFilter { EventFilter::types(["OrderPlaced"]) }
/// }
/// # assert_eq!(Count(0).version(), 1);
/// ```
pub trait Subscriber: Send + Sync + 'static {
    /// Where its effects go. It is stated and never guessed, because the promise depends on it.
    const KIND: ProjectionKind;

    /// Returns the name under which its checkpoint is stored, unless the subscription has a name of its own
    /// ([`SubscriptionConfig::name`](crate::SubscriptionConfig::name)).
    fn name(&self) -> Cow<'static, str>;

    /// Returns the version of the projection, 1 by default. Raise it when the handlers change what they write.
    fn version(&self) -> u32 {
        1
    }

    /// Returns the events that it handles.
    fn subscribed_to(&self) -> EventFilter;

    /// Returns the tables of the read models that it declares, as `#[projection(read_models(…))]` lists them. They are
    /// part of its [fingerprint](super::fingerprint()). It can be rebuilt side by side if it writes to no other table.
    /// The default is none.
    fn read_models(&self) -> Vec<&'static Table> {
        Vec::new()
    }

    /// Serialises the state of a durable memory projection ([`ProjectionKind::DurableMemory`]), which is stored with
    /// its checkpoint. `#[projection(snapshot)]` implements it with serde, as JSON. [`restore`](Self::restore) has an
    /// example of both.
    ///
    /// # Errors
    /// Any error: the state is not stored, and the status shows it. The default fails with [`NoSnapshot`].
    fn snapshot(&self) -> Result<Vec<u8>, HandlerError> {
        Err(HandlerError::permanent(NoSnapshot))
    }

    /// Replaces the state by one that [`snapshot`](Subscriber::snapshot) returned.
    ///
    /// # Errors
    /// Any error: the projection then starts empty, and the subscription replays the log. The default fails with
    /// [`NoSnapshot`].
    ///
    /// # Examples
    /// ```
    /// # use std::borrow::Cow;
    /// # use eventsource::{EventFilter, HandlerError};
    /// use eventsource::projection::{ProjectionKind, Subscriber};
    ///
    /// struct Count(u64);
    ///
    /// impl Subscriber for Count {
    ///     const KIND: ProjectionKind = ProjectionKind::DurableMemory;
    /// #   fn name(&self) -> Cow<'static, str> { "count".into() }
    /// #   fn subscribed_to(&self) -> EventFilter { EventFilter::types(["OrderPlaced"]) }
    ///
    ///     fn snapshot(&self) -> Result<Vec<u8>, HandlerError> {
    ///         Ok(self.0.to_le_bytes().to_vec())
    ///     }
    ///
    ///     fn restore(&mut self, state: &[u8]) -> Result<(), HandlerError> {
    ///         self.0 = u64::from_le_bytes(state.try_into()?);
    ///         Ok(())
    ///     }
    /// }
    /// # let mut count = Count(0);
    /// # count.restore(&Count(7).snapshot().unwrap()).unwrap();
    /// # assert_eq!(count.0, 7);
    /// ```
    fn restore(&mut self, state: &[u8]) -> Result<(), HandlerError> {
        let _ = state;
        Err(HandlerError::permanent(NoSnapshot))
    }

    /// Returns the reason why its handlers must not be called in a [dry run](crate::SubscriptionManager::dry_run), for
    /// example because they write to a store of their own. `None`, the default, says that they may be called: nothing that
    /// they change outlives the dry run. The handlers of an effects projection are never called in a dry run.
    ///
    /// ```
    /// # use std::borrow::Cow;
    /// # use eventsource::EventFilter;
    /// use eventsource::projection::{ProjectionKind, Subscriber};
    ///
    /// struct Count(std::fs::File);
    ///
    /// impl Subscriber for Count {
    ///     const KIND: ProjectionKind = ProjectionKind::Memory;
    /// #   fn name(&self) -> Cow<'static, str> { "count".into() }
    /// #   fn subscribed_to(&self) -> EventFilter { EventFilter::types(["OrderPlaced"]) }
    ///
    ///     fn not_tried(&self) -> Option<Cow<'static, str>> {
    ///         Some("it writes to a file".into())
    ///     }
    /// }
    /// ```
    fn not_tried(&self) -> Option<Cow<'static, str>> {
        None
    }

    /// Returns whether [`EventSubscriber::truncate`] empties it, so that it can be rebuilt in place. `None`, the default:
    /// not known before it is called. `#[projection]` answers it where neither declared read models nor a copy of the state
    /// empty it. A [plan](crate::SubscriptionManager::plan) reads it, which calls no
    /// hook.
    fn has_truncate_hook(&self) -> Option<bool> {
        None
    }

    /// Returns a copy that shares nothing with `self`; `None`, the default, if there is no copy.
    ///
    /// A memory projection without a truncate hook is copied when it is subscribed. After a handler panicked or
    /// exceeded its time limit, the state is unknown, and the subscription replays the log into the copy. Without a
    /// copy and without a truncate hook, the state of the subscription is
    /// [`Faulted`](crate::SubscriptionState::Faulted) instead.
    ///
    /// `#[projection]` copies a type that is `Clone` if a handler takes `&mut self` and no handler calls a method such
    /// as `lock`, `write`, `borrow_mut` or `fetch_add`. State behind an `Arc` is not copied by `clone`: a replay into
    /// it would count each event twice. If `#[projection]` cannot see that (a concurrent map in an `Arc`), write a
    /// method marked `#[truncate]`: it is used instead of the copy.
    ///
    /// A durable memory projection needs no copy for that: its first state is kept as [`snapshot`](Subscriber::snapshot)
    /// returned it. `#[projection(snapshot)]` makes the copy by serde.
    ///
    /// [`steps`](crate::SubscriptionManager::steps) apply events to a copy.
    ///
    /// ```
    /// # use std::borrow::Cow;
    /// # use eventsource::EventFilter;
    /// use eventsource::projection::{ProjectionKind, Subscriber};
    ///
    /// #[derive(Clone)]
    /// struct Count(u64);
    ///
    /// impl Subscriber for Count {
    ///     const KIND: ProjectionKind = ProjectionKind::Memory;
    /// #   fn name(&self) -> Cow<'static, str> { "count".into() }
    /// #   fn subscribed_to(&self) -> EventFilter { EventFilter::types(["OrderPlaced"]) }
    ///
    ///     fn pristine(&self) -> Option<Self> {
    ///         Some(self.clone()) // it shares nothing: there is no `Arc` in it
    ///     }
    /// }
    /// # assert_eq!(Count(3).pristine().map(|count| count.0), Some(3));
    /// ```
    fn pristine(&self) -> Option<Self>
    where
        Self: Sized,
    {
        None
    }

    /// Returns the state of a memory projection, for operators: see
    /// [`SubscriptionManager::steps`](crate::SubscriptionManager::steps). `None`, the default, if it cannot be shown.
    #[doc = include_str!("subscriber/inspect.md")]
    fn inspect(&self) -> Option<Inspected> {
        None
    }
}

/// A subscriber that runs in units of work of the type `U`. `#[projection]` implements it. By hand it looks like this:
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
/// # Contract
/// * A transactional subscriber writes only through what it gets from `unit`. It does not change its own fields,
///   because they are not rolled back.
/// * A memory subscriber does everything that can fail before it changes a field. A failed event is handled again; the
///   events before it are not ([contained failure](crate::guarantees#contained-failure)).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be subscribed to a manager whose unit of work is `{U}`",
    label = "not a subscriber there",
    note = "mark its impl block with `#[projection]`, or implement `Subscriber` and `EventSubscriber` by hand",
    note = "a projection is handed over by value, neither borrowed nor in an `Arc`: the handle reads it"
)]
pub trait EventSubscriber<U: UnitOfWork>: Subscriber {
    /// Handles one event. Events come in the order of their positions, one at a time. The returned future may be ready
    /// at once: if no handler is async and none asks for anything of the unit, `#[projection]` generates no state
    /// machine.
    ///
    /// # Errors
    /// Any error: the event is retried, and after the last retry the [policy](crate::subscription::FailurePolicy)
    /// decides. See [`HandlerError`] for the classes.
    fn handle(
        &mut self,
        event: &Arc<RecordedEvent>,
        unit: &mut U,
    ) -> impl Future<Output = Result<(), HandlerError>> + Send;

    /// Called before the events of a batch are handled, with where they come from. A subscriber that compares positions
    /// needs it: the events of dead letters are before events that it has handled. It is not called for transactional
    /// subscribers. The default does nothing.
    fn begin_batch(&mut self, _from: Delivered) {}

    /// Called after the last event of a batch was handled or failed, before the checkpoint moves. A subscriber with
    /// statistics of its own can save them here. The default does nothing.
    ///
    /// ```
    /// # use std::borrow::Cow;
    /// # use std::sync::Arc;
    /// # use eventsource::projection::{EventSubscriber, ProjectionKind, Subscriber, UnitOfWork};
    /// # use eventsource::{EventFilter, HandlerError, RecordedEvent};
    /// # struct Count(u64);
    /// # impl Subscriber for Count {
    /// #     const KIND: ProjectionKind = ProjectionKind::Memory;
    /// #     fn name(&self) -> Cow<'static, str> { "count".into() }
    /// #     fn subscribed_to(&self) -> EventFilter { EventFilter::types(["OrderPlaced"]) }
    /// # }
    /// impl<U: UnitOfWork> EventSubscriber<U> for Count {
    /// #   async fn handle(&mut self, _: &Arc<RecordedEvent>, _: &mut U) -> Result<(), HandlerError> { Ok(()) }
    ///     // …
    ///     async fn end_batch(&mut self) {
    ///         println!("{} orders so far", self.0);
    ///     }
    /// }
    /// ```
    fn end_batch(&mut self) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }

    /// Empties what the subscriber has written, for a reset or a rebuild. The checkpoint is cleared in the same unit of
    /// work.
    ///
    /// # Errors
    /// Any error: nothing is cleared. The default fails with [`NoTruncateHook`].
    ///
    /// # Examples
    /// ```
    /// # use std::borrow::Cow;
    /// # use std::sync::Arc;
    /// # use eventsource::projection::{EventSubscriber, ProjectionKind, Subscriber, UnitOfWork};
    /// # use eventsource::{EventFilter, HandlerError, RecordedEvent};
    /// # struct Count(u64);
    /// # impl Subscriber for Count {
    /// #     const KIND: ProjectionKind = ProjectionKind::Memory;
    /// #     fn name(&self) -> Cow<'static, str> { "count".into() }
    /// #     fn subscribed_to(&self) -> EventFilter { EventFilter::types(["OrderPlaced"]) }
    /// # }
    /// impl<U: UnitOfWork> EventSubscriber<U> for Count {
    ///     async fn handle(&mut self, _: &Arc<RecordedEvent>, _: &mut U) -> Result<(), HandlerError> {
    ///         self.0 += 1;
    ///         Ok(())
    ///     }
    ///
    ///     async fn truncate(&mut self, _: &mut U) -> Result<(), HandlerError> {
    ///         self.0 = 0;
    ///         Ok(())
    ///     }
    /// }
    /// ```
    fn truncate(&mut self, unit: &mut U) -> impl Future<Output = Result<(), HandlerError>> + Send {
        let _ = unit;
        async { Err(HandlerError::permanent(NoTruncateHook)) }
    }
}
