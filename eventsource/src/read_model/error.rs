//! The errors of read models.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use super::{Deployment, Table};
use crate::event::Unstorable;
use crate::projection::{ChangesRefused, NotSetUp, Permanent};

/// The reason why a value does not fit a column, or a stored value does not fit a field. You meet it inside
/// [`ReadModelError::InvalidValue`], and when you implement [`ColumnType`](super::ColumnType).
///
/// ```
/// use eventsource::read_model::{ColumnType, Value};
///
/// let error = bool::from_value(Value::Int(1)).unwrap_err();
/// assert_eq!(error.to_string(), "1 does not fit the type of the field");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidValue(Cow<'static, str>);

impl InvalidValue {
    /// Creates the error with this reason. Used by implementations of [`ColumnType`](super::ColumnType).
    ///
    /// # Examples
    /// ```
    /// use eventsource::read_model::InvalidValue;
    ///
    /// assert_eq!(InvalidValue::new("it is negative").to_string(), "it is negative");
    /// ```
    pub fn new(reason: impl Into<Cow<'static, str>>) -> Self {
        Self(reason.into())
    }
}

/// A value that cannot be stored as JSON.
impl From<Unstorable> for InvalidValue {
    fn from(refused: Unstorable) -> Self {
        Self::new(format!("it could not be read back from JSON: {refused}"))
    }
}

/// A field of a model, and the reason why its value does not fit.
///
/// ```
/// use eventsource::read_model::{InvalidField, InvalidValue};
///
/// let error = InvalidField::new("total", InvalidValue::new("it is negative"));
/// assert_eq!(error.to_string(), "the field `total`: it is negative");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the field `{field}`: {reason}")]
#[non_exhaustive]
pub struct InvalidField {
    /// The name of the field.
    pub field: &'static str,
    /// The reason.
    pub reason: InvalidValue,
}

impl InvalidField {
    /// Creates the error of the field `field`. Used by implementations of [`ReadModel`](super::ReadModel).
    ///
    /// # Examples
    /// ```
    /// use eventsource::read_model::{InvalidField, InvalidValue};
    ///
    /// let error = InvalidField::new("total", InvalidValue::new("it is negative"));
    /// assert_eq!(error.field, "total");
    /// ```
    #[must_use]
    pub const fn new(field: &'static str, reason: InvalidValue) -> Self {
        Self { field, reason }
    }
}

/// The error of a read model.
///
/// If a handler returns it, the variant decides what happens to the event:
///
/// - [`Failed`](Self::Failed): the event is retried, and an outage of the database is waited out.
/// - [`Refused`](Self::Refused): its source is the error of the earlier change, and decides. So it is retried if that
///   error was `Failed`.
/// - [`NoTable`](Self::NoTable) and [`Mismatch`](Self::Mismatch): no event is the cause ([`NotSetUp`]), so the
///   subscription stops. Its state is [`Faulted`](crate::SubscriptionState::Faulted), and no dead letter is kept.
/// - All others are permanent: the event is not retried, and by default it becomes a dead letter.
///
/// Outside a handler, a web service can answer like this. During a rolling deployment a
/// [`Mismatch`](Self::Mismatch) is no fault: an instance of the other version can answer.
///
/// ```
/// use eventsource::ReadModelError;
///
/// fn status(error: &ReadModelError) -> u16 {
///     match error {
///         ReadModelError::CursorOfAnotherQuery { .. } => 400,
///         ReadModelError::InvalidValue { .. } => 400,
///         ReadModelError::Failed { .. } | ReadModelError::Mismatch { .. } => 503,
///         _ => 500,
///     }
/// }
/// # let error = ReadModelError::NoTable { table: "orders" };
/// # assert_eq!((status(&error), error.to_string().contains("`orders`")), (500, true));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum ReadModelError {
    /// A field has a value that cannot be stored. Change the value, or the type of the field.
    InvalidValue {
        /// The table.
        table: &'static str,
        /// The id of the row, if it is known.
        id: Option<String>,
        /// The field, and the reason.
        field: InvalidField,
    },
    /// [`Repository::save_checked`](crate::Repository::save_checked) expected another version of the row. Read the row
    /// and decide again in the same call of the handler: if the handler returns this error, it is permanent, because
    /// the same event would find the same row again.
    VersionConflict {
        /// The table.
        table: &'static str,
        /// The id of the row.
        id: String,
        /// The expected version; 0 means that no row was expected.
        expected: u64,
        /// The version that was found; 0 means that there is no row.
        found: u64,
    },
    /// A stored value does not fit its field, because another program wrote it. Repair the row, or rebuild the
    /// projection.
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column, and what is wrong with its value.
        what: String,
    },
    /// The table does not exist. Call `ensure_tables` before [`subscribe`](crate::SubscriptionManager::subscribe), or
    /// `create_table` for a table that no projection declares.
    NoTable {
        /// The table.
        table: &'static str,
    },
    /// The table does not match the model. It is found at the first use of a table, and after a statement failed
    /// because the table has changed. Rebuild the projection, or deploy the version of the program that built the
    /// table. During a [rolling deployment](crate::guide::deployment), send readers to the other version.
    Mismatch {
        /// The table.
        table: &'static str,
        /// How it differs.
        differences: Vec<String>,
        /// The version of the program that built the table.
        deployment: Deployment,
    },
    /// The table cannot be replaced by its next generation, which a rebuild side by side builds, because other objects
    /// of the database depend on it. Drop them first, and create them again afterwards.
    Dependents {
        /// The table.
        table: &'static str,
        /// The objects, in words.
        dependents: Vec<String>,
    },
    /// The database refused a change, because it violates a constraint of the table. Change the row or the constraint.
    /// No call of a handler returns it: the changes are written later, so you find it in the dead letter of the event.
    Constraint {
        /// The table.
        table: &'static str,
        /// The message of the database.
        message: String,
    },
    /// The database refused earlier changes of the same batch. Return the error from the handler. If the handler
    /// ignores it, the commit of the batch fails for the same reason.
    Refused(ChangesRefused),
    /// The database failed. A retry may help; the source says why it failed.
    Failed {
        /// The table.
        table: &'static str,
        /// What was tried, such as `read`.
        action: &'static str,
        /// The cause.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A query has the cursor of another table or another order. Begin with the first page.
    CursorOfAnotherQuery {
        /// The table of the query.
        table: &'static str,
        /// The table and the order of the cursor.
        cursor: String,
        /// The table and the order of the query.
        query: String,
    },
    /// The repository cannot use the connection of its batch: the batch has ended, code that calls
    /// [`Inject`](crate::Inject) itself still holds the connection, or a handler cancelled a call of a repository while
    /// rows were being written (`select!`, a time limit). Only the last one can happen in a `#[projection]`, which
    /// borrows its repositories: let the call end.
    NotLent {
        /// Why it cannot be used.
        reason: String,
    },
}

