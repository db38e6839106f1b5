//! Values that a store refuses, because they would not be read back equal.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::ser;

/// The maximum nesting depth of arrays and objects in a stored JSON value, including the outermost one. A deeper value
/// could be written, but not read back.
pub const MAX_DEPTH: usize = 127;

/// The maximum length in bytes of the name of an event type, an aggregate type, a tenant or a subscription. Longer
/// names do not fit into the indexes of every database.
pub const MAX_NAME: usize = 512;

/// A value that cannot be stored, because it would not be read back equal. It contains the path of the value.
///
/// Every store refuses the same values, and the call that would store them fails:
/// [`NewEvent::of`](super::NewEvent::of), an append, a save of a read model, or a snapshot. See [stored means
/// readable](crate::guarantees#stored-means-readable).
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use eventsource::{DomainEvent, NewEvent};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, DomainEvent)]
/// #[event(aggregate = "Order")]
/// struct Priced { prices: Vec<f64> }
///
/// let error = NewEvent::of(&Priced { prices: vec![1.5, f64::NAN] }).unwrap_err();
/// assert!(error.value.to_string().starts_with("payload.prices[1]: NaN cannot be stored"));
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unstorable {
    /// The path of the value, such as `payload.items[3].price`. A path of more than 200 bytes is shortened in the
    /// middle.
    pub path: String,
    /// Why it cannot be stored.
    pub reason: UnstorableReason,
}

/// Why a value cannot be stored. The text of each variant says what to change.
///
/// ```
/// use eventsource::event::{Unstorable, UnstorableReason};
///
/// let error = Unstorable::new("event_type", UnstorableReason::Nul);
/// assert_eq!(error.to_string(), "event_type: a name cannot contain the character NUL");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnstorableReason {
    /// The number is NaN or infinite. JSON has no such number.
    #[error("{number} cannot be stored, because JSON has no such number; use an `Option`, or refuse the value earlier")]
    NotFinite {
        /// `NaN`, `inf` or `-inf`.
        number: &'static str,
    },
    /// Arrays and objects are nested deeper than [`MAX_DEPTH`].
    #[error("it is nested deeper than {MAX_DEPTH} levels and could not be read back; make the structure flatter")]
    TooDeep,
    /// The key of a map is not a text, a number or a `bool`.
    #[error("a key of a map must be a text, a number or a `bool`; store the map as a list of pairs")]
    Key,
    /// An object has a key twice, for example because of `#[serde(flatten)]`, or a tag with the name of a field.
    #[error("the object has this key twice and could not be read back; rename one of the two fields")]
    DuplicateKey,
    /// The value can be written, but another value would be read back.
    #[error("it is not read back equal: {cause}; give the field another type or a `#[serde(with = …)]`")]
    NotReadBack {
        /// The value that is read instead, or the error of serde.
        cause: String,
    },
    /// The caller gave a text as JSON, and it is not JSON.
    #[error("the text is not JSON that can be read back: {cause} at byte {offset}")]
    NotJson {
        /// What is wrong.
        cause: &'static str,
        /// The offset in the text, in bytes.
        offset: usize,
    },
    /// A name contains the character NUL, which PostgreSQL cannot store.
    #[error("a name cannot contain the character NUL")]
    Nul,
    /// A partition key is empty.
    #[error("a partition key cannot be empty; leave it out, and the event has the key of its stream")]
    EmptyKey,
    /// A name is longer than [`MAX_NAME`].
    #[error("a name can have at most {MAX_NAME} bytes, and this one has {length}; shorten it")]
    TooLong {
        /// The length of the name in bytes.
        length: usize,
    },
    /// A time is too early for PostgreSQL.
    #[error("{time} is before the year -4711, the first year that PostgreSQL can store")]
    Time {
        /// The time.
        time: DateTime<Utc>,
    },
    /// The `Serialize` implementation of the type failed.
    #[error("{message}")]
    Serialize {
        /// The message of its error.
        message: String,
    },
}

/// Longer paths are shortened, in bytes.
const LONGEST_PATH: usize = 200;

impl Unstorable {
    /// Creates the error for the value at `path`. A path of more than 200 bytes is shortened in the middle.
    ///
    /// # Examples
    /// ```
    /// use eventsource::event::{Unstorable, UnstorableReason};
    ///
    /// let error = Unstorable::new("payload.price", UnstorableReason::NotFinite { number: "NaN" });
    /// assert_eq!(error.path, "payload.price");
    /// ```
    #[must_use]
    pub fn new(path: impl Into<String>, reason: UnstorableReason) -> Self {
        let mut path = path.into();
        if path.len() > LONGEST_PATH {
            let start = path.floor_char_boundary(LONGEST_PATH * 2 / 3);
            let end = path.ceil_char_boundary(path.len() - LONGEST_PATH / 3);
            path.replace_range(start..end, "…");
        }
        Self { path, reason }
    }
}

impl fmt::Display for Unstorable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        self.reason.fmt(f)
    }
}

impl std::error::Error for Unstorable {}

/// For a [`DomainEvent::encode`](super::DomainEvent::encode) that is written by hand.
impl From<serde_json::Error> for Unstorable {
    fn from(error: serde_json::Error) -> Self {
        Self::new("payload", UnstorableReason::Serialize { message: error.to_string() })
    }
}

/// Why the writer stopped: the reason, and the steps of the path, the innermost first.
#[derive(Debug)]
pub(super) struct Stopped(Box<(UnstorableReason, Vec<Step>)>);

/// A step of a path.
#[derive(Debug)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

impl Stopped {
    pub(super) fn new(reason: UnstorableReason) -> Self {
        Self(Box::new((reason, Vec::new())))
    }

    /// Adds the next outer step of the path.
    pub(super) fn within(mut self, step: Step) -> Self {
        self.0.1.push(step);
        self
    }

    /// Returns the error, with a path that begins with `root`.
    pub(super) fn below(self, root: &str) -> Unstorable {
        let (reason, steps) = *self.0;
        Unstorable::new(path(root, steps.into_iter().rev()), reason)
    }
}

/// Returns a path as text, such as `payload.items[3].price`.
pub(super) fn path(root: &str, steps: impl Iterator<Item = Step>) -> String {
    let mut path = root.to_owned();
    for step in steps {
        match step {
            Step::Index(index) => path.push_str(&format!("[{index}]")),
            Step::Key(key) if path.is_empty() => path.push_str(&key),
            Step::Key(key) => {
                path.push('.');
                path.push_str(&key);
            }
        }
    }
    path
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.0.fmt(f)
    }
}

impl std::error::Error for Stopped {}

impl ser::Error for Stopped {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(UnstorableReason::Serialize { message: message.to_string() })
    }
}
