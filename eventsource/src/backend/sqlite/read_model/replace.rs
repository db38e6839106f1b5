//! Replaces a table by another one, and keeps what users made for it.
//!
//! In SQLite, views and triggers refer to tables by name, so a table can be dropped under a view. The indexes and
//! triggers of the table are dropped with it, and created again. Foreign keys that refer to the table prevent it:
//! SQLite empties a table before it drops it, which would delete rows of other tables or be refused.

use sqlx::{AssertSqlSafe, SqliteConnection};

use super::failure::failed;
use super::schema;
use super::statements;
use crate::backend::sql::read_model::{TableRef, Use, quoted, refuse_dependents};
use crate::read_model::ReadModelError;

/// An index or a trigger of a table.
struct DependentObject {
    kind: String,
    name: String,
    sql: String,
}

async fn run(
    conn: &mut SqliteConnection,
    table: TableRef,
    action: &'static str,
    sql: String,
) -> Result<(), ReadModelError> {
    let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(conn).await;
    done.map(drop).map_err(|error| failed(table, action, error))
}

pub(super) async fn drop_table(conn: &mut SqliteConnection, table: TableRef) -> Result<(), ReadModelError> {
    run(conn, table, "drop", statements::drop_table(table)).await
}

/// Refuses to replace a table that foreign keys of other tables refer to.
pub(super) async fn check(conn: &mut SqliteConnection, table: TableRef) -> Result<(), ReadModelError> {
    let found: Result<Vec<String>, _> =
        sqlx::query_scalar(statements::REFERRING).bind(table.name()).fetch_all(conn).await;
    let found = found.map_err(|error| failed(table, "look at", error))?;
    let dependents: Vec<_> = found.into_iter().map(|name| format!("a foreign key of the table {name}")).collect();
    refuse_dependents(table, dependents)
}

/// Refuses to replace `table` if a view would miss columns of the next table, which exists as well.
pub(super) async fn check_views(conn: &mut SqliteConnection, table: TableRef) -> Result<(), ReadModelError> {
    if schema::columns(conn, table).await?.is_empty() {
        return Ok(());
    }
    let gone = gone(conn, table, TableRef::next(table.model())).await?;
    let valid = valid_views(conn, table).await?;
    run(conn, table, "look at", statements::exchange(table, TableRef::next(table.model()))).await?;
    let broken = broken_views(conn, table, &valid, &gone).await;
    run(conn, table, "look at", statements::EXCHANGE_BACK.to_owned()).await?;
    refuse_dependents(table, broken?)
}

/// Replaces `table` by the table of the next generation. Returns what could not be created again. SQLite cannot rename
/// an index, so indexes are created again as well.
pub(super) async fn replace(conn: &mut SqliteConnection, table: TableRef) -> Result<Vec<String>, ReadModelError> {
    let next = TableRef::next(table.model());
    check(conn, table).await?;
    let gone = gone(conn, table, next).await?;
    let kept = kept(conn, table).await?;
    let mut left = left(conn, table, next).await?;
    let valid = valid_views(conn, table).await?;
    drop_table(conn, table).await?;
    run(conn, table, "replace", statements::take_place(next, table) + &schema::indexes_sql(table)).await?;
    for DependentObject { kind, name, sql } in kept {
        if let Some(reason) = why_not_made_again(conn, table, &sql, &gone).await? {
            left.push(format!("the {kind} {name}: {reason}"));
        }
    }
    refuse_dependents(table, broken_views(conn, table, &valid, &gone).await?)?;
    Ok(left)
}

/// Returns the columns of `table` that `next` does not have.
async fn gone(conn: &mut SqliteConnection, table: TableRef, next: TableRef) -> Result<Vec<String>, ReadModelError> {
    let columns = schema::columns(conn, table).await?.into_iter().map(|column| column.name);
    Ok(columns
        .filter(|name| !next.model().all_columns().any(|column| column.name.eq_ignore_ascii_case(name)))
        .collect())
}

/// Returns what belongs to the table and cannot be created again, because SQLite stores it in the text of the table.
async fn left(conn: &mut SqliteConnection, table: TableRef, next: TableRef) -> Result<Vec<String>, ReadModelError> {
    let found: Result<Vec<String>, _> =
        sqlx::query_scalar(statements::LEFT).bind(table.name()).fetch_all(&mut *conn).await;
    let mut left = found.map_err(|error| failed(table, "look at", error))?;
    left.extend(gone(conn, table, next).await?.into_iter().map(|name| format!("the column {name}")));
    Ok(left)
}

