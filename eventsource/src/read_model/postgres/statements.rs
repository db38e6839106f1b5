//! The SQL of read models that PostgreSQL alone has.
//!
//! Whole columns are bound as lists, so that a statement has one text however many rows there are.

use super::dialect::{PostgresDialect, list};
use super::order::Locks;
use crate::read_model::sql::{Dialect as _, joined, names, own, quoted, replaced};
use crate::read_model::{ColumnDef, ColumnKind, Table};

/// The columns of the table `$2` in the schema `$1`: name, type, whether it is never null, whether it is in the primary
/// key. With `quote_all_identifiers`, names of types come in quotes.
pub(super) const COLUMNS: &str = "SELECT a.attname::text, \
         replace(format_type(a.atttypid, a.atttypmod), '\"', '') || coalesce(' COLLATE \"' || l.collname || '\"', ''), \
         a.attnotnull, coalesce(a.attnum = ANY (i.indkey), false), \
         a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' \
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
     LEFT JOIN pg_catalog.pg_index i ON i.indrelid = c.oid AND i.indisprimary \
     LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation \
     WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p') ORDER BY a.attnum";

/// The names of the table's indexes.
pub(super) const INDEXES: &str = "SELECT x.relname::text FROM pg_catalog.pg_class c \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_index i ON i.indrelid = c.oid \
     JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid WHERE n.nspname = $1 AND c.relname = $2";

/// Whether the constraint `$3` of the table `$2` in the schema `$1` is the primary key of the table `$4`, or of its part.
pub(super) const IS_PRIMARY_KEY: &str = "SELECT EXISTS (SELECT FROM pg_catalog.pg_constraint k \
     JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE n.nspname = $1 AND c.relname = $2 AND k.conname = $3 AND k.contype = 'p' \
     AND coalesce(pg_partition_root(c.oid), c.oid) = to_regclass($4))";

/// Whoever creates a table waits for others who do: `IF NOT EXISTS` alone fails where two create it at once.
pub(super) const LOCK_CREATION: &str =
    "SELECT pg_advisory_xact_lock(hashtextextended('eventsource read model ' || $1 || '.' || $2, 0))";

/// The name of a table in `schema`.
pub(super) fn named(schema: &str, table: &Table) -> String {
    PostgresDialect(schema).table(table)
}

pub(super) fn drop_table(schema: &str, table: &Table) -> String {
    format!("DROP TABLE IF EXISTS {}", named(schema, table))
}

pub(super) fn lock_table(schema: &str, table: &Table) -> String {
    format!("SET LOCAL lock_timeout = '1s'; LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", named(schema, table))
}

/// The table `next` and its rows become `table`, and so do its indexes, which have these names.
pub(super) fn take_place(schema: &str, next: &Table, table: &Table, indexes: &[String]) -> String {
    let mut sql = format!("ALTER TABLE {} RENAME TO {};\n", named(schema, next), quoted(table.name));
    for index in indexes {
        let rest = index.strip_prefix(next.name).unwrap_or(index);
        let (index, own) = (quoted(index), quoted(&format!("{}{rest}", table.name)));
        sql.push_str(&format!("ALTER INDEX {}.{index} RENAME TO {own};\n", quoted(schema)));
    }
    sql
}

/// Gives indexes other names: the present one, and the new one.
pub(super) fn rename_indexes(schema: &str, indexes: &[(String, String)]) -> String {
    let rename = |(from, to): &(String, String)| {
        format!("ALTER INDEX {}.{} RENAME TO {};\n", quoted(schema), quoted(from), quoted(to))
    };
    indexes.iter().map(rename).collect()
}

/// Behind a statement that reads rows: they are locked, in the order of the ids.
fn locking(table: &Table) -> String {
    format!(" ORDER BY own.{} FOR UPDATE", quoted(table.id_column()))
}

/// The reading of rows by the list `$1` of their ids, each of which is looked up and locked, one after the other: no plan
/// does it otherwise, whatever the table looked like when it was made.
pub(super) fn load_and_lock(db: &PostgresDialect<'_>, table: &Table) -> String {
    let (name, id, kind) = (db.table(table), quoted(table.id_column()), id_kind(table));
    let columns = joined(table.all_columns().map(PostgresDialect::read));
    format!(
        "SELECT own.* FROM unnest({}) AS asked (id) \
         CROSS JOIN LATERAL (SELECT {columns} FROM {name} AS own WHERE own.{id} = asked.id FOR UPDATE) AS own",
        list(kind, 1)
    )
}

fn id_kind(table: &Table) -> ColumnKind {
    table.column(table.id).map_or(ColumnKind::Text, |column| column.kind)
}

