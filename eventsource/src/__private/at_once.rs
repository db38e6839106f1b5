//! Calls a handler that is not `async`.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::projection::HandlerError;

/// A future that is ready. Smaller than [`std::future::Ready`], which must know whether it was polled: this fits into
/// one register.
struct AtOnce(Result<(), HandlerError>);

impl Future for AtOnce {
    type Output = Result<(), HandlerError>;

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(std::mem::replace(&mut self.0, Ok(())))
    }
}

/// Calls the handler at once, and returns a future that is ready.
#[inline(always)]
pub fn at_once(
    call: impl FnOnce() -> Result<(), HandlerError>,
) -> impl Future<Output = Result<(), HandlerError>> + Send {
    AtOnce(call())
}
