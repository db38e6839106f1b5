//! How a handler fails.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::event::DecodeError;
use crate::panics;
use crate::store::Verdict;

/// How a handler fails: an error of any type, and whether trying again can help.
///
/// Any error converts with `?`. Its class is then the unit of work's to say, which knows its database's errors (see
/// [`UnitOfWork::verdict`](super::UnitOfWork::verdict)); otherwise it counts as transient, except a [`DecodeError`]
/// and what is caused by [`Permanent`] or [`NotSetUp`], which are permanent.
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
pub struct HandlerError(Box<Failed>);

/// What failed. It is as small as a pointer from outside, since each call of a handler hands back the place for one.
struct Failed {
    class: ErrorClass,
    said: Said,
    /// What helps, where the error does not say it.
    remedy: Option<&'static str>,
    source: Box<dyn Error + Send + Sync>,
}

/// What the author of an error said of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    /// Nothing: the class is a guess, which the verdict of a database replaces.
    Nothing,
    /// Which class it has.
    Class,
    /// That something which the handler needs is down.
    Outage,
}

/// Whether trying again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
        Self::new(ErrorClass::Transient, Said::Class, source.into())
    }

    /// A failure that trying again cannot cure. Takes an error, or a text.
    pub fn permanent(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(ErrorClass::Permanent, Said::Class, source.into())
    }

    /// Something that the handler needs is down, such as a broker or a web service: no event is to blame. Takes an
    /// error, or a text.
    ///
    /// The event is tried again, with delays of up to 5 s, until it is there, as after an outage of the database: no
    /// attempt is counted, and no event becomes a dead letter. The state of the subscription names the error meanwhile.
    /// [`SubscriptionConfig::outage_limit`](crate::SubscriptionConfig::outage_limit) can give the event up.
    ///
    /// ```
    /// use eventsource::HandlerError;
    ///
    /// async fn send(mail: &str) -> std::io::Result<()> {
    /// #    drop(mail.to_owned());
    ///     Err(std::io::ErrorKind::ConnectionRefused.into())
    /// }
    ///
    /// async fn handler() -> Result<(), HandlerError> {
    ///     send("welcome").await.map_err(HandlerError::outage)
    /// }
    /// # let handled = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(handler());
    /// # assert!(handled.unwrap_err().is_outage());
    /// ```
    pub fn outage(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(ErrorClass::Transient, Said::Outage, source.into())
    }

    #[cold]
    fn new(class: ErrorClass, said: Said, source: Box<dyn Error + Send + Sync>) -> Self {
        Self(Box::new(Failed { class, said, remedy: None, source }))
    }

    /// Whether trying again can help.
    #[must_use]
    pub const fn class(&self) -> ErrorClass {
        self.0.class
    }

    /// Whether its author said that something which the handler needs is down: see [`outage`](Self::outage).
    #[must_use]
    pub fn is_outage(&self) -> bool {
        self.0.said == Said::Outage
    }

    /// The same error, of the class that its database's verdict gives it, unless whoever made it said which one it has.
    pub(crate) fn judged(mut self, verdict: Option<Verdict>) -> Self {
        let (Said::Nothing, Some(verdict)) = (self.0.said, verdict) else { return self };
        self.0.class = match verdict {
            Verdict::Permanent | Verdict::NotSetUp => ErrorClass::Permanent,
            Verdict::Transient | Verdict::Outage | Verdict::Conflict | Verdict::StaleConnection => {
                ErrorClass::Transient
            }
        };
        self.0.said = Said::Class;
        self
    }

    /// The same error, with what helps against it.
    pub(crate) fn with_remedy(mut self, remedy: Option<&'static str>) -> Self {
        self.0.remedy = remedy;
        self
    }

    /// The error.
    #[must_use]
    pub fn source(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.0.source
    }

    /// Whether an error of the type `E` is the error, or among its causes.
    #[must_use]
    pub fn is_caused_by<E: Error + 'static>(&self) -> bool {
        self.causes().any(|cause| cause.is::<E>())
    }

    /// The error, its cause, and so on.
    pub fn causes(&self) -> impl Iterator<Item = &(dyn Error + 'static)> {
        std::iter::successors(Some(&*self.0.source as &(dyn Error + 'static)), |&error| error.source())
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for HandlerError {
    fn from(error: E) -> Self {
        let permanent = (&error as &dyn Any).is::<DecodeError>()
            || std::iter::successors(Some(&error as &(dyn Error + 'static)), |&error| error.source())
                .any(|cause| cause.is::<Permanent>() || cause.is::<NotSetUp>());
        match permanent {
            true => Self::new(ErrorClass::Permanent, Said::Class, Box::new(error)),
            false => Self::new(ErrorClass::Transient, Said::Nothing, Box::new(error)),
        }
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
        self.0.remedy.map_or(Ok(()), |remedy| write!(f, " ({remedy})"))
    }
}

impl fmt::Debug for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandlerError").field("class", &self.0.class).field("source", &self.0.source).finish()
    }
}

/// A reset was asked of a projection that has no truncate hook.
#[derive(Debug, thiserror::Error)]
#[error(
    "the projection has no truncate hook: give it a method marked `#[truncate]`, or implement `EventSubscriber::truncate`"
)]
#[non_exhaustive]
pub struct NoTruncateHook;

/// A snapshot was asked of a projection that has none.
#[derive(Debug, thiserror::Error)]
#[error(
    "the projection says that its memory is durable, but has no state to store: write `#[projection(snapshot)]`, or \
     implement `Subscriber::snapshot` and `Subscriber::restore`"
)]
#[non_exhaustive]
pub struct NoSnapshot;

/// Stands at the end of the causes of an error that trying again cannot cure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("trying again does not help")]
#[non_exhaustive]
pub struct Permanent;

/// Stands at the end of the causes of an error that no event is to blame for: what the projection needs is not set up,
/// such as a table that nobody has created. The subscription faults at that event, whatever its
/// [policy](crate::subscription::FailurePolicy): to put the log aside event by event would cure nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no event is to blame, so none is put aside: set it up, and start the subscription again")]
#[non_exhaustive]
pub struct NotSetUp;

/// A handler panicked. What it had done to a field stays done, and nobody knows what that is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the handler panicked: {message}")]
#[non_exhaustive]
pub struct HandlerPanicked {
    /// What it said.
    pub message: String,
}

/// A call of a handler took longer than it may, and was dropped where it stood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the handler was not done within {after:?}: see `SubscriptionConfig::handler_timeout`")]
#[non_exhaustive]
pub struct HandlerTimedOut {
    /// How long it may take.
    pub after: Duration,
}

impl HandlerError {
    /// The handler panicked, with this message. It would do so again.
    pub(crate) fn panicked(message: impl Into<String>) -> Self {
        Self::permanent(HandlerPanicked { message: message.into() })
    }

    /// The handler panicked, and the panic was caught with this payload.
    #[cold]
    pub(crate) fn from_panic(panic: &(dyn Any + Send)) -> Self {
        Self::panicked(panics::message(panic))
    }

    /// The handler was not done in time. It may be the next time.
    pub(crate) fn timed_out(after: Duration) -> Self {
        Self::transient(HandlerTimedOut { after })
    }

    /// Whether the handler was cut off in the middle of what it did.
    pub(crate) fn is_cut_off(&self) -> bool {
        self.is_caused_by::<HandlerPanicked>() || self.is_caused_by::<HandlerTimedOut>()
    }
}

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
