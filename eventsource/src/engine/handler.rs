//! The closures that an engine takes as handlers.

use std::future::Future;

use crate::event::Event;
use crate::projection::HandlerOutput;

/// A handler of `E`: any `Fn(&Event<E>)` that returns `()` or `Result<(), E>`.
///
/// It is implemented for every such closure and function; nothing else implements it.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
/// use eventsource::prelude::*;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, DomainEvent)]
/// # #[event(aggregate = "Account")]
/// # struct AccountCreated { owner: String }
///
/// fn greet(event: &Event<AccountCreated>) {
///     println!("hello {}", event.owner);
/// }
///
/// let engine = ProjectionEngine::new("greeter", MemoryProjectionStates::new()).on(greet);
/// # let _ = engine;
/// # }
/// ```
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
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
/// use eventsource::prelude::*;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, DomainEvent)]
/// # #[event(aggregate = "Account")]
/// # struct AccountCreated { owner: String }
///
/// async fn greet(event: Event<AccountCreated>) -> Result<(), std::io::Error> {
///     println!("hello {}", event.owner);
///     Ok(())
/// }
///
/// let engine = ProjectionEngine::new("greeter", MemoryProjectionStates::new()).on_async(greet);
/// # let _ = engine;
/// # }
/// ```
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
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
/// use eventsource::prelude::*;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, DomainEvent)]
/// # #[event(aggregate = "Account")]
/// # struct AccountCreated { owner: String }
///
/// fn remember(owners: &mut Vec<String>, event: &Event<AccountCreated>) {
///     owners.push(event.owner.clone());
/// }
///
/// let engine = ProjectionEngine::new("owners", MemoryProjectionStates::new()).with_state(Vec::new()).update(remember);
/// # let _ = engine;
/// # }
/// ```
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
