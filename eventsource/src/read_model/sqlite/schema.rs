//! The table of a model: how it is created, and whether it is the one that the model describes.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use sqlx::{AssertSqlSafe, SqliteConnection};

use super::failure::failed;
use super::statements::{self, quoted};
use super::value::type_name;
use crate::read_model::{ColumnDef, ReadModelError, Table};
use crate::store::sqlite::SqliteDatabase;

/// The tables of a database that were found to match their models: each is looked at once.
#[derive(Debug, Default)]
struct Matching(Mutex<BTreeMap<&'static str, &'static Table>>);

/// Refuses a table that does not match its model, before anything is done with it.
pub(super) async fn check_once(
    conn: &mut SqliteConnection,
    db: &SqliteDatabase,
    table: &'static Table,
) -> Result<(), ReadModelError> {
    let matching = db.attached().get::<Matching>();
    let lock = || matching.0.lock().unwrap_or_else(PoisonError::into_inner);
    let known = lock().get(table.name).copied();
    if known == Some(table) {
        return Ok(());
    }
    check(conn, table).await?;
    lock().insert(table.name, table);
    Ok(())
}

/// A column as SQLite describes it: name, type, whether it is never null, its place in the primary key.
type Found = (String, String, bool, i64);

async fn columns(conn: &mut SqliteConnection, table: &'static Table) -> Result<Vec<Found>, ReadModelError> {
    let found = sqlx::query_as(statements::TABLE_INFO).bind(table.name).fetch_all(conn).await;
    found.map_err(|error| failed(table, "look at", error))
}

/// Refuses a table that does not match its model, or is not there.
pub(super) async fn check(conn: &mut SqliteConnection, table: &'static Table) -> Result<(), ReadModelError> {
    let found = columns(conn, table).await?;
    if found.is_empty() {
        return Err(ReadModelError::NoTable { table: table.name });
    }
    let differences = differences(table, &found);
    if differences.is_empty() {
        return Ok(());
    }
    Err(ReadModelError::Mismatch { table: table.name, differences })
}

fn differences(table: &Table, found: &[Found]) -> Vec<String> {
    let mut differences = Vec::new();
    for column in table.all_columns() {
        match found.iter().find(|(name, ..)| name.eq_ignore_ascii_case(column.name)) {
            Some(found) => differences.extend(difference(table, column, found)),
            None => differences.push(format!("the column `{}` {} is missing", column.name, type_name(column.kind))),
        }
    }
    for (name, ty, ..) in found {
        if !table.all_columns().any(|column| column.name.eq_ignore_ascii_case(name)) {
            differences.push(format!("the column `{name}` {ty} is none of the model's"));
        }
    }
    differences
}

fn difference(table: &Table, column: &ColumnDef, (_, ty, never_null, key): &Found) -> Option<String> {
    let (name, wanted) = (column.name, type_name(column.kind));
    let is_id = name == table.id_column();
    if !ty.eq_ignore_ascii_case(wanted) {
        return Some(format!("the column `{name}` is {ty}, and not {wanted}"));
    }
    if is_id != (*key > 0) {
        let word = if is_id { "is not" } else { "is" };
        return Some(format!("the column `{name}` {word} in the primary key"));
    }
    if !is_id && column.nullable == *never_null {
        let (is, should) = if column.nullable { ("NOT NULL", "may be null") } else { ("NULL", "is never null") };
        return Some(format!("the column `{name}` is {is}, and the field {should}"));
    }
    None
}

/// Creates the table, where there is none, and its indexes.
pub(super) async fn create(conn: &mut SqliteConnection, table: &'static Table) -> Result<(), ReadModelError> {
    if !columns(conn, table).await?.is_empty() {
        check(conn, table).await?;
    }
    let done = sqlx::raw_sql(AssertSqlSafe(sql(table))).execute(conn).await;
    done.map(drop).map_err(|error| failed(table, "create", error))
}

/// Creates the table, which must not be there, and its indexes.
pub(super) async fn create_new(conn: &mut SqliteConnection, table: &'static Table) -> Result<(), ReadModelError> {
    if !columns(conn, table).await?.is_empty() {
        let differences = vec!["there is a table of that name already, which is not its own".to_owned()];
        return Err(ReadModelError::Mismatch { table: table.name, differences });
    }
    create(conn, table).await
}

/// The statements that create the table.
pub(super) fn sql(table: &Table) -> String {
    let columns = table.all_columns().map(|column| {
        let constraint = if column.nullable { "" } else { " NOT NULL" };
        let key = if column.name == table.id_column() { " PRIMARY KEY" } else { "" };
        format!("    {} {}{constraint}{key}", quoted(column.name), type_name(column.kind))
    });
    let columns = columns.collect::<Vec<_>>().join(",\n");
    let name = quoted(table.name);
    format!("CREATE TABLE IF NOT EXISTS {name} (\n{columns}\n) STRICT;\n") + &indexes_sql(table)
}

/// The statements that create its indexes.
pub(super) fn indexes_sql(table: &Table) -> String {
    let (mut sql, name) = (String::new(), quoted(table.name));
    for column in table.columns.iter().filter(|column| column.indexed) {
        let (index, column) = (quoted(&table.index_name(column.name)), quoted(column.name));
        sql.push_str(&format!("CREATE INDEX IF NOT EXISTS {index} ON {name} ({column});\n"));
    }
    sql
}