/// The rows with the ids of the list `$number`, locked in the order of the ids; `else_` is what is done about those that
/// another transaction holds.
fn locked(db: &PostgresDialect<'_>, table: &Table, number: usize, else_: &str) -> String {
    let (name, id, order) = (db.table(table), quoted(table.id_column()), locking(table));
    let is_in = PostgresDialect::is_in_list(&own(table.id_column()), id_kind(table), number).unwrap_or_default();
    format!("WITH locked AS MATERIALIZED (SELECT own.{id} FROM {name} AS own WHERE {is_in}{order}{else_})")
}

/// That the rows are locked before anything is done: PostgreSQL skips what nobody asks for.
const WHEN_LOCKED: &str = "(SELECT count(*) FROM locked) >= 0";

/// `load`, the reading of rows by the list `$1` of their ids, with those locked that nobody else holds. Of the others it
/// reads what is committed: whether that is still so is found out when they are written.
pub(super) fn locking_what_is_free(db: &PostgresDialect<'_>, table: &Table, load: &str) -> String {
    format!("{} {load} AND {WHEN_LOCKED}", locked(db, table, 1, " SKIP LOCKED"))
}

/// What a statement that writes does about rows that another transaction holds.
const fn held_by_others(locks: Locks) -> &'static str {
    match locks {
        Locks::Waits | Locks::Has => "",
        Locks::NeverWaits => " NOWAIT",
    }
}

/// The deletion of the rows with these ids.
pub(super) fn delete(db: &PostgresDialect<'_>, table: &Table, locks: Locks) -> String {
    let locked = locked(db, table, 1, held_by_others(locks));
    let (name, id) = (db.table(table), quoted(table.id_column()));
    format!("{locked} DELETE FROM {name} AS own USING locked WHERE own.{id} = locked.{id}")
}

/// The deletion of all rows. Those who read meanwhile see them until it commits, unlike with `TRUNCATE`.
pub(super) fn truncate(db: &PostgresDialect<'_>, table: &Table) -> String {
    format!("DELETE FROM {}", db.table(table))
}

/// All columns as lists, in their order.
fn lists(table: &Table) -> String {
    joined(table.all_columns().enumerate().map(|(index, column)| list(column.kind, index + 1)))
}

/// The insertion of rows that were found missing. One that is there by now is refused, and not waited for.
pub(super) fn insert(db: &PostgresDialect<'_>, table: &Table) -> String {
    format!("INSERT INTO {} ({}) SELECT * FROM unnest({})", db.table(table), names(table), lists(table))
}

/// The insertion of rows, into those that are there already. It tells the versions that they have then.
pub(super) fn merge(db: &PostgresDialect<'_>, table: &Table, locks: Locks) -> String {
    let (name, names, lists, id) = (db.table(table), names(table), lists(table), quoted(table.id_column()));
    let set = joined(changed(table).filter_map(|column| match column.name {
        "created_at" | "deleted_at" => None,
        "version" => Some("\"version\" = own.\"version\" + excluded.\"version\"".to_owned()),
        name => Some(replaced(name)),
    }));
    let (locked, when) = match locks {
        Locks::Waits | Locks::Has => (String::new(), String::new()),
        Locks::NeverWaits => {
            let locked = locked(db, table, table.id + 1, held_by_others(locks));
            (locked + " ", format!("WHERE {WHEN_LOCKED} "))
        }
    };
    format!(
        "{locked}INSERT INTO {name} AS own ({names}) SELECT * FROM unnest({lists}) {when}\
         ON CONFLICT ({id}) DO UPDATE SET {set} RETURNING own.{id}, own.\"version\""
    )
}

/// The update of rows that still have the versions of the last list.
pub(super) fn update(db: &PostgresDialect<'_>, table: &Table, locks: Locks) -> String {
    let (name, names, id, lists) = (db.table(table), names(table), quoted(table.id_column()), lists(table));
    let found = list(ColumnKind::I64, table.all_columns().count() + 1);
    let set = joined(changed(table).map(|column| format!("{0} = new.{0}", quoted(column.name))));
    let update = format!("UPDATE {name} AS own SET {set} FROM");
    let new = format!("unnest({lists}, {found}) AS new ({names}, \"found version\")");
    let as_found = "own.\"version\" = new.\"found version\"";
    if locks == Locks::Has {
        return format!("{update} {new} WHERE own.{id} = new.{id} AND {as_found}");
    }
    let locked = locked(db, table, table.id + 1, held_by_others(locks));
    format!("{locked} {update} locked, {new} WHERE own.{id} = locked.{id} AND new.{id} = locked.{id} AND {as_found}")
}

fn changed(table: &Table) -> impl Iterator<Item = &ColumnDef> {
    table.all_columns().filter(|column| column.name != table.id_column())
}
