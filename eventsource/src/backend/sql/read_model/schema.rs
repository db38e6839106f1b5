//! The table of a model: how it is created, and how it is compared with the model.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::dialect::{Dialect, quoted};
use super::table_ref::{Generation, TableRef};
use crate::read_model::{ColumnDef, ReadModelError, Table};

/// What a table is used for, which decides what must match the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::backend) enum Use {
    /// Reading rows: every column of the model must exist. Other columns do not matter.
    Read,
    /// Writing rows: as `Read`, and an insert must not need a value for another column.
    Write,
    /// Exactly as the model describes it.
    Exact,
}

/// What happens to an existing table with other columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::backend) enum OfOther {
    IsRefused,
    /// It stays: another version of the projection built it.
    Stays,
}

impl OfOther {
    /// Returns whether the table stays, because it exists with other columns.
    pub(in crate::backend) fn stays(self, created: Result<(), ReadModelError>) -> Result<bool, ReadModelError> {
        match created {
            Ok(()) => Ok(false),
            Err(error @ ReadModelError::Mismatch { .. }) if self == Self::Stays => {
                tracing::info!(%error, "the table is left as it is: another version of the projection built it");
                Ok(true)
            }
            Err(error) => Err(error),
        }
    }
}

/// The tables of a database that match their models, each with the version of the schema at which it was checked. A
/// database without such versions uses `()`.
#[derive(Debug)]
pub(in crate::backend) struct Matching<V>(Mutex<Tables<V>>);

type Tables<V> = BTreeMap<(&'static str, Generation, Use), (TableRef, V)>;

impl<V> Default for Matching<V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<V: Copy> Matching<V> {
    fn tables(&self) -> MutexGuard<'_, Tables<V>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn key(table: TableRef, usage: Use) -> (&'static str, Generation, Use) {
        let (name, generation) = table.key();
        (name, generation, usage)
    }

    /// Returns the version of the schema at which the table matched, if it did.
    pub(in crate::backend) fn version(&self, table: TableRef, usage: Use) -> Option<V> {
        self.tables().get(&Self::key(table, usage)).filter(|(known, _)| *known == table).map(|(_, version)| *version)
    }

    /// Notes that the table matches at this version of the schema.
    pub(in crate::backend) fn add(&self, table: TableRef, usage: Use, version: V) {
        self.tables().insert(Self::key(table, usage), (table, version));
    }

    /// Forgets the table, so that it is checked before its next use.
    #[cfg(feature = "postgres")]
    pub(in crate::backend) fn forget(&self, table: TableRef) {
        self.tables().retain(|(name, generation, _), _| (*name, *generation) != table.key());
    }
}

/// Fails if something depends on the table, which would break when the table is replaced.
pub(in crate::backend) fn refuse_dependents(table: TableRef, dependents: Vec<String>) -> Result<(), ReadModelError> {
    if dependents.is_empty() {
        return Ok(());
    }
    Err(ReadModelError::Dependents { table: table.model().name, dependents })
}

/// A column as the database describes it.
pub(in crate::backend) struct Found {
    pub(in crate::backend) name: String,
    pub(in crate::backend) ty: String,
    pub(in crate::backend) never_null: bool,
    pub(in crate::backend) in_key: bool,
    /// Whether an insert must give it a value: it is NOT NULL and has no default.
    pub(in crate::backend) is_required: bool,
}

/// A row that describes a column: name, type, whether it is NOT NULL, whether it is in the primary key, and whether it
/// is required.
pub(in crate::backend) type FoundRow = (String, String, bool, bool, bool);

impl From<FoundRow> for Found {
    fn from((name, ty, never_null, in_key, is_required): FoundRow) -> Self {
        Self { name, ty, never_null, in_key, is_required }
    }
}

/// Returns how a table differs from its model, as far as `usage` needs it. Fails if there is no table, that is, no
/// column.
pub(in crate::backend) fn differences<D: Dialect>(
    table: TableRef,
    found: &[Found],
    usage: Use,
) -> Result<Vec<String>, ReadModelError> {
    let table = table.model();
    if found.is_empty() {
        return Err(ReadModelError::NoTable { table: table.name });
    }
    let mut differences = Vec::new();
    for column in table.all_columns() {
        match found.iter().find(|found| D::is_same_name(&found.name, column.name)) {
            Some(found) => differences.extend(difference::<D>(table, column, found)),
            None => differences.push(format!("the column `{}` {} is missing", column.name, D::type_name(column.kind))),
        }
    }
    for Found { name, ty, is_required, .. } in found {
        if table.all_columns().any(|column| D::is_same_name(column.name, name)) {
            continue;
        }
        match usage {
            Use::Exact => differences.push(format!("the column `{name}` {ty} is not in the model")),
            Use::Write if *is_required => differences
                .push(format!("the column `{name}` {ty} is not in the model, is NOT NULL and has no default")),
            Use::Read | Use::Write => {}
        }
    }
    Ok(differences)
}

fn difference<D: Dialect>(table: &Table, column: &ColumnDef, found: &Found) -> Option<String> {
    let (name, wanted) = (column.name, D::type_name(column.kind));
    let is_id = name == table.id_column();
    if !found.ty.eq_ignore_ascii_case(wanted) {
        return Some(format!("the column `{name}` is {}, not {wanted}", found.ty));
    }
    if is_id != found.in_key {
        let word = if is_id { "is not" } else { "is" };
        return Some(format!("the column `{name}` {word} in the primary key"));
    }
    if !is_id && column.nullable == found.never_null {
        let (is, should) = if column.nullable { ("NOT NULL", "may be null") } else { ("NULL", "is never null") };
        return Some(format!("the column `{name}` is {is}, but the field {should}"));
    }
    None
}

/// Returns the statement that creates the table, and those that create its indexes, by name.
pub(in crate::backend) fn create<D: Dialect>(dialect: &D, table: TableRef) -> (String, Vec<(String, String)>) {
    let model = table.model();
    let columns = model.all_columns().map(|column| {
        let constraint = if column.nullable { "" } else { " NOT NULL" };
        let key = if column.name == model.id_column() { " PRIMARY KEY" } else { "" };
        format!("\n    {} {}{constraint}{key}", quoted(column.name), D::type_name(column.kind))
    });
    let (name, columns) = (dialect.table(table), columns.collect::<Vec<_>>().join(","));
    let indexes = table.indexed().map(|column| {
        let index = table.index_name(column.name);
        let sql = format!("CREATE INDEX IF NOT EXISTS {} ON {name} ({});\n", quoted(&index), D::indexed(column));
        (index, sql)
    });
    (format!("CREATE TABLE IF NOT EXISTS {name} ({columns}\n){};\n", D::TABLE_OPTIONS), indexes.collect())
}
