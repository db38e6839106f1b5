//! A stored event's row, read column by column.

use std::fmt::Display;

use sqlx::{ColumnIndex, Decode, Row, Type};

use super::Failure;
use crate::event::Metadata;

/// A row of events, whose troubles name its position.
pub(crate) struct EventRow<'r, R> {
    row: &'r R,
    position: i64,
}

impl<'r, R: Row> EventRow<'r, R>
where
    usize: ColumnIndex<R>,
{
    /// A row whose first column is the position.
    pub(crate) fn new(row: &'r R) -> Result<Self, Failure>
    where
        i64: Decode<'r, R::Database> + Type<R::Database>,
    {
        Ok(Self { row, position: row.try_get(0)? })
    }

    pub(crate) fn position(&self) -> Result<u64, Failure> {
        self.unsigned(self.position, "position")
    }

    pub(crate) fn get<T>(&self, index: usize, column: &str) -> Result<T, Failure>
    where
        T: Decode<'r, R::Database> + Type<R::Database>,
    {
        self.row.try_get(index).map_err(|error| self.corrupt(column, error))
    }

    /// The metadata, which is JSON, or nothing where it is empty.
    pub(crate) fn metadata(&self, index: usize) -> Result<Metadata, Failure>
    where
        Option<&'r str>: Decode<'r, R::Database> + Type<R::Database>,
    {
        match self.get::<Option<&'r str>>(index, "metadata")? {
            None => Ok(Metadata::new()),
            Some(json) => serde_json::from_str(json).map_err(|error| self.corrupt("metadata", error)),
        }
    }

    /// The size of the event, in bytes.
    #[cfg_attr(not(feature = "sqlite"), allow(dead_code, reason = "pages of PostgreSQL are measured by the server"))]
    pub(crate) fn size(&self, index: usize) -> Result<usize, Failure>
    where
        i64: Decode<'r, R::Database> + Type<R::Database>,
    {
        let size = self.unsigned(self.get(index, "payload")?, "payload")?;
        Ok(usize::try_from(size).unwrap_or(usize::MAX))
    }

    pub(crate) fn unsigned(&self, value: i64, column: &str) -> Result<u64, Failure> {
        u64::try_from(value).map_err(|error| self.corrupt(column, error))
    }

    pub(crate) fn corrupt(&self, column: &str, error: impl Display) -> Failure {
        Failure::Corrupt(format!("the event at position {}, column `{column}`: {error}", self.position))
    }
}
