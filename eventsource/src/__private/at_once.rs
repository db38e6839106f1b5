//! The call of a handler that nothing is waited for.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::projection::HandlerError;

/// Done already. Not [`std::future::Ready`], which has to tell whether it was polled before: this is one register.
struct AtOnce(Result<(), HandlerError>);

impl Future for AtOnce {
    type Output = Result<(), HandlerError>;

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(std::mem::replace(&mut self.0, Ok(())))
    }
}

/// Calls it, and is done with it when this returns.
#[inline(always)]
pub fn at_once(
    call: impl FnOnce() -> Result<(), HandlerError>,
) -> impl Future<Output = Result<(), HandlerError>> + Send {
    AtOnce(call())
}
