//! The bounds of projections and aggregates: they move between threads.

/// `Send + Sync + 'static` as one trait, so that a missing bound is one error.
///
/// `By` is the type of a function, which has no name. So the compiler does not suggest this trait as a bound.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has to move between threads, and something in it cannot",
    label = "not `Send`, or not `Sync`",
    note = "give each type parameter the bounds `T: Send + Sync + 'static`",
    note = "hold an `Arc` in place of an `Rc`, and a `Mutex` or an atomic in place of a `Cell` or a `RefCell`"
)]
pub trait ThreadSafe<By = ()>: Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Send + Sync + 'static, By> ThreadSafe<By> for T {}

/// Compiles only for a [`ThreadSafe`] type.
pub const fn thread_safe<T: ThreadSafe<By>, By: Copy>(_: By) {}

/// The bounds of the state of an aggregate: [`ThreadSafe`], and `Default` for the state before the first event.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the state of an aggregate",
    label = "not `Default`, or not `Send` and `Sync`",
    note = "derive or implement `Default` for `{Self}`: the state before the first event",
    note = "give each type parameter the bounds `T: Default + Send + Sync + 'static`, and hold an `Arc` in place of an `Rc`"
)]
pub trait AggregateState<By = ()>: Default + ThreadSafe {}

#[diagnostic::do_not_recommend]
impl<T: Default + ThreadSafe, By> AggregateState<By> for T {}

/// Compiles only for an [`AggregateState`].
pub const fn aggregate_state<T: AggregateState<By>, By: Copy>(_: By) {}

/// A function whose type has no name: see [`ThreadSafe`].
pub const fn asked() {}
