//! Values that cannot be stored, because they would not be read back equal.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::ser;

/// How deep the arrays and objects of a stored JSON value can be nested, the outermost one included. A deeper value can be
/// written, but not read back.
pub const MAX_DEPTH: usize = 127;

/// How many bytes the name of an event type, an aggregate type, a tenant or a subscription can have. Longer names do not fit
/// the indexes of every database.
pub const MAX_NAME: usize = 512;

/// A value that cannot be stored, because it would not be read back equal. It contains the path of the value.
///
/// Every store refuses the same values, at the call: [`NewEvent::of`](super::NewEvent::of), an append, a save of a read
/// model, or the snapshot of a durable memory projection.
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
    /// Where the value is, such as `payload.items[3].price`. A path of more than 200 bytes is shortened in the middle.
    pub path: String,
    /// Why it cannot be stored.
    pub reason: UnstorableReason,
}

/// Why a value cannot be stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnstorableReason {
    /// NaN or an infinity, which JSON does not have.
    #[error("{number} cannot be stored, JSON has no such number; use an `Option`, or refuse the value before")]
    NotFinite {
        /// `NaN`, `inf` or `-inf`.
        number: &'static str,
    },
    /// The arrays and objects are nested too deep.
    #[error("it is nested deeper than {MAX_DEPTH} levels and could not be read back; make the structure flat")]
    TooDeep,
    /// The key of a map is neither a text nor a number nor a `bool`.
    #[error("a key of a map must be a text, a number or a `bool`; store the map as a list of pairs")]
    Key,
    /// An object has a key twice, as by `#[serde(flatten)]` or by a tag that is a field as well.
    #[error("the object has this key twice and could not be read back; rename one of them")]
    DuplicateKey,
    /// The value is written, but another value is read back.
    #[error("it is not read back equal: {cause}; give the field another type or a `#[serde(with = …)]`")]
    NotReadBack {
        /// What is read in its place, or what serde says.
        cause: String,
    },
    /// A text that is given as JSON is not JSON.
    #[error("the text is not JSON that can be read back: {cause} at byte {offset}")]
    NotJson {
        /// What is wrong.
        cause: &'static str,
        /// Where in the text.
        offset: usize,
    },
    /// A name contains the character NUL, which PostgreSQL cannot store.
    #[error("a name cannot contain the character NUL")]
    Nul,
    /// A name is too long.
    #[error("a name has at most {MAX_NAME} bytes, and this one has {length}")]
    TooLong {
        /// How many bytes it has.
        length: usize,
    },
    /// A time that not every database can store.
    #[error("{time} is before the year -4711, with which the times of PostgreSQL begin")]
    Time {
        /// The time.
        time: DateTime<Utc>,
    },
    /// The type's own `Serialize` failed.
    #[error("{message}")]
    Serialize {
        /// What it says.
        message: String,
    },
}

/// Longer paths are shortened.
const LONGEST_PATH: usize = 200;

impl Unstorable {
    /// The value at `path`, because of `reason`.
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

/// For events whose `encode` is written by hand.
impl From<serde_json::Error> for Unstorable {
    fn from(error: serde_json::Error) -> Self {
        Self::new("payload", UnstorableReason::Serialize { message: error.to_string() })
    }
}

/// Why the writer stopped: the reason, and the steps from the value outwards.
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

    /// The same, seen from one level further out.
    pub(super) fn within(mut self, step: Step) -> Self {
        self.0.1.push(step);
        self
    }

    /// The value, whose path begins with `root`.
    pub(super) fn below(self, root: &str) -> Unstorable {
        let (reason, steps) = *self.0;
        Unstorable::new(path(root, steps.into_iter().rev()), reason)
    }
}

/// A path as text, such as `payload.items[3].price`.
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
