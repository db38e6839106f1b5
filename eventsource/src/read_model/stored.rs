//! A row with its version and times.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{ReadModel, ReadModelError, Table, Value};

/// A row as a database stores it. It can be stored as one value, by serde, or column by column.
///
/// ```
/// use eventsource::event::now;
/// use eventsource::read_model::Value;
/// use eventsource::read_model::port::Row;
///
/// let row = Row::new(vec![Value::Int(7), Value::Text("shipped".into())], now());
/// assert_eq!(row.version, 1);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Row {
    /// The values of the model's columns.
    pub values: Vec<Value>,
    /// How often the row was changed, from 1.
    pub version: u64,
    /// The time of the event that created it.
    pub created_at: DateTime<Utc>,
    /// The time of the event that changed it last.
    pub updated_at: DateTime<Utc>,
    /// The time of the event that soft-deleted it.
    pub deleted_at: Option<DateTime<Utc>>,
}

impl Row {
    /// Creates a row that is saved for the first time: its version is 1.
    #[must_use]
    pub const fn new(values: Vec<Value>, time: DateTime<Utc>) -> Self {
        Self { values, version: 1, created_at: time, updated_at: time, deleted_at: None }
    }

    /// Returns the value of the column with this index among all columns of the table.
    #[must_use]
    pub fn value(&self, column: usize) -> Cow<'_, Value> {
        match self.values.get(column) {
            Some(value) => Cow::Borrowed(value),
            None => Cow::Owned(match column - self.values.len() {
                0 => Value::Int(i64::try_from(self.version).unwrap_or(i64::MAX)),
                1 => Value::Timestamp(self.created_at),
                2 => Value::Timestamp(self.updated_at),
                _ => self.deleted_at.map_or(Value::Null, Value::Timestamp),
            }),
        }
    }

    /// Returns this row, written over `stored`: with the sum of both versions, the time of the creation and the soft
    /// deletion of `stored`. Returns it as it is if there is none.
    ///
    /// # Examples
    /// ```
    /// use eventsource::event::now;
    /// use eventsource::read_model::port::Row;
    ///
    /// let (stored, saved) = (Row::new(vec![], now()), Row::new(vec![], now()));
    /// assert_eq!(saved.onto(Some(stored)).version, 2);
    /// ```
    #[must_use]
    pub fn onto(self, stored: Option<Self>) -> Self {
        match stored {
            Some(Self { version, created_at, deleted_at, .. }) => {
                Self { version: version.saturating_add(self.version), created_at, deleted_at, ..self }
            }
            None => self,
        }
    }

    /// Returns the id.
    #[must_use]
    pub fn id(&self, table: &Table) -> Value {
        self.value(table.id).into_owned()
    }

    /// Converts the row into the model.
    pub(crate) fn model<M: ReadModel>(self) -> Result<M, ReadModelError> {
        M::from_values(self.values)
            .map_err(|error| ReadModelError::Corrupt { table: M::TABLE.name, what: error.to_string() })
    }
}

/// A row with its version and times. It dereferences to the row.
///
/// [`ReadRepository::get_stored`](super::ReadRepository::get_stored) and
/// [`find_stored`](super::ReadRepository::find_stored) return it. `get_stored` also returns soft-deleted rows: check
/// [`deleted_at`](Self::deleted_at).
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use eventsource::read_model::{ReadModel, ReadModelError, ReadRepository};
///
/// #[derive(ReadModel)]
/// struct OrderRow {
///     #[read_model(id)]
///     id: u64,
/// }
///
/// async fn show(orders: &ReadRepository<OrderRow>, id: u64) -> Result<(), ReadModelError> {
///     match orders.get_stored(id).await? {
///         Some(order) if order.deleted_at().is_none() => {
///             println!("ETag: {}", order.version());
///             println!("created {}, changed {}", order.created_at(), order.updated_at());
///             let order: OrderRow = order.into_inner();
///             println!("the order {}", order.id);
///         }
///         _ => println!("404 Not Found"),
///     }
///     Ok(())
/// }
/// # }
/// ```
#[derive(Clone, PartialEq)]
pub struct Stored<M> {
    model: M,
    row: Row,
}

impl<M: ReadModel> Stored<M> {
    pub(crate) fn new(row: Row) -> Result<Self, ReadModelError> {
        Ok(Self { model: row.clone().model()?, row })
    }

    pub(crate) const fn row(&self) -> &Row {
        &self.row
    }
}

impl<M> Stored<M> {
    /// Returns the row without its version and times.
    pub fn into_inner(self) -> M {
        self.model
    }

    /// Returns the version: how often the row was saved, soft-deleted or restored, from 1. An event that saves it twice
    /// counts twice, although the row is written once. After a deletion, the next save begins at 1 again.
    ///
    /// A rebuild gives the same version if it applies the same events with the same code. It can be another one if an
    /// event was skipped or dismissed before.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.row.version
    }

    /// Returns the time of the event that created it
    /// ([`RecordedEvent::occurred_at`](crate::RecordedEvent::occurred_at)).
    #[must_use]
    pub const fn created_at(&self) -> DateTime<Utc> {
        self.row.created_at
    }

    /// Returns the time (`occurred_at`) of the event that changed it last.
    #[must_use]
    pub const fn updated_at(&self) -> DateTime<Utc> {
        self.row.updated_at
    }

    /// Returns the time (`occurred_at`) of the event that soft-deleted it; `None` if it is not soft-deleted.
    #[must_use]
    pub const fn deleted_at(&self) -> Option<DateTime<Utc>> {
        self.row.deleted_at
    }
}

impl<M> Deref for Stored<M> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.model
    }
}

impl<M: fmt::Debug> fmt::Debug for Stored<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stored")
            .field("model", &self.model)
            .field("version", &self.row.version)
            .field("created_at", &self.row.created_at)
            .field("updated_at", &self.row.updated_at)
            .field("deleted_at", &self.row.deleted_at)
            .finish()
    }
}

/// Marks the type that a generic item is about, without owning a value of it.
pub(crate) type About<M> = PhantomData<fn() -> M>;
