//! The error of a handler, and its class.

use std::any::Any;
use std::error::Error;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{NotSetUp, Permanent};
use crate::causes::WithCauses;
use crate::event::DecodeError;
use crate::store::Verdict;

/// The error of a handler: an error of any type, and whether a retry can help.
///
/// Any error converts with `?`. Then the unit of work classifies it, since it knows the errors of its database
/// ([`UnitOfWork::verdict`](super::UnitOfWork::verdict)). An error that it does not know, such as one of an HTTP
/// client or your own, is transient, except a [`DecodeError`] and an error that is caused by [`Permanent`] or
/// [`NotSetUp`]: these are permanent. *Transient* means that the event is retried.
/// [`transient`](Self::transient), [`permanent`](Self::permanent) and [`outage`](Self::outage) state the class.
///
/// This type does not implement [`Error`]: otherwise not every error could convert into it.
///
/// ```
/// use eventsource::HandlerError;
///
/// fn handler(input: &str) -> Result<(), HandlerError> {
///     let amount: u64 = input.parse()?;
///     if amount == 0 {
///         return Err(HandlerError::permanent("the amount must not be 0"));
///     }
///     Ok(())
/// }
/// assert!(handler("x").unwrap_err().to_string().contains("invalid digit"));
/// ```
pub struct HandlerError(Box<Failed>);

/// The content, boxed: every call of a handler reserves the space for an error, so the type is one pointer wide.
struct Failed {
    class: ErrorClass,
    stated: Stated,
    /// What helps, if the error does not say it.
    remedy: Option<&'static str>,
    source: Box<dyn Error + Send + Sync>,
}

/// What the code that created the error stated about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stated {
    /// Nothing. The class is a guess, and the verdict of the database replaces it.
    Nothing,
    /// The class.
    Class,
    /// That a service which the handler needs is down.
    Outage,
}

/// The class of an error: whether a retry can help.
///
/// ```
/// use eventsource::HandlerError;
/// use eventsource::projection::ErrorClass;
///
/// let error = HandlerError::permanent("no such customer");
/// assert_eq!(error.class(), ErrorClass::Permanent);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ErrorClass {
    /// A retry can help: the event is retried.
    Transient,
    /// A retry cannot help: the event is not retried.
    Permanent,
}

impl HandlerError {
    /// Creates a failure that a retry may cure. Takes an error or a text.
    ///
    /// ```
    /// use eventsource::HandlerError;
    /// use eventsource::projection::ErrorClass;
    ///
    /// assert_eq!(HandlerError::transient("try later").class(), ErrorClass::Transient);
    /// ```
    pub fn transient(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(ErrorClass::Transient, Stated::Class, source.into())
    }

    /// Creates a failure that a retry cannot cure. Takes an error or a text. The event is not retried.
    ///
    /// ```
    /// use eventsource::HandlerError;
    /// use eventsource::projection::ErrorClass;
    ///
    /// assert_eq!(HandlerError::permanent("no such customer").class(), ErrorClass::Permanent);
    /// ```
    pub fn permanent(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(ErrorClass::Permanent, Stated::Class, source.into())
    }

    /// Creates a failure that no event causes: a service that the handler needs is down, such as a broker or a web
    /// service. Takes an error or a text.
    ///
    /// The event is retried until the service is back, with delays of up to 5 s, as during an outage of the database.
    /// No attempt is counted, and no event becomes a dead letter. Meanwhile all streams of the subscription wait, and
    /// its state is [`Waiting`](crate::SubscriptionState::Waiting), whose reason names the error.
    /// [`SubscriptionConfig::outage_limit`](crate::SubscriptionConfig::outage_limit) limits the time.
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
        Self::new(ErrorClass::Transient, Stated::Outage, source.into())
    }

    #[cold]
    fn new(class: ErrorClass, stated: Stated, source: Box<dyn Error + Send + Sync>) -> Self {
        Self(Box::new(Failed { class, stated, remedy: None, source }))
    }

    /// Returns whether a retry can help.
    ///
    /// ```
    /// use eventsource::HandlerError;
    /// use eventsource::projection::ErrorClass;
    ///
    /// assert_eq!(HandlerError::permanent("no such customer").class(), ErrorClass::Permanent);
    /// assert_eq!(HandlerError::from(std::fmt::Error).class(), ErrorClass::Transient);
    /// ```
    #[must_use]
    pub const fn class(&self) -> ErrorClass {
        self.0.class
    }

    /// Returns whether the error was created by [`outage`](Self::outage).
    ///
    /// ```
    /// use eventsource::HandlerError;
    ///
    /// assert!(HandlerError::outage("the mail server is down").is_outage());
    /// assert!(!HandlerError::transient("try later").is_outage());
    /// ```
    #[must_use]
    pub fn is_outage(&self) -> bool {
        self.0.stated == Stated::Outage
    }

    /// Sets the class by the verdict of the database, unless the code that created the error stated a class.
    pub(crate) fn judged(mut self, verdict: Option<Verdict>) -> Self {
        let (Stated::Nothing, Some(verdict)) = (self.0.stated, verdict) else { return self };
        self.0.class = match verdict {
            Verdict::Permanent | Verdict::NotSetUp => ErrorClass::Permanent,
            Verdict::Transient | Verdict::Outage | Verdict::Conflict | Verdict::StaleConnection => {
                ErrorClass::Transient
            }
        };
        self.0.stated = Stated::Class;
        self
    }

    /// Adds what helps against the error.
    pub(crate) fn with_remedy(mut self, remedy: Option<&'static str>) -> Self {
        self.0.remedy = remedy;
        self
    }

    /// Returns the error itself.
    ///
    /// ```
    /// use eventsource::HandlerError;
    ///
    /// let error = HandlerError::from("x".parse::<u64>().unwrap_err());
    /// assert!(error.source().downcast_ref::<std::num::ParseIntError>().is_some());
    /// ```
    #[must_use]
    pub fn source(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.0.source
    }

    /// Returns whether the error, or one of its causes, has the type `E`.
    ///
    /// ```
    /// use std::num::ParseIntError;
    ///
    /// use eventsource::HandlerError;
    ///
    /// let error = HandlerError::from("x".parse::<u64>().unwrap_err());
    /// assert!(error.is_caused_by::<ParseIntError>());
    /// ```
    #[must_use]
    pub fn is_caused_by<E: Error + 'static>(&self) -> bool {
        self.causes().any(|cause| cause.is::<E>())
    }

    /// Returns the error, its cause, and so on.
    ///
    /// ```
    /// use eventsource::HandlerError;
    ///
    /// let error = HandlerError::permanent("no such customer");
    /// let texts: Vec<_> = error.causes().map(ToString::to_string).collect();
    /// assert_eq!(texts, ["no such customer"]);
    /// ```
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
            true => Self::new(ErrorClass::Permanent, Stated::Class, Box::new(error)),
            false => Self::new(ErrorClass::Transient, Stated::Nothing, Box::new(error)),
        }
    }
}

/// Shows the error and its causes, separated by colons. A cause is left out if the text before it already ends with it.
impl fmt::Display for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        WithCauses(&*self.0.source).fmt(f)?;
        self.0.remedy.map_or(Ok(()), |remedy| write!(f, " ({remedy})"))
    }
}

impl fmt::Debug for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandlerError").field("class", &self.0.class).field("source", &self.0.source).finish()
    }
}
