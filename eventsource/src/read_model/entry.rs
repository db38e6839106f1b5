//! What a batch knows about one row, and how it has changed it.

use chrono::{DateTime, Utc};

use super::Value;
use super::stored::Row;

/// What a batch knows about one row, and how it has changed it.
#[derive(Debug)]
pub(crate) enum Entry {
    /// As in the table; `None` if there is no row.
    Clean(Option<Row>),
    /// Read and then changed. `found` is the version that was read; `None` if no row was found.
    Changed { row: Row, found: Option<u64> },
    /// Saved without having been read. Its version counts the saves.
    Blind(Row),
    /// Deleted.
    Gone,
    /// Deleted, and then saved as a new row.
    Replaced(Row),
}

impl Entry {
    /// Returns whether it is known what is in the table; otherwise it must be read first.
    pub(crate) const fn is_known(&self) -> bool {
        !matches!(self, Self::Blind(_))
    }

    /// Returns the row, as far as it is known.
    pub(crate) const fn row(&self) -> Option<&Row> {
        match self {
            Self::Clean(row) => row.as_ref(),
            Self::Changed { row, .. } | Self::Replaced(row) | Self::Blind(row) => Some(row),
            Self::Gone => None,
        }
    }

    /// Returns the entry after a save of `values` at `time`; `before` is what was known.
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

    /// Returns the entry after a deletion.
    pub(crate) fn deleted(before: Option<Self>) -> Self {
        match before {
            Some(Self::Clean(None) | Self::Changed { found: None, .. }) => Self::Clean(None),
            _ => Self::Gone,
        }
    }

    /// Returns the entry after a soft deletion or a restoration at `time`.
    pub(crate) fn marked(self, mark: Option<DateTime<Utc>>, time: DateTime<Utc>) -> Self {
        let marked = |row: Row| Row { version: row.version + 1, updated_at: time, deleted_at: mark, ..row };
        match self {
            Self::Clean(Some(row)) => Self::Changed { found: Some(row.version), row: marked(row) },
            Self::Changed { row, found } => Self::Changed { row: marked(row), found },
            Self::Replaced(row) => Self::Replaced(marked(row)),
            other => other,
        }
    }

    /// Returns the entry after the table was read and `found` was in it.
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

    /// Returns the entry after it was written; `None` if the row must be read to be known.
    pub(crate) fn written(self) -> Option<Self> {
        match self {
            Self::Blind(_) => None,
            Self::Changed { row, .. } | Self::Replaced(row) => Some(Self::Clean(Some(row))),
            Self::Gone => Some(Self::Clean(None)),
            clean @ Self::Clean(_) => Some(clean),
        }
    }
}