impl ReadModelError {
    /// Creates a mismatch without knowledge of the deployment.
    pub(crate) fn mismatch(table: &Table, differences: Vec<String>) -> Self {
        Self::Mismatch { table: table.name, differences, deployment: Deployment::Unknown }
    }

    /// Creates the error of a batch that has no connection for the repository.
    pub(crate) fn not_lent(reason: impl fmt::Display) -> Self {
        Self::NotLent { reason: reason.to_string() }
    }
}

impl fmt::Display for ReadModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidValue { table, id: Some(id), field } => {
                write!(f, "the row {id} of `{table}` cannot be stored: {field}")
            }
            Self::InvalidValue { table, id: None, field } => {
                write!(f, "a value for `{table}` cannot be stored: {field}")
            }
            Self::VersionConflict { table, id, expected: 0, found } => {
                write!(f, "no row {id} of `{table}` was expected, but there is one with the version {found}")
            }
            Self::VersionConflict { table, id, expected, found: 0 } => {
                write!(f, "the row {id} of `{table}` was expected to have the version {expected}, but does not exist")
            }
            Self::VersionConflict { table, id, expected, found } => {
                write!(f, "the row {id} of `{table}` was expected to have the version {expected}, but has {found}")
            }
            Self::Corrupt { table, what } => {
                write!(f, "the table `{table}` has a value that does not fit its model: {what}")
            }
            Self::NoTable { table } => {
                write!(f, "there is no table `{table}`: create it, with `create_table` or by hand")
            }
            Self::Mismatch { table, differences, deployment } => {
                write!(f, "the table `{table}` does not match its model: {}{deployment}", differences.join("; "))
            }
            Self::Dependents { table, dependents } => write!(
                f,
                "the table `{table}` cannot be replaced by another generation, because of {}: drop that first, and create \
                 it again afterwards; or rebuild in place (`SubscriptionHandle::rebuild`, `OnChange::Rebuild`), which keeps \
                 the table if its columns stay the same",
                dependents.join(", ")
            ),
            Self::Constraint { table, message } => write!(f, "the table `{table}` refuses a change: {message}"),
            Self::Refused(_) => f.write_str("earlier changes of the batch were refused"),
            Self::Failed { table, action, .. } => write!(f, "could not {action} `{table}`"),
            Self::CursorOfAnotherQuery { cursor, query, .. } => {
                write!(f, "the cursor belongs to {cursor}, but the query asks for {query}: begin with the first page")
            }
            Self::NotLent { reason } => f.write_str(reason),
        }
    }
}

impl Error for ReadModelError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Refused(refused) => Some(refused),
            Self::Failed { source, .. } => Some(&**source),
            Self::NoTable { .. } | Self::Mismatch { .. } => Some(&NotSetUp),
            _ => Some(&Permanent),
        }
    }
}
