//! What a batch knows of one row, and what it has done to it.

use chrono::{DateTime, Utc};

use super::Value;
use super::stored::Row;

/// What a batch knows of one row, and what it has done to it.
#[derive(Debug)]
pub(crate) enum Entry {
    /// As in the table; `None` where it is not there.
    Clean(Option<Row>),
    /// Read and then changed, where it had the version `found`, or made where none was found.
    Changed { row: Row, found: Option<u64> },
    /// Saved without having been read: its version counts the saves.
    Blind(Row),
    /// Deleted.
    Gone,
    /// Deleted, and made anew.
    Replaced(Row),
}

impl Entry {
    /// Whether it has to be read before it can be told what is there.
    pub(crate) const fn is_known(&self) -> bool {
        !matches!(self, Self::Blind(_))
    }

    /// The row, as far as it is known.
    pub(crate) const fn row(&self) -> Option<&Row> {
        match self {
            Self::Clean(row) => row.as_ref(),
            Self::Changed { row, .. } | Self::Replaced(row) | Self::Blind(row) => Some(row),
            Self::Gone => None,
        }
    }

    /// After a save of `values` at `time`, where `before` is what was known.
    pub(crate) fn saved(before: Option<Self>, values: Vec<Value>, time: DateTime<Utc>) -> Self {
        let again = |row: Row, values| Row { values, version: row.version + 1, updated_at: time, ..row };
        match before {
            None => Self::Blind(Row::new(values, time)),
            Some(Self::Clean(None)) => Self::Changed { row: Row::new(values, time), found: None },
            Some(Self::Clean(Some(row))) => Self::Changed { found: Some(row.version), row: again(row, values) },
            Some(Self::Changed { row, found }) => Self::Changed { row: again(row, values), found },
            Some(Self::Blind(row)) => Self::Blind(again(row, values)),
            Some(Self::Gone) => Self::Replaced(Row::new(values, time)),
            Some(Self::Replaced(row)) => Self::Replaced(again(row, values)),
        }
    }

    /// After a deletion.
    pub(crate) fn deleted(before: Option<Self>) -> Self {
        match before {
            Some(Self::Clean(None) | Self::Changed { found: None, .. }) => Self::Clean(None),
            _ => Self::Gone,
        }
    }

    /// After `mark` has changed when the row was soft-deleted, at `time`.
    pub(crate) fn marked(self, mark: Option<DateTime<Utc>>, time: DateTime<Utc>) -> Self {
        let marked = |row: Row| Row { version: row.version + 1, updated_at: time, deleted_at: mark, ..row };
        match self {
            Self::Clean(Some(row)) => Self::Changed { found: Some(row.version), row: marked(row) },
            Self::Changed { row, found } => Self::Changed { row: marked(row), found },
            Self::Replaced(row) => Self::Replaced(marked(row)),
            other => other,
        }
    }

    /// After the table was read, where it holds `found`.
    pub(crate) fn read(before: Option<Self>, found: Option<Row>) -> Self {
        match (before, found) {
            (None, found) => Self::Clean(found),
            (Some(Self::Blind(row)), None) => Self::Changed { row, found: None },
            (Some(Self::Blind(row)), Some(found)) => {
                let Row { version, created_at, deleted_at, .. } = found;
                let row = Row { version: version + row.version, created_at, deleted_at, ..row };
                Self::Changed { row, found: Some(version) }
            }
            (Some(known), _) => known,
        }
    }

    /// After it was written. `None` where it has to be read to be known.
    pub(crate) fn written(self) -> Option<Self> {
        match self {
            Self::Blind(_) => None,
            Self::Changed { row, .. } | Self::Replaced(row) => Some(Self::Clean(Some(row))),
            Self::Gone => Some(Self::Clean(None)),
            clean @ Self::Clean(_) => Some(clean),
        }
    }
}
