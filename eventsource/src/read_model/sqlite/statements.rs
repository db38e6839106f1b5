//! The SQL of read models that SQLite alone has.

use super::dialect::SqliteDialect;
use crate::read_model::sql::{Sql, joined, names, quoted, replaced, with_ids};
use crate::read_model::{ColumnDef, ReadModelError, Table, Value};

/// The columns of a table, for [`schema::check`](super::schema::check).
pub(super) const TABLE_INFO: &str = "SELECT name, type, \"notnull\" != 0, pk > 0 FROM pragma_table_info(?1)";

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

/// The insertion of so many rows at most, into those that are there already.
pub(super) fn merge(table: &Table, rows: usize) -> String {
    upsert(table, rows, |column| match column.name {
        "created_at" | "deleted_at" => None,
        "version" => Some("\"version\" = own.\"version\" + excluded.\"version\"".to_owned()),
        name => Some(replaced(name)),
    })
}

/// The update of so many rows at most. They are there: the transaction has read them.
pub(super) fn update(table: &Table, rows: usize) -> String {
    upsert(table, rows, |column| Some(replaced(column.name)))
}

fn upsert(table: &Table, rows: usize, set: impl Fn(&ColumnDef) -> Option<String>) -> String {
    let (name, names, id) = (quoted(table.name), names(table), table.id_column());
    let set = joined(table.all_columns().filter(|column| column.name != id).filter_map(set));
    format!(
        "INSERT INTO {name} AS own ({names}) {} ON CONFLICT ({}) DO UPDATE SET {set}",
        values(table, rows),
        quoted(id)
    )
}

/// So many rows at most: one to which nothing is bound has no id, and is none.
fn values(table: &Table, rows: usize) -> String {
    let row = format!("({})", vec!["?"; table.all_columns().count()].join(", "));
    if rows == 1 {
        return format!("VALUES {row}");
    }
    let values = vec![row.as_str(); rows].join(", ");
    format!("SELECT * FROM (VALUES {values}) WHERE column{} IS NOT NULL", table.id + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read_model::ColumnKind;

    const COLUMNS: &[ColumnDef] =
        &[ColumnDef::new("name", "name", ColumnKind::Text, false), ColumnDef::new("id", "id", ColumnKind::I64, false)];

    #[test]
    fn rows_without_an_id_are_none() {
        let table = Table::new("items", COLUMNS, 1);
        let row = "(?, ?, ?, ?, ?, ?)";
        assert_eq!(values(&table, 1), format!("VALUES {row}"));
        assert_eq!(values(&table, 2), format!("SELECT * FROM (VALUES {row}, {row}) WHERE column2 IS NOT NULL"));
    }
}
