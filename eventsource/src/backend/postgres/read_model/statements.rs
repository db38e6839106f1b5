//! The SQL of read models that only PostgreSQL has.
//!
//! Whole columns are bound as lists, so that a statement has the same text for any number of rows.

use super::dialect::{PostgresDialect, list};
use super::order::Locks;
use crate::backend::sql::read_model::{Dialect as _, TableRef, joined, names, own, quoted, replaced};
use crate::read_model::{ColumnDef, ColumnKind};

/// The columns of the table `$2` in the schema `$1`: name, type, whether it is NOT NULL, whether it is in the primary
/// key, and whether an insert must give it a value. With `quote_all_identifiers`, type names are quoted.
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

/// Whether the constraint `$3` of the table `$2` in the schema `$1` is the primary key of the table `$4`, or of a
/// partition of it.
pub(super) const IS_PRIMARY_KEY: &str = "SELECT EXISTS (SELECT FROM pg_catalog.pg_constraint k \
     JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE n.nspname = $1 AND c.relname = $2 AND k.conname = $3 AND k.contype = 'p' \
     AND coalesce(pg_partition_root(c.oid), c.oid) = to_regclass($4))";

/// Serialises the creation of a table: two concurrent `IF NOT EXISTS` would fail.
pub(super) const LOCK_CREATION: &str =
    "SELECT pg_advisory_xact_lock(hashtextextended('eventsource read model ' || $1 || '.' || $2, 0))";

/// Returns the qualified name of a table in `schema`.
pub(super) fn named(schema: &str, table: TableRef) -> String {
    PostgresDialect(schema).table(table)
}

pub(super) fn drop_table(schema: &str, table: TableRef) -> String {
    format!("DROP TABLE IF EXISTS {}", named(schema, table))
}

pub(super) fn lock_table(schema: &str, table: TableRef) -> String {
    format!("SET LOCAL lock_timeout = '1s'; LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", named(schema, table))
}

/// Renames the table `next` to `table`, and its indexes, which have these names.
pub(super) fn take_place(schema: &str, next: TableRef, table: TableRef, indexes: &[String]) -> String {
    let mut sql = format!("ALTER TABLE {} RENAME TO {};\n", named(schema, next), quoted(&table.name()));
    for index in indexes {
        let rest = index.strip_prefix(&*next.name()).unwrap_or(index);
        let (index, own) = (quoted(index), quoted(&format!("{}{rest}", table.name())));
        sql.push_str(&format!("ALTER INDEX {}.{index} RENAME TO {own};\n", quoted(schema)));
    }
    sql
}

/// Renames indexes from the first to the second name.
pub(super) fn rename_indexes(schema: &str, indexes: &[(String, String)]) -> String {
    let rename = |(from, to): &(String, String)| {
        format!("ALTER INDEX {}.{} RENAME TO {};\n", quoted(schema), quoted(from), quoted(to))
    };
    indexes.iter().map(rename).collect()
}

/// Returns the end of a statement that locks the rows it reads, in the order of their ids.
fn locking(table: TableRef) -> String {
    format!(" ORDER BY own.{} FOR UPDATE", quoted(table.model().id_column()))
}

/// Reads and locks the rows with the ids in the list `$1`, one after the other. The statement leaves the planner no
/// other way, whatever statistics it has.
pub(super) fn load_and_lock(db: &PostgresDialect<'_>, table: TableRef) -> String {
    let (name, id, kind) = (db.table(table), quoted(table.model().id_column()), id_kind(table));
    let columns = joined(table.model().all_columns().map(PostgresDialect::read));
    format!(
        "SELECT own.* FROM unnest({}) AS asked (id) \
         CROSS JOIN LATERAL (SELECT {columns} FROM {name} AS own WHERE own.{id} = asked.id FOR UPDATE) AS own",
        list(kind, 1)
    )
}

fn id_kind(table: TableRef) -> ColumnKind {
    table.model().column(table.model().id).map_or(ColumnKind::Text, |column| column.kind)
}

/// Selects and locks the rows with the ids in the list `$number`, in the order of the ids. `else_` says what happens to
/// rows that another transaction holds.
fn locked(db: &PostgresDialect<'_>, table: TableRef, number: usize, else_: &str) -> String {
    let (name, id, order) = (db.table(table), quoted(table.model().id_column()), locking(table));
    let is_in =
        PostgresDialect::is_in_list(&own(table.model().id_column()), id_kind(table), number).unwrap_or_default();
    format!("WITH locked AS MATERIALIZED (SELECT own.{id} FROM {name} AS own WHERE {is_in}{order}{else_})")
}

