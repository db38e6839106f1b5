//! The values that a handler may return.

use super::HandlerError;

/// A value that a handler may return: `()`, or a `Result<(), E>` whose error converts into a [`HandlerError`].
///
/// ```
/// use eventsource::projection::HandlerOutput;
///
/// assert!(().into_result().is_ok());
/// assert!("x".parse::<u64>().map(drop).into_result().is_err());
/// ```
#[diagnostic::on_unimplemented(
    message = "a handler returns `()` or `Result<(), E>` where `E` is an error, not `{Self}`",
    label = "not what a handler returns",
    note = "write `Result<(), HandlerError>`: `?` takes any error that is `std::error::Error + Send + Sync`",
    note = "a text, a `Box<dyn Error + Send + Sync>` and an `anyhow::Error` become one by `.map_err(HandlerError::permanent)?`, or `transient` where a retry can help",
    note = "an error that is not `Send + Sync`, such as a `Box<dyn Error>`, becomes one by its text: `.map_err(|error| HandlerError::permanent(error.to_string()))?`"
)]
pub trait HandlerOutput {
    /// Converts the value into a result.
    ///
    /// # Errors
    /// The error of the handler.
    fn into_result(self) -> Result<(), HandlerError>;
}

impl HandlerOutput for () {
    fn into_result(self) -> Result<(), HandlerError> {
        Ok(())
    }
}

#[diagnostic::do_not_recommend]
impl<E: Into<HandlerError>> HandlerOutput for Result<(), E> {
    fn into_result(self) -> Result<(), HandlerError> {
        self.map_err(Into::into)
    }
}
