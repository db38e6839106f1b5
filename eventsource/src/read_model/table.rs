//! A table, as its model describes it.

use std::fmt;

use super::{Unfit, UnfitField, Value};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ColumnKind {
    /// A truth value.
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
    /// A time, to the microsecond.
    Timestamp,
    /// A day.
    Date,
    /// A decimal number.
    Decimal,
    /// A JSON text.
    Json,
    /// Bytes.
    Bytes,
}

impl ColumnKind {
    /// Whether a column of this kind holds `value`; any kind may hold null.
    pub(crate) const fn holds(self, value: &Value) -> bool {
        match value {
            Value::Null => true,
            Value::Bool(_) => matches!(self, Self::Bool),
            Value::Int(_) => matches!(self, Self::I16 | Self::I32 | Self::I64),
            Value::Float(_) => matches!(self, Self::F32 | Self::F64),
            Value::Text(_) => matches!(self, Self::Text),
            Value::Uuid(_) => matches!(self, Self::Uuid),
            Value::Timestamp(_) => matches!(self, Self::Timestamp),
            Value::Date(_) => matches!(self, Self::Date),
            Value::Decimal(_) => matches!(self, Self::Decimal),
            Value::Json(_) => matches!(self, Self::Json),
            Value::Bytes(_) => matches!(self, Self::Bytes),
        }
    }
}

/// A column, as its field describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ColumnDef {
    /// Its name.
    pub name: &'static str,
    /// The name of the field.
    pub field: &'static str,
    /// What it holds.
    pub kind: ColumnKind,
    /// Whether it may be null.
    pub nullable: bool,
    /// Whether it has an index.
    pub indexed: bool,
}

impl ColumnDef {
    /// A column without an index.
    #[must_use]
    pub const fn new(name: &'static str, field: &'static str, kind: ColumnKind, nullable: bool) -> Self {
        Self { name, field, kind, nullable, indexed: false }
    }

    /// Refuses a value of another kind, which a [`ColumnType`](super::ColumnType) of somebody's own may make.
    pub(crate) fn check_kind(&self, value: &Value) -> Result<(), UnfitField> {
        if self.kind.holds(value) {
            return Ok(());
        }
        let reason = format!("its type makes {value} of it, for a column of the kind {:?}", self.kind);
        Err(UnfitField::new(self.field, Unfit::new(reason)))
    }

    /// The same with an index, or without one.
    #[must_use]
    pub const fn indexed(mut self, indexed: bool) -> Self {
        self.indexed = indexed;
        self
    }
}

/// The columns that every table has beside those of its model, in their order.
const FRAMEWORK: [ColumnDef; 4] = [
    ColumnDef::new("version", "version", ColumnKind::I64, false),
    ColumnDef::new("created_at", "created_at", ColumnKind::Timestamp, false),
    ColumnDef::new("updated_at", "updated_at", ColumnKind::Timestamp, false),
    ColumnDef::new("deleted_at", "deleted_at", ColumnKind::Timestamp, true),
];

/// A table, as its model describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// The columns of the model's fields, in their order.
    pub columns: &'static [ColumnDef],
    /// Which of them is the id.
    pub id: usize,
}

impl Table {
    /// The table `name`, with the id in the column with the index `id`.
    #[must_use]
    pub const fn new(name: &'static str, columns: &'static [ColumnDef], id: usize) -> Self {
        Self { name, columns, id }
    }

    /// All columns: those of the model, then `version`, `created_at`, `updated_at` and `deleted_at`.
    pub fn all_columns(&self) -> impl Iterator<Item = &ColumnDef> + Clone {
        self.columns.iter().chain(&FRAMEWORK)
    }

    /// The column with this index among all.
    #[must_use]
    pub fn column(&self, index: usize) -> Option<&ColumnDef> {
        self.columns.get(index).or_else(|| FRAMEWORK.get(index.checked_sub(self.columns.len())?))
    }

    /// The name of the column with the id.
    #[must_use]
    pub fn id_column(&self) -> &'static str {
        self.columns.get(self.id).map_or("id", |column| column.name)
    }

    /// The index of `deleted_at`.
    pub(crate) const fn deleted_at(&self) -> usize {
        self.columns.len() + 3
    }

    /// The name of the index on the column `column`.
    #[must_use]
    pub fn index_name(&self, column: &str) -> String {
        format!("{}_{column}_idx", self.name)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
