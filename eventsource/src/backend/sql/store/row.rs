//! Reads the row of a stored event, column by column.
//!
//! A column that cannot be read gets a default, and the event says so ([`Unreadable`]). It is a failure of that event,
//! and not of the log.

use std::fmt::Display;

use sqlx::{ColumnIndex, Decode, Row, Type, ValueRef as _};

use super::Failure;
use crate::event::{Metadata, RecordedEvent, RecordedParts, Slice, Unreadable};

/// A row of events.
pub(crate) struct EventRow<'r, R> {
    row: &'r R,
    position: i64,
    unreadable: Option<Unreadable>,
}

/// A row that can show a value of any type, for values that do not have the type of their column.
pub(crate) trait RawRow: Row
where
    usize: ColumnIndex<Self>,
{
    /// Returns the value as text.
    fn raw_text(&self, index: usize) -> String;
}

impl<'r, R: RawRow> EventRow<'r, R>
where
    usize: ColumnIndex<R>,
{
    /// Creates a reader for a row whose first column is the position.
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

    /// Returns the value of a column, or the default of its type if it cannot be read.
    #[cfg(feature = "postgres")]
    pub(crate) fn get<T>(&mut self, index: usize, column: &'static str) -> T
    where
        T: Decode<'r, R::Database> + Type<R::Database> + Default,
    {
        self.row.try_get(index).unwrap_or_else(|error| self.note(index, column, &error))
    }

    /// Returns the text of a column. An invalid text is returned as far as it is readable.
    pub(crate) fn text(&mut self, index: usize, column: &'static str) -> String
    where
        String: Decode<'r, R::Database> + Type<R::Database>,
    {
        self.row.try_get(index).unwrap_or_else(|error| {
            self.note::<()>(index, column, &error);
            self.row.raw_text(index)
        })
    }

    /// Returns the converted value of a column, or the default if it cannot be read or converted.
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

    /// Returns whether the column is null.
    pub(crate) fn is_null(&self, index: usize) -> Result<bool, Failure> {
        Ok(self.row.try_get_raw(index)?.is_null())
    }

    /// Returns a number that the store itself needs to continue reading. It is an error if it cannot be read.
    pub(crate) fn number<T>(&self, index: usize, column: &str) -> Result<u64, Failure>
    where
        T: Decode<'r, R::Database> + Type<R::Database> + TryInto<u64>,
    {
        let number: T = self.row.try_get(index)?;
        let bad = |_| Failure::Corrupt(format!("the event at position {}, column `{column}`", self.position));
        number.try_into().map_err(bad)
    }

    /// Returns the size of the event, in bytes.
    pub(crate) fn size<T>(&self, index: usize) -> Result<usize, Failure>
    where
        T: Decode<'r, R::Database> + Type<R::Database> + TryInto<u64>,
    {
        Ok(usize::try_from(self.number::<T>(index, "payload")?).unwrap_or(usize::MAX))
    }

    /// Returns the stored slice; `None` if it is null. Then the event computes it.
    pub(crate) fn slice<T>(&mut self, index: usize) -> Option<Slice>
    where
        Option<T>: Decode<'r, R::Database> + Type<R::Database>,
        T: TryInto<u16>,
    {
        self.converted(index, "slice", |stored: Option<T>| {
            let slice = |stored: T| stored.try_into().ok().and_then(Slice::new).ok_or("it is not a slice, 0 to 1023");
            stored.map(slice).transpose()
        })
    }

    /// Returns the metadata, which is JSON or null. `tenant` finds the tenant if the metadata cannot be read.
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
        read.unwrap_or_else(|(error, readable_tenant)| {
            let row = self.row;
            self.note::<()>(index, COLUMN, &error);
            readable_tenant.or_else(|| tenant(row)).map_or_else(Metadata::new, |tenant| Metadata::new().tenant(tenant))
        })
    }

    /// Builds the event.
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