/// Makes PostgreSQL lock the rows first: it skips a subquery whose result is not used.
const WHEN_LOCKED: &str = "(SELECT count(*) FROM locked) >= 0";

/// Returns `load`, which reads rows by the list `$1` of their ids, and locks those that no other transaction holds. Of
/// the others it reads the committed version; the write finds out whether that has changed.
pub(super) fn locking_what_is_free(db: &PostgresDialect<'_>, table: TableRef, load: &str) -> String {
    format!("{} {load} AND {WHEN_LOCKED}", locked(db, table, 1, " SKIP LOCKED"))
}

/// Returns what a statement that writes does about rows that another transaction holds.
const fn held_by_others(locks: Locks) -> &'static str {
    match locks {
        Locks::Waits | Locks::Has => "",
        Locks::NeverWaits => " NOWAIT",
    }
}

/// Deletes the rows with these ids.
pub(super) fn delete(db: &PostgresDialect<'_>, table: TableRef, locks: Locks) -> String {
    let locked = locked(db, table, 1, held_by_others(locks));
    let (name, id) = (db.table(table), quoted(table.model().id_column()));
    format!("{locked} DELETE FROM {name} AS own USING locked WHERE own.{id} = locked.{id}")
}

/// Deletes all rows. Unlike with `TRUNCATE`, readers see the old rows until the commit.
pub(super) fn truncate(db: &PostgresDialect<'_>, table: TableRef) -> String {
    format!("DELETE FROM {}", db.table(table))
}

/// Returns all columns as lists, in their order.
fn lists(table: TableRef) -> String {
    joined(table.model().all_columns().enumerate().map(|(index, column)| list(column.kind, index + 1)))
}

/// Inserts rows that were found missing. If a row exists by then, it fails without waiting.
pub(super) fn insert(db: &PostgresDialect<'_>, table: TableRef) -> String {
    format!("INSERT INTO {} ({}) SELECT * FROM unnest({})", db.table(table), names(table), lists(table))
}

/// Inserts rows or merges them into existing ones. Returns their versions after that.
pub(super) fn merge(db: &PostgresDialect<'_>, table: TableRef, locks: Locks) -> String {
    let (name, names, lists, id) = (db.table(table), names(table), lists(table), quoted(table.model().id_column()));
    let set = joined(changed(table).filter_map(|column| match column.name {
        "created_at" | "deleted_at" => None,
        "version" => Some("\"version\" = own.\"version\" + excluded.\"version\"".to_owned()),
        name => Some(replaced(name)),
    }));
    let (locked, when) = match locks {
        Locks::Waits | Locks::Has => (String::new(), String::new()),
        Locks::NeverWaits => {
            let locked = locked(db, table, table.model().id + 1, held_by_others(locks));
            (locked + " ", format!("WHERE {WHEN_LOCKED} "))
        }
    };
    format!(
        "{locked}INSERT INTO {name} AS own ({names}) SELECT * FROM unnest({lists}) {when}\
         ON CONFLICT ({id}) DO UPDATE SET {set} RETURNING own.{id}, own.\"version\""
    )
}

/// Updates rows that still have the versions in the last list.
pub(super) fn update(db: &PostgresDialect<'_>, table: TableRef, locks: Locks) -> String {
    let (name, names, id, lists) = (db.table(table), names(table), quoted(table.model().id_column()), lists(table));
    let found = list(ColumnKind::I64, table.model().all_columns().count() + 1);
    let set = joined(changed(table).map(|column| format!("{0} = new.{0}", quoted(column.name))));
    let update = format!("UPDATE {name} AS own SET {set} FROM");
    let new = format!("unnest({lists}, {found}) AS new ({names}, \"found version\")");
    let as_found = "own.\"version\" = new.\"found version\"";
    if locks == Locks::Has {
        return format!("{update} {new} WHERE own.{id} = new.{id} AND {as_found}");
    }
    let locked = locked(db, table, table.model().id + 1, held_by_others(locks));
    format!("{locked} {update} locked, {new} WHERE own.{id} = locked.{id} AND new.{id} = locked.{id} AND {as_found}")
}

fn changed(table: TableRef) -> impl Iterator<Item = &'static ColumnDef> {
    table.model().all_columns().filter(move |column| column.name != table.model().id_column())
}
