//! A table of a read model: its name and its columns.

use std::fmt;

/// The type of a column's values.
///
/// ```
/// use eventsource::read_model::{ColumnKind, ColumnType};
///
/// assert_eq!(<u32 as ColumnType>::KIND, ColumnKind::I64);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ColumnKind {
    /// `true` or `false`.
    Bool,
    /// An integer of 16 bits.
    I16,
    /// An integer of 32 bits.
    I32,
    /// An integer of 64 bits.
    I64,
    /// A float of 32 bits.
    F32,
    /// A float of 64 bits.
    F64,
    /// A text.
    Text,
    /// A UUID.
    Uuid,
    /// A time, with microseconds.
    Timestamp,
    /// A day.
    Date,
    /// A decimal number.
    #[cfg(feature = "decimal")]
    Decimal,
    /// A JSON text.
    Json,
    /// Bytes.
    Bytes,
}

/// A column of a read model, one for each field.
///
/// ```
/// use eventsource::read_model::{ColumnDef, ColumnKind};
///
/// const TOTAL: ColumnDef = ColumnDef::new("total", "total", ColumnKind::I64, false).indexed(true);
/// assert!(TOTAL.indexed && !TOTAL.nullable);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ColumnDef {
    /// The name of the column.
    pub name: &'static str,
    /// The name of the struct's field.
    pub field: &'static str,
    /// The type of its values.
    pub kind: ColumnKind,
    /// Whether it may be null.
    pub nullable: bool,
    /// Whether it has an index.
    pub indexed: bool,
}

impl ColumnDef {
    /// Creates a column without an index.
    #[must_use]
    pub const fn new(name: &'static str, field: &'static str, kind: ColumnKind, nullable: bool) -> Self {
        Self { name, field, kind, nullable, indexed: false }
    }

    /// Sets whether the column has an index.
    #[must_use]
    pub const fn indexed(mut self, indexed: bool) -> Self {
        self.indexed = indexed;
        self
    }
}

/// The columns that every table has in addition to those of its model, in this order.
const FRAMEWORK: [ColumnDef; 4] = [
    ColumnDef::new("version", "version", ColumnKind::I64, false),
    ColumnDef::new("created_at", "created_at", ColumnKind::Timestamp, false),
    ColumnDef::new("updated_at", "updated_at", ColumnKind::Timestamp, false),
    ColumnDef::new("deleted_at", "deleted_at", ColumnKind::Timestamp, true),
];

/// The table of a read model. `#[derive(ReadModel)]` generates it as `OrderRow::TABLE`.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use eventsource::read_model::ReadModel;
///
/// #[derive(ReadModel)]
/// struct OrderRow {
///     #[read_model(id)]
///     id: u64,
/// }
///
/// assert_eq!((OrderRow::TABLE.name, OrderRow::TABLE.id_column()), ("order_row", "id"));
/// assert_eq!(OrderRow::TABLE.all_columns().count(), 5);
/// assert_eq!(OrderRow::TABLE.column(1).map(|column| column.name), Some("version"));
/// assert_eq!(OrderRow::TABLE.index_name("total"), "order_row_total_idx");
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Table {
    /// The name of the table.
    pub name: &'static str,
    /// The columns of the model's fields, in their order.
    pub columns: &'static [ColumnDef],
    /// The index of the id in `columns`.
    pub id: usize,
}

impl Table {
    /// Creates the table `name`, whose id is the column with the index `id`.
    #[must_use]
    pub const fn new(name: &'static str, columns: &'static [ColumnDef], id: usize) -> Self {
        Self { name, columns, id }
    }

    /// Returns all columns: those of the model, then `version`, `created_at`, `updated_at` and `deleted_at`.
    pub fn all_columns(&self) -> impl Iterator<Item = &ColumnDef> + Clone {
        self.columns.iter().chain(&FRAMEWORK)
    }

    /// Returns the column at `index` in [`all_columns`](Self::all_columns), from 0; `None` after the last one.
    #[must_use]
    pub fn column(&self, index: usize) -> Option<&ColumnDef> {
        self.columns.get(index).or_else(|| FRAMEWORK.get(index.checked_sub(self.columns.len())?))
    }

    /// Returns the name of the id column.
    #[must_use]
    pub fn id_column(&self) -> &'static str {
        self.columns.get(self.id).map_or("id", |column| column.name)
    }

    /// Returns the index of `deleted_at`.
    pub(crate) const fn deleted_at(&self) -> usize {
        self.columns.len() + 3
    }

    /// Returns the name of the index on the column `column`.
    #[must_use]
    pub fn index_name(&self, column: &str) -> String {
        Self::index_name_of(self.name, column)
    }

    /// Returns the name of the index on `column` of the table `name`.
    pub(crate) fn index_name_of(name: &str, column: &str) -> String {
        format!("{name}_{column}_idx")
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
