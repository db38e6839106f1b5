//! The SQL of read models.

use crate::read_model::select::{Expr, Op, Select};
use crate::read_model::{ColumnDef, Table, Value};

/// The columns of a table, for [`schema::check`](super::schema::check).
pub(super) const TABLE_INFO: &str = "SELECT name, type, \"notnull\" != 0, pk FROM pragma_table_info(?1)";

/// SQL under construction, with what is bound to it.
#[derive(Debug, Default)]
pub(super) struct Sql {
    pub(super) text: String,
    pub(super) values: Vec<Value>,
}

/// A name between quotes. The derive lets no quote into it.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn joined(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

fn names(table: &Table) -> String {
    joined(table.all_columns().map(|column| quoted(column.name)))
}

/// So many placeholders.
fn placeholders(count: usize) -> String {
    joined((0..count).map(|_| "?".to_owned()))
}

/// The rows with so many ids.
pub(super) fn load(table: &Table, ids: usize) -> String {
    let (names, name, id) = (names(table), quoted(table.name), quoted(table.id_column()));
    format!("SELECT {names} FROM {name} WHERE {id} IN ({})", placeholders(ids))
}

/// The deletion of the rows with so many ids.
pub(super) fn delete(table: &Table, ids: usize) -> String {
    let (name, id) = (quoted(table.name), quoted(table.id_column()));
    format!("DELETE FROM {name} WHERE {id} IN ({})", placeholders(ids))
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

fn replaced(name: &str) -> String {
    format!("{0} = excluded.{0}", quoted(name))
}

fn upsert(table: &Table, rows: usize, set: impl Fn(&ColumnDef) -> Option<String>) -> String {
    let (name, names, id) = (quoted(table.name), names(table), table.id_column());
    let row = format!("({})", placeholders(table.all_columns().count()));
    let values = joined((0..rows).map(|_| row.clone()));
    let set = joined(table.all_columns().filter(|column| column.name != id).filter_map(set));
    format!("INSERT INTO {name} AS own ({names}) VALUES {values} ON CONFLICT ({}) DO UPDATE SET {set}", quoted(id))
}

/// The rows that are wanted.
pub(super) fn select(table: &Table, query: &Select) -> Sql {
    let mut sql = Sql { text: format!("SELECT {} FROM {} WHERE ", names(table), quoted(table.name)), values: vec![] };
    sql.condition(table, &query.condition);
    let order = query.order.iter().map(|by| {
        let direction = if by.descending { " DESC" } else { "" };
        column(table, by.column) + direction
    });
    sql.text.push_str(" ORDER BY ");
    sql.text.push_str(&joined(order));
    if query.limit.is_some() || query.offset > 0 {
        let signed = |rows: u64| i64::try_from(rows).unwrap_or(i64::MAX);
        sql.text.push_str(" LIMIT ? OFFSET ?");
        // A negative limit is none.
        sql.values.push(Value::Int(query.limit.map_or(-1, signed)));
        sql.values.push(Value::Int(signed(query.offset)));
    }
    sql
}

/// How many rows are wanted.
pub(super) fn count(table: &Table, query: &Select) -> Sql {
    let mut sql = Sql { text: format!("SELECT count(*) FROM {} WHERE ", quoted(table.name)), values: vec![] };
    sql.condition(table, &query.condition);
    sql
}

fn column(table: &Table, index: usize) -> String {
    quoted(table.column(index).map_or("", |column| column.name))
}

impl Sql {
    fn condition(&mut self, table: &Table, expr: &Expr) {
        match expr {
            Expr::Compare { column: index, op, value } => {
                let op = match op {
                    Op::Eq => "=",
                    Op::Ne => "<>",
                    Op::Lt => "<",
                    Op::Le => "<=",
                    Op::Gt => ">",
                    Op::Ge => ">=",
                };
                self.text.push_str(&format!("{} {op} ?", column(table, *index)));
                self.values.push(value.clone());
            }
            Expr::In { column: index, values } => {
                self.text.push_str(&format!("{} IN ({})", column(table, *index), placeholders(values.len())));
                self.values.extend(values.iter().cloned());
            }
            Expr::Null { column: index, is } => {
                let is = if *is { "IS NULL" } else { "IS NOT NULL" };
                self.text.push_str(&format!("{} {is}", column(table, *index)));
            }
            Expr::And(all) => self.joined(table, all, " AND ", "1"),
            Expr::Or(all) => self.joined(table, all, " OR ", "0"),
            // A query with one is refused before.
            Expr::Unfit(_) => self.text.push('0'),
        }
    }

    fn joined(&mut self, table: &Table, all: &[Expr], word: &str, none: &str) {
        self.text.push('(');
        for (index, one) in all.iter().enumerate() {
            if index > 0 {
                self.text.push_str(word);
            }
            self.condition(table, one);
        }
        if all.is_empty() {
            self.text.push_str(none);
        }
        self.text.push(')');
    }
}
