//! A stored event's row, read column by column.
//!
//! What cannot be read is noted, and the event comes with a default in its place: it is that event's failure, not the log's.

use std::fmt::Display;

use sqlx::{ColumnIndex, Decode, Row, Type, ValueRef as _};

use super::Failure;
use crate::event::{Metadata, RecordedEvent, RecordedParts, Unreadable};

/// A row of events.
pub(crate) struct EventRow<'r, R> {
    row: &'r R,
    position: i64,
    unreadable: Option<Unreadable>,
}

/// What a database's rows can tell of a value that is not of the type that its column should have.
pub(crate) trait RawRow: Row
where
    usize: ColumnIndex<Self>,
{
    /// The value as text.
    fn raw_text(&self, index: usize) -> String;
}

impl<'r, R: RawRow> EventRow<'r, R>
where
    usize: ColumnIndex<R>,
{
    /// A row whose first column is the position.
    pub(crate) fn new(row: &'r R) -> Result<Self, Failure>
    where
        i64: Decode<'r, R::Database> + Type<R::Database>,
    {
        Ok(Self { row, position: row.try_get(0)?, unreadable: None })
    }

    pub(crate) fn position(&self) -> Result<u64, Failure> {
        u64::try_from(self.position)
            .map_err(|_| Failure::Corrupt(format!("an event at the position {}", self.position)))
    }

    /// The column, or its type's default where it cannot be read.
    #[cfg(feature = "postgres")]
    pub(crate) fn get<T>(&mut self, index: usize, column: &'static str) -> T
    where
        T: Decode<'r, R::Database> + Type<R::Database> + Default,
    {
        self.row.try_get(index).unwrap_or_else(|error| self.note(index, column, &error))
    }

    /// The same of a text. One that is not text in the database's encoding is read as far as it goes.
    pub(crate) fn text(&mut self, index: usize, column: &'static str) -> String
    where
        String: Decode<'r, R::Database> + Type<R::Database>,
    {
        self.row.try_get(index).unwrap_or_else(|error| {
            self.note::<()>(index, column, &error);
            self.row.raw_text(index)
        })
    }

    /// The column, converted; the default where it cannot be.
    pub(crate) fn converted<T, V: Default, E: Display>(
        &mut self,
        index: usize,
        column: &'static str,
        convert: impl FnOnce(T) -> Result<V, E>,
    ) -> V
    where
        T: Decode<'r, R::Database> + Type<R::Database>,
    {
        match self.row.try_get(index) {
            Ok(value) => convert(value).unwrap_or_else(|error| self.note(index, column, &error)),
            Err(error) => self.note(index, column, &error),
        }
    }

    /// Whether the column is null.
    pub(crate) fn is_null(&self, index: usize) -> Result<bool, Failure> {
        Ok(self.row.try_get_raw(index)?.is_null())
    }

    /// A number by which the store itself goes on reading: without it nothing can be read.
    pub(crate) fn number<T>(&self, index: usize, column: &str) -> Result<u64, Failure>
    where
        T: Decode<'r, R::Database> + Type<R::Database> + TryInto<u64>,
    {
        let number: T = self.row.try_get(index)?;
        let bad = |_| Failure::Corrupt(format!("the event at position {}, column `{column}`", self.position));
        number.try_into().map_err(bad)
    }

    /// The size of the event, in bytes.
    #[cfg_attr(not(feature = "sqlite"), allow(dead_code, reason = "pages of PostgreSQL are measured by the server"))]
    pub(crate) fn size<T>(&self, index: usize) -> Result<usize, Failure>
    where
        T: Decode<'r, R::Database> + Type<R::Database> + TryInto<u64>,
    {
        Ok(usize::try_from(self.number::<T>(index, "payload")?).unwrap_or(usize::MAX))
    }

    /// The metadata, which is JSON, or nothing where it is empty. `tenant` is asked where it cannot be read.
    pub(crate) fn metadata(&mut self, index: usize, tenant: impl FnOnce(&R) -> Option<String>) -> Metadata
    where
        Option<&'r str>: Decode<'r, R::Database> + Type<R::Database>,
    {
        const COLUMN: &str = "metadata";
        let read = match self.row.try_get::<Option<&'r str>, _>(index) {
            Ok(None) => return Metadata::new(),
            Ok(Some(json)) => Metadata::from_stored(json).map_err(|(error, tenant)| (error.to_string(), tenant)),
            Err(error) => Err((error.to_string(), None)),
        };
        read.unwrap_or_else(|(error, told)| {
            let row = self.row;
            self.note::<()>(index, COLUMN, &error);
            told.or_else(|| tenant(row)).map_or_else(Metadata::new, |tenant| Metadata::new().tenant(tenant))
        })
    }

    /// The event with what was read.
    pub(crate) fn event(self, parts: RecordedParts) -> RecordedEvent {
        RecordedEvent::from(parts).with_unreadable(self.unreadable)
    }

    #[cold]
    fn note<T: Default>(&mut self, index: usize, column: &'static str, error: &dyn Display) -> T {
        if self.unreadable.is_none() {
            self.unreadable = Some(Unreadable::new(column, error, self.row.raw_text(index)));
        }
        T::default()
    }
}
