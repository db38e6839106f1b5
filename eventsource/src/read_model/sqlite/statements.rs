//! The SQL of read models that SQLite alone has.

use super::dialect::SqliteDialect;
use crate::read_model::sql::{Sql, joined, names, quoted, replaced, with_ids};
use crate::read_model::{ColumnDef, ReadModelError, Table, Value};

/// The columns of a table, for [`schema::check`](super::schema::check).
pub(super) const TABLE_INFO: &str = "SELECT name, type, \"notnull\" != 0, pk > 0 FROM pragma_table_info(?1)";

/// So many placeholders.
fn placeholders(count: usize) -> String {
    joined((0..count).map(|_| "?".to_owned()))
}

/// The deletion of the rows with these ids.
pub(super) fn delete(table: &'static Table, ids: &[Value]) -> Result<Sql, ReadModelError> {
    let text = format!("DELETE FROM {} WHERE ", quoted(table.name));
    with_ids::<SqliteDialect>(Sql { text, ..Sql::default() }, table, ids)
}

/// The deletion of all rows.
pub(super) fn truncate(table: &Table) -> String {
    format!("DELETE FROM {}", quoted(table.name))
}

/// A rename that follows leaves views and triggers as they are, which name the table that was dropped.
const RENAME_ALONE: &str = "PRAGMA legacy_alter_table = ON;\n";
pub(super) const RENAME_AS_BEFORE: &str = "PRAGMA legacy_alter_table = OFF";

pub(super) fn drop_table(table: &Table) -> String {
    format!("DROP TABLE IF EXISTS {}", quoted(table.name))
}

/// The table `next` and its rows become `table`, without indexes.
pub(super) fn take_place(next: &Table, table: &Table) -> String {
    let mut sql = format!("{RENAME_ALONE}ALTER TABLE {} RENAME TO {};\n", quoted(next.name), quoted(table.name));
    for column in next.columns.iter().filter(|column| column.indexed) {
        sql.push_str(&format!("DROP INDEX IF EXISTS {};\n", quoted(&next.index_name(column.name))));
    }
    sql
}

/// The insertion of so many rows, into those that are there already.
pub(super) fn merge(table: &Table, rows: usize) -> String {
    upsert(table, rows, |column| match column.name {
        "created_at" | "deleted_at" => None,
        "version" => Some("\"version\" = own.\"version\" + excluded.\"version\"".to_owned()),
        name => Some(replaced(name)),
    })
}

/// The update of so many rows. They are there: the transaction has read them.
pub(super) fn update(table: &Table, rows: usize) -> String {
    upsert(table, rows, |column| Some(replaced(column.name)))
}

fn upsert(table: &Table, rows: usize, set: impl Fn(&ColumnDef) -> Option<String>) -> String {
    let (name, names, id) = (quoted(table.name), names(table), table.id_column());
    let row = format!("({})", placeholders(table.all_columns().count()));
    let values = joined((0..rows).map(|_| row.clone()));
    let set = joined(table.all_columns().filter(|column| column.name != id).filter_map(set));
    format!("INSERT INTO {name} AS own ({names}) VALUES {values} ON CONFLICT ({}) DO UPDATE SET {set}", quoted(id))
}
