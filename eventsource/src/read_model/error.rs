//! How a read model cannot be read or written.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use super::{Deployment, Table};
use crate::event::Unstorable;
use crate::projection::{ChangesRefused, NotSetUp, Permanent};

/// Why a value does not fit a column, or a column's value a field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidValue(Cow<'static, str>);

impl InvalidValue {
    /// For this reason.
    pub fn new(reason: impl Into<Cow<'static, str>>) -> Self {
        Self(reason.into())
    }
}

/// Of a value in JSON.
impl From<Unstorable> for InvalidValue {
    fn from(refused: Unstorable) -> Self {
        Self::new(format!("as JSON it could not be read again: {refused}"))
    }
}

/// Which field of a model it is, and why its value does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the field `{field}`: {reason}")]
#[non_exhaustive]
pub struct InvalidField {
    /// The field.
    pub field: &'static str,
    /// Why not.
    pub reason: InvalidValue,
}

impl InvalidField {
    /// The field `field`, because of `reason`.
    #[must_use]
    pub const fn new(field: &'static str, reason: InvalidValue) -> Self {
        Self { field, reason }
    }
}

/// How a read model cannot be read or written.
///
/// In a handler it is a permanent failure where trying again cannot help: all but [`ReadModelError::Failed`], and what
/// was [`ReadModelError::Refused`] because of that. A table that is not there or does not match is no event's failure:
/// the subscription faults ([`NotSetUp`]).
#[derive(Debug)]
#[non_exhaustive]
pub enum ReadModelError {
    /// A field has a value that cannot be stored.
    InvalidValue {
        /// The table.
        table: &'static str,
        /// The row, where it is known.
        id: Option<String>,
        /// The field, and why.
        field: InvalidField,
    },
    /// A row that was to be saved has another version than it was expected to have.
    VersionConflict {
        /// The table.
        table: &'static str,
        /// The row.
        id: String,
        /// The version that was expected; 0 where there was to be no row.
        expected: u64,
        /// The version that was found; 0 where there is no row.
        found: u64,
    },
    /// A stored value is none of its field's.
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column, and what is wrong with its value.
        what: String,
    },
    /// There is no such table.
    NoTable {
        /// The table.
        table: &'static str,
    },
    /// The table is another one than the model describes.
    Mismatch {
        /// The table.
        table: &'static str,
        /// What differs.
        differences: Vec<String>,
        /// Which version of the program the table is from.
        deployment: Deployment,
    },
    /// The table cannot be replaced by one with other rows or columns, because of what depends on it.
    Dependents {
        /// The table.
        table: &'static str,
        /// What depends on it, in words.
        dependents: Vec<String>,
    },
    /// The database refused what would break a rule of the table's.
    Constraint {
        /// The table.
        table: &'static str,
        /// What the database says.
        message: String,
    },
    /// What handlers had changed before could not be written.
    Refused(ChangesRefused),
    /// The database failed.
    Failed {
        /// The table.
        table: &'static str,
        /// What was being done.
        action: &'static str,
        /// What it says.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A query was given the cursor of another table, or of another order.
    CursorOfAnotherQuery {
        /// The table of the query.
        table: &'static str,
        /// The table and the order for which the cursor was made.
        cursor: String,
        /// The table and the order of the query.
        query: String,
    },
    /// The repository was used when its batch had ended, or while the batch's connection was lent to somebody else.
    NotLent {
        /// Why it cannot be used.
        reason: String,
    },
}

impl ReadModelError {
    /// Refuses to replace the table where something depends on it.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) fn refuse_dependents(table: &Table, dependents: Vec<String>) -> Result<(), Self> {
        if dependents.is_empty() { Ok(()) } else { Err(Self::Dependents { table: table.name, dependents }) }
    }

    /// The table differs so from its model, and nothing is known of its deployment.
    pub(crate) fn mismatch(table: &Table, differences: Vec<String>) -> Self {
        Self::Mismatch { table: table.name, differences, deployment: Deployment::Unknown }
    }

    /// The batch has no connection for the repository, for this reason.
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
                write!(f, "the row {id} of `{table}` was expected not to be there, but has the version {found}")
            }
            Self::VersionConflict { table, id, expected, found: 0 } => {
                write!(f, "the row {id} of `{table}` was expected to have the version {expected}, but is not there")
            }
            Self::VersionConflict { table, id, expected, found } => {
                write!(f, "the row {id} of `{table}` was expected to have the version {expected}, but has {found}")
            }
            Self::Corrupt { table, what } => write!(f, "the table `{table}` holds what its model does not: {what}"),
            Self::NoTable { table } => {
                write!(f, "there is no table `{table}`: create it, with `create_table` or by hand")
            }
            Self::Mismatch { table, differences, deployment } => {
                write!(f, "the table `{table}` does not match its model: {}{deployment}", differences.join("; "))
            }
            Self::Dependents { table, dependents } => write!(
                f,
                "the table `{table}` cannot be replaced by another generation, because of {}: drop that first, and create \
                 it again afterwards; a rebuild in place (`SubscriptionHandle::rebuild`, `OnChange::Rebuild`) keeps the \
                 table as long as its columns stay the same",
                dependents.join(", ")
            ),
            Self::Constraint { table, message } => write!(f, "the table `{table}` refuses a change: {message}"),
            Self::Refused(refused) => refused.fmt(f),
            Self::Failed { table, action, source } => write!(f, "could not {action} `{table}`: {source}"),
            Self::CursorOfAnotherQuery { cursor, query, .. } => {
                write!(f, "the cursor belongs to {cursor}, and the query asks for {query}: begin with the first page")
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