/// Returns the indexes and triggers of the table that the model does not describe.
async fn kept(conn: &mut SqliteConnection, table: TableRef) -> Result<Vec<DependentObject>, ReadModelError> {
    let found =
        sqlx::query_as::<_, (String, String, String)>(statements::KEPT).bind(table.name()).fetch_all(conn).await;
    let found = found.map_err(|error| failed(table, "look at", error))?;
    let own: Vec<_> = table.indexed().map(|c| table.index_name(c.name)).collect();
    let kept = found.into_iter().map(|(kind, name, sql)| DependentObject { kind, name, sql });
    Ok(kept.filter(|kept| !own.iter().any(|own| own.eq_ignore_ascii_case(&kept.name))).collect())
}

/// Creates an index or a trigger again, if the table has the columns that it needs. Returns the reason if that is not
/// possible.
async fn why_not_made_again(
    conn: &mut SqliteConnection,
    table: TableRef,
    sql: &str,
    gone: &[String],
) -> Result<Option<String>, ReadModelError> {
    // SQLite would read the quoted name of a missing column as a string.
    if let Some(name) = gone.iter().find(|name| mentions(sql, name)) {
        return Ok(Some(format!("the column {name} is gone")));
    }
    run(conn, table, "replace", statements::SAVEPOINT.to_owned()).await?;
    // SQLite checks a trigger only when it would fire: so a write is planned, but not executed.
    let tried = format!("{sql};\n{}", statements::plan_writes(table));
    let refused = match sqlx::raw_sql(AssertSqlSafe(tried)).execute(&mut *conn).await {
        Ok(_) => None,
        Err(error) if error.as_database_error().is_some() => Some(error.to_string()),
        Err(error) => return Err(failed(table, "replace", error)),
    };
    let end = if refused.is_none() { statements::RELEASE } else { statements::ROLLBACK_AND_RELEASE };
    run(conn, table, "replace", end.to_owned()).await?;
    Ok(refused)
}

/// Returns the views that work, with their texts.
async fn valid_views(conn: &mut SqliteConnection, table: TableRef) -> Result<Vec<(String, String)>, ReadModelError> {
    let views = sqlx::query_as::<_, (String, String)>(statements::VIEWS).fetch_all(&mut *conn).await;
    let mut valid = views.map_err(|error| failed(table, "look at", error))?;
    let mut index = 0;
    while let Some((name, _)) = valid.get(index) {
        if works(conn, table, name).await? {
            index += 1;
        } else {
            valid.remove(index);
        }
    }
    Ok(valid)
}

/// Returns those of the views that no longer work or name a missing column.
async fn broken_views(
    conn: &mut SqliteConnection,
    table: TableRef,
    views: &[(String, String)],
    gone: &[String],
) -> Result<Vec<String>, ReadModelError> {
    let mut broken = Vec::new();
    for (name, sql) in views {
        let names_gone = mentions(sql, &table.name()) && gone.iter().any(|column| mentions(sql, column));
        if names_gone || !works(conn, table, name).await? {
            broken.push(format!("the view {name}"));
        }
    }
    Ok(broken)
}

/// Returns whether the view can be read.
async fn works(conn: &mut SqliteConnection, table: TableRef, view: &str) -> Result<bool, ReadModelError> {
    let planned = sqlx::raw_sql(AssertSqlSafe(format!("EXPLAIN SELECT * FROM {}", quoted(view)))).execute(conn).await;
    match planned {
        Ok(_) => Ok(true),
        Err(error) if error.as_database_error().is_some() => Ok(false),
        Err(error) => Err(failed(table, "look at", error)),
    }
}

/// Returns whether `sql` contains the word `name`.
fn mentions(sql: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    sql.split(|c| !is_part(c)).any(|word| word.eq_ignore_ascii_case(name))
}

/// Replaces a table that is missing or does not match by an empty one, as the model describes it. Returns what could
/// not be created again.
pub(super) async fn reshape(conn: &mut SqliteConnection, table: TableRef) -> Result<Vec<String>, ReadModelError> {
    match schema::check(conn, table, Use::Write).await {
        Ok(()) => return Ok(Vec::new()),
        Err(ReadModelError::NoTable { .. }) => {
            schema::create(conn, table).await?;
            return Ok(Vec::new());
        }
        Err(ReadModelError::Mismatch { .. }) => {}
        Err(error) => return Err(error),
    }
    schema::create_new(conn, TableRef::next(table.model())).await?;
    let replaced = replace(conn, table).await;
    run(conn, table, "replace", statements::RENAME_AS_BEFORE.to_owned()).await?;
    replaced
}
