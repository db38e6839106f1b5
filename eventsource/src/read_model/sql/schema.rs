//! The table of a model: how it is created, and whether it is the one that the model describes.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Dialect, quoted};
use crate::read_model::{ColumnDef, ReadModelError, Table};

/// The tables of a database that were found to match their models: each is looked at once.
#[derive(Debug, Default)]
pub(in crate::read_model) struct Matching(Mutex<BTreeMap<&'static str, &'static Table>>);

impl Matching {
    fn tables(&self) -> MutexGuard<'_, BTreeMap<&'static str, &'static Table>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the table was found to match.
    pub(in crate::read_model) fn knows(&self, table: &'static Table) -> bool {
        self.tables().get(table.name).is_some_and(|&known| known == table)
    }

    /// The table matches.
    pub(in crate::read_model) fn add(&self, table: &'static Table) {
        self.tables().insert(table.name, table);
    }
}

/// A column as the database describes it.
pub(in crate::read_model) struct Found {
    pub(in crate::read_model) name: String,
    pub(in crate::read_model) ty: String,
    pub(in crate::read_model) never_null: bool,
    pub(in crate::read_model) in_key: bool,
}

/// Refuses a table that does not match its model, or is not there.
pub(in crate::read_model) fn compare<D: Dialect>(table: &'static Table, found: &[Found]) -> Result<(), ReadModelError> {
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
    for Found { name, ty, .. } in found {
        if !table.all_columns().any(|column| D::is_same_name(column.name, name)) {
            differences.push(format!("the column `{name}` {ty} is none of the model's"));
        }
    }
    if differences.is_empty() {
        return Ok(());
    }
    Err(ReadModelError::Mismatch { table: table.name, differences })
}

fn difference<D: Dialect>(table: &Table, column: &ColumnDef, found: &Found) -> Option<String> {
    let (name, wanted) = (column.name, D::type_name(column.kind));
    let is_id = name == table.id_column();
    if !found.ty.eq_ignore_ascii_case(wanted) {
        return Some(format!("the column `{name}` is {}, and not {wanted}", found.ty));
    }
    if is_id != found.in_key {
        let word = if is_id { "is not" } else { "is" };
        return Some(format!("the column `{name}` {word} in the primary key"));
    }
    if !is_id && column.nullable == found.never_null {
        let (is, should) = if column.nullable { ("NOT NULL", "may be null") } else { ("NULL", "is never null") };
        return Some(format!("the column `{name}` is {is}, and the field {should}"));
    }
    None
}

/// The statements that create the table, and each of its indexes by its name.
pub(in crate::read_model) fn create<D: Dialect>(dialect: &D, table: &Table) -> (String, Vec<(String, String)>) {
    let columns = table.all_columns().map(|column| {
        let constraint = if column.nullable { "" } else { " NOT NULL" };
        let key = if column.name == table.id_column() { " PRIMARY KEY" } else { "" };
        format!("\n    {} {}{constraint}{key}", quoted(column.name), D::type_name(column.kind))
    });
    let (name, columns) = (dialect.table(table), columns.collect::<Vec<_>>().join(","));
    let indexes = table.columns.iter().filter(|column| column.indexed).map(|column| {
        let index = table.index_name(column.name);
        let sql = format!("CREATE INDEX IF NOT EXISTS {} ON {name} ({});\n", quoted(&index), D::indexed(column));
        (index, sql)
    });
    (format!("CREATE TABLE IF NOT EXISTS {name} ({columns}\n){};\n", D::TABLE_OPTIONS), indexes.collect())
}
