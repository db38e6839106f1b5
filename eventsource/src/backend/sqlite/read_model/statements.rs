//! The SQL of read models that only SQLite has.

use super::dialect::SqliteDialect;
use crate::backend::sql::read_model::{Sql, TableRef, joined, names, quoted, replaced, with_ids};
use crate::read_model::{ColumnDef, ReadModelError, Value};

/// The columns of a table, for [`schema::check`](super::schema::check).
pub(super) const TABLE_INFO: &str = "SELECT name, type, \"notnull\" != 0, pk > 0, \"notnull\" != 0 AND dflt_value IS NULL \
     FROM pragma_table_info(?1)";
pub(super) const SCHEMA_VERSION: &str = "PRAGMA schema_version";

/// Deletes the rows with these ids.
pub(super) fn delete(table: TableRef, ids: &[Value]) -> Result<Sql<SqliteDialect>, ReadModelError> {
    let text = format!("DELETE FROM {} AS own WHERE ", quoted(&table.name()));
    with_ids(Sql { text, arguments: Vec::new() }, table, ids)
}

/// Deletes all rows.
pub(super) fn truncate(table: TableRef) -> String {
    format!("DELETE FROM {}", quoted(&table.name()))
}

/// Makes the following rename leave views and triggers unchanged, which name the dropped table.
const RENAME_ALONE: &str = "PRAGMA legacy_alter_table = ON;\n";
pub(super) const RENAME_AS_BEFORE: &str = "PRAGMA legacy_alter_table = OFF";

pub(super) fn drop_table(table: TableRef) -> String {
    format!("DROP TABLE IF EXISTS {}", quoted(&table.name()))
}

/// The tables that refer to the table `?1` by foreign keys.
pub(super) const REFERRING: &str = "SELECT DISTINCT m.name FROM sqlite_schema AS m \
     JOIN pragma_foreign_key_list(m.name) AS f WHERE m.type = 'table' AND m.name <> ?1 COLLATE NOCASE \
     AND f.\"table\" = ?1 COLLATE NOCASE ORDER BY m.name";
/// What is in the text of the table `?1` in addition to its columns.
pub(super) const LEFT: &str = "SELECT 'the foreign key on the column ' || f.\"from\" FROM pragma_foreign_key_list(?1) AS f \
     UNION ALL SELECT 'the UNIQUE constraint on ' || (SELECT group_concat(i.name, ', ') FROM pragma_index_info(l.name) AS i) \
     FROM pragma_index_list(?1) AS l WHERE l.origin = 'u'";
/// The indexes and triggers of the table `?1`, as they were created.
pub(super) const KEPT: &str = "SELECT type, name, sql FROM sqlite_schema \
     WHERE type IN ('index', 'trigger') AND tbl_name = ?1 COLLATE NOCASE AND sql IS NOT NULL ORDER BY rowid";
pub(super) const VIEWS: &str =
    "SELECT name, sql FROM sqlite_schema WHERE type = 'view' AND sql IS NOT NULL ORDER BY name";

pub(super) const SAVEPOINT: &str = "SAVEPOINT eventsource_try";
pub(super) const RELEASE: &str = "RELEASE eventsource_try";
pub(super) const ROLLBACK_AND_RELEASE: &str = "ROLLBACK TO eventsource_try; RELEASE eventsource_try";

/// Plans a write of each kind, with the triggers that it fires, and executes none.
pub(super) fn plan_writes(table: TableRef) -> String {
    let (name, id) = (quoted(&table.name()), quoted(table.model().id_column()));
    format!(
        "EXPLAIN {}; EXPLAIN UPDATE {name} SET {id} = {id}; EXPLAIN DELETE FROM {name};",
        merge(table, 1).replace('?', "NULL")
    )
}

/// Gives the table `next` the name of `table`, until [`EXCHANGE_BACK`].
pub(super) fn exchange(table: TableRef, next: TableRef) -> String {
    let (name, before) = (quoted(&table.name()), quoted(&format!("{}_before", next.name())));
    format!(
        "{RENAME_ALONE}SAVEPOINT eventsource_exchange; ALTER TABLE {name} RENAME TO {before}; \
         ALTER TABLE {} RENAME TO {name};",
        quoted(&next.name())
    )
}
pub(super) const EXCHANGE_BACK: &str = "ROLLBACK TO eventsource_exchange; RELEASE eventsource_exchange";

/// Renames the table `next`, with its rows and without its indexes, to `table`.
pub(super) fn take_place(next: TableRef, table: TableRef) -> String {
    let mut sql = format!("{RENAME_ALONE}ALTER TABLE {} RENAME TO {};\n", quoted(&next.name()), quoted(&table.name()));
    for column in next.indexed() {
        sql.push_str(&format!("DROP INDEX IF EXISTS {};\n", quoted(&next.index_name(column.name))));
    }
    sql
}

/// Inserts up to `rows` rows, or merges them into existing ones.
pub(super) fn merge(table: TableRef, rows: usize) -> String {
    upsert(table, rows, |column| match column.name {
        "created_at" | "deleted_at" => None,
        "version" => Some("\"version\" = own.\"version\" + excluded.\"version\"".to_owned()),
        name => Some(replaced(name)),
    })
}

/// Updates up to `rows` rows. They exist: the transaction has read them.
pub(super) fn update(table: TableRef, rows: usize) -> String {
    upsert(table, rows, |column| Some(replaced(column.name)))
}

fn upsert(table: TableRef, rows: usize, set: impl Fn(&ColumnDef) -> Option<String>) -> String {
    let (name, names, id) = (quoted(&table.name()), names(table), table.model().id_column());
    let set = joined(table.model().all_columns().filter(|column| column.name != id).filter_map(set));
    format!(
        "INSERT INTO {name} AS own ({names}) {} ON CONFLICT ({}) DO UPDATE SET {set}",
        values(table, rows),
        quoted(id)
    )
}

/// Returns up to `rows` rows: a row without a bound id is skipped.
fn values(table: TableRef, rows: usize) -> String {
    let row = format!("({})", vec!["?"; table.model().all_columns().count()].join(", "));
    if rows == 1 {
        return format!("VALUES {row}");
    }
    let values = vec![row.as_str(); rows].join(", ");
    format!("SELECT * FROM (VALUES {values}) WHERE column{} IS NOT NULL", table.model().id + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read_model::{ColumnKind, Table};

    const COLUMNS: &[ColumnDef] =
        &[ColumnDef::new("name", "name", ColumnKind::Text, false), ColumnDef::new("id", "id", ColumnKind::I64, false)];

    #[test]
    fn rows_without_an_id_are_none() {
        static TABLE: Table = Table::new("items", COLUMNS, 1);
        let table = TableRef::live(&TABLE);
        let row = "(?, ?, ?, ?, ?, ?)";
        assert_eq!(values(table, 1), format!("VALUES {row}"));
        assert_eq!(values(table, 2), format!("SELECT * FROM (VALUES {row}, {row}) WHERE column2 IS NOT NULL"));
    }
}
