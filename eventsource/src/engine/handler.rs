//! The closures that an engine takes as handlers.

use std::future::Future;

use crate::event::Event;
use crate::projection::HandlerOutput;

/// A handler of `E`: any `Fn(&Event<E>)` that returns `()` or `Result<(), E>`.
///
/// It is implemented for every such closure and function; nothing else implements it.
pub trait Handler<E>: Fn(&Event<E>) -> <Self as Handler<E>>::Output + Send + Sync + 'static {
    /// What the handler returns.
    type Output: HandlerOutput;
}

impl<E, F, R> Handler<E> for F
where
    F: Fn(&Event<E>) -> R + Send + Sync + 'static,
    R: HandlerOutput,
{
    type Output = R;
}

/// An async handler of `E`: any `async |event: Event<E>|` closure that returns `()` or `Result<(), E>`, whose future is
/// `Send`.
///
/// It is implemented for every such closure and function; nothing else implements it.
pub trait AsyncHandler<E>: Fn(Event<E>) -> <Self as AsyncHandler<E>>::Future + Send + Sync + 'static {
    /// The future that the handler returns.
    type Future: Future<Output: HandlerOutput> + Send + 'static;
}

impl<E, F, R> AsyncHandler<E> for F
where
    F: Fn(Event<E>) -> R + Send + Sync + 'static,
    R: Future<Output: HandlerOutput> + Send + 'static,
{
    type Future = R;
}

/// A handler of `E` that changes the engine's own state: any `Fn(&mut S, &Event<E>)` that returns `()` or
/// `Result<(), E>`.
///
/// It is implemented for every such closure and function; nothing else implements it.
pub trait UpdateHandler<S, E>:
    Fn(&mut S, &Event<E>) -> <Self as UpdateHandler<S, E>>::Output + Send + Sync + 'static
{
    /// What the handler returns.
    type Output: HandlerOutput;
}

impl<S, E, F, R> UpdateHandler<S, E> for F
where
    F: Fn(&mut S, &Event<E>) -> R + Send + Sync + 'static,
    R: HandlerOutput,
{
    type Output = R;
}
