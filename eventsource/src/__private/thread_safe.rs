//! What a projection and an aggregate are beside what their methods say: they move between threads.

/// Moves between threads and borrows nothing: `Send + Sync + 'static` as one bound, so that a type that is not is one error.
///
/// `By` is the type of the function that asks. It has no name, so that the compiler does not advise to write this bound.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has to move between threads, and something in it cannot",
    label = "not `Send`, or not `Sync`",
    note = "give each type parameter the bounds `T: Send + Sync + 'static`",
    note = "hold an `Arc` in place of an `Rc`, and a `Mutex` or an atomic in place of a `Cell` or a `RefCell`"
)]
pub trait ThreadSafe<By = ()>: Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Send + Sync + 'static, By> ThreadSafe<By> for T {}

/// Compiles for what is [`ThreadSafe`].
pub const fn thread_safe<T: ThreadSafe<By>, By: Copy>(_: By) {}

/// The state of an aggregate: [`ThreadSafe`], and with a state before the first event.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the state of an aggregate",
    label = "not `Default`, or not `Send` and `Sync`",
    note = "derive or implement `Default` for `{Self}`: the state before the first event",
    note = "give each type parameter the bounds `T: Default + Send + Sync + 'static`, and hold an `Arc` in place of an `Rc`"
)]
pub trait AggregateState<By = ()>: Default + ThreadSafe {}

#[diagnostic::do_not_recommend]
impl<T: Default + ThreadSafe, By> AggregateState<By> for T {}

/// Compiles for what is an [`AggregateState`].
pub const fn aggregate_state<T: AggregateState<By>, By: Copy>(_: By) {}

/// Asks: its type has no name.
pub const fn asked() {}
