//! How a handler fails.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use crate::event::DecodeError;

/// How a handler fails: an error of any type, and whether trying again can help.
///
/// Any error converts with `?`. It then counts as transient, except a [`DecodeError`], which is permanent.
/// (So that any error converts, this type is not itself an [`Error`].)
///
/// ```
/// use eventsource::HandlerError;
///
/// fn handler(input: &str) -> Result<(), HandlerError> {
///     let amount: u64 = input.parse()?;
///     if amount == 0 {
///         return Err(HandlerError::permanent("an amount of 0 means nothing here"));
///     }
///     Ok(())
/// }
/// assert!(handler("x").unwrap_err().to_string().contains("invalid digit"));
/// ```
pub struct HandlerError {
    class: ErrorClass,
    source: Box<dyn Error + Send + Sync>,
}

/// Whether trying again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorClass {
    /// It can: the event is retried.
    Transient,
    /// It cannot: retries are not spent on it.
    Permanent,
}

impl HandlerError {
    /// A failure that trying again may cure. Takes an error, or a text.
    pub fn transient(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { class: ErrorClass::Transient, source: source.into() }
    }

    /// A failure that trying again cannot cure. Takes an error, or a text.
    pub fn permanent(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { class: ErrorClass::Permanent, source: source.into() }
    }

    /// Whether trying again can help.
    #[must_use]
    pub const fn class(&self) -> ErrorClass {
        self.class
    }

    /// The error.
    #[must_use]
    pub fn source(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.source
    }

    /// Whether an error of the type `E` is the error, or among its causes.
    #[must_use]
    pub fn is_caused_by<E: Error + 'static>(&self) -> bool {
        self.causes().any(|cause| cause.is::<E>())
    }

    /// The error, its cause, and so on.
    pub fn causes(&self) -> impl Iterator<Item = &(dyn Error + 'static)> {
        std::iter::successors(Some(&*self.source as &(dyn Error + 'static)), |&error| error.source())
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for HandlerError {
    fn from(error: E) -> Self {
        if (&error as &dyn Any).is::<DecodeError>() { Self::permanent(error) } else { Self::transient(error) }
    }
}

/// The error and its causes, each after a colon, leaving out a cause whose text the error before it ends with.
impl fmt::Display for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last = String::new();
        for cause in self.causes() {
            let text = cause.to_string();
            if last.is_empty() {
                f.write_str(&text)?;
            } else if !last.ends_with(&text) {
                write!(f, ": {text}")?;
            }
            last = text;
        }
        Ok(())
    }
}

impl fmt::Debug for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandlerError").field("class", &self.class).field("source", &self.source).finish()
    }
}

/// A reset was asked of a projection that has no truncate hook.
#[derive(Debug, thiserror::Error)]
#[error(
    "the projection has no truncate hook: give it a method marked `#[truncate]`, or implement `EventSubscriber::truncate`"
)]
#[non_exhaustive]
pub struct NoTruncateHook;

/// What handlers had changed was refused when it was written, later than the handler returned: the change of an
/// earlier event of the batch perhaps. The runner takes the batch apart until it knows of which.
#[derive(Debug, Clone)]
pub struct ChangesRefused(Arc<dyn Error + Send + Sync>);

impl ChangesRefused {
    /// Refused because of `source`.
    pub fn new(source: impl Error + Send + Sync + 'static) -> Self {
        Self(Arc::new(source))
    }
}

impl fmt::Display for ChangesRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "what was changed could not be written: {}", self.0)
    }
}

impl Error for ChangesRefused {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}
