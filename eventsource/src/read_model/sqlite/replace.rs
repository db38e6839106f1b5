//! Putting a table in the place of another one, with what its users have made for it.
//!
//! SQLite knows views and triggers by their texts, so that a table can be dropped under a view. What belongs to the table
//! itself goes with it: its indexes and triggers are made again. What refers to it by a foreign key is in the way: the
//! table is emptied before it is dropped, which deletes or refuses rows of other tables.

use sqlx::{AssertSqlSafe, SqliteConnection};

use super::failure::failed;
use super::schema;
use super::statements;
use crate::read_model::sql::{Use, quoted};
use crate::read_model::{ReadModelError, Table};

/// An index or a trigger of a table.
struct DependentObject {
    kind: String,
    name: String,
    sql: String,
}

async fn run(
    conn: &mut SqliteConnection,
    table: &'static Table,
    action: &'static str,
    sql: String,
) -> Result<(), ReadModelError> {
    let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(conn).await;
    done.map(drop).map_err(|error| failed(table, action, error))
}

pub(super) async fn drop_table(conn: &mut SqliteConnection, table: &'static Table) -> Result<(), ReadModelError> {
    run(conn, table, "drop", statements::drop_table(table)).await
}

/// Refuses to replace a table that foreign keys of other tables refer to.
pub(super) async fn check(conn: &mut SqliteConnection, table: &'static Table) -> Result<(), ReadModelError> {
    let found: Result<Vec<String>, _> =
        sqlx::query_scalar(statements::REFERRING).bind(table.name).fetch_all(conn).await;
    let found = found.map_err(|error| failed(table, "look at", error))?;
    let dependents: Vec<_> = found.into_iter().map(|name| format!("a foreign key of the table {name}")).collect();
    ReadModelError::refuse_dependents(table, dependents)
}

/// Refuses to replace `table` by `next`, which is there as well, where a view would not find its columns any more.
pub(super) async fn check_views(conn: &mut SqliteConnection, table: &'static Table) -> Result<(), ReadModelError> {
    if schema::columns(conn, table).await?.is_empty() {
        return Ok(());
    }
    let gone = gone(conn, table, table.next()).await?;
    let valid = valid_views(conn, table).await?;
    run(conn, table, "look at", statements::exchange(table, table.next())).await?;
    let broken = broken_views(conn, table, &valid, &gone).await;
    run(conn, table, "look at", statements::EXCHANGE_BACK.to_owned()).await?;
    ReadModelError::refuse_dependents(table, broken?)
}

/// Puts the table of the next generation in the place of `table`. Returns what of the table before it could not be made
/// again. SQLite renames no index: they are made again as well.
pub(super) async fn replace(conn: &mut SqliteConnection, table: &'static Table) -> Result<Vec<String>, ReadModelError> {
    let next = table.next();
    check(conn, table).await?;
    let gone = gone(conn, table, next).await?;
    let kept = kept(conn, table).await?;
    let mut left = left(conn, table, next).await?;
    let valid = valid_views(conn, table).await?;
    drop_table(conn, table).await?;
    run(conn, table, "replace", statements::take_place(next, table) + &schema::indexes_sql(table)).await?;
    for DependentObject { kind, name, sql } in kept {
        if let Err(reason) = make_again(conn, table, &sql, &gone).await? {
            left.push(format!("the {kind} {name}: {reason}"));
        }
    }
    ReadModelError::refuse_dependents(table, broken_views(conn, table, &valid, &gone).await?)?;
    Ok(left)
}

/// The columns of `table` that `next` does not have.
async fn gone(
    conn: &mut SqliteConnection,
    table: &'static Table,
    next: &'static Table,
) -> Result<Vec<String>, ReadModelError> {
    let columns = schema::columns(conn, table).await?.into_iter().map(|column| column.name);
    Ok(columns.filter(|name| !next.all_columns().any(|column| column.name.eq_ignore_ascii_case(name))).collect())
}

/// What belongs to the table and cannot be made again, because SQLite keeps it in the text of the table.
async fn left(
    conn: &mut SqliteConnection,
    table: &'static Table,
    next: &'static Table,
) -> Result<Vec<String>, ReadModelError> {
    let found: Result<Vec<String>, _> =
        sqlx::query_scalar(statements::LEFT).bind(table.name).fetch_all(&mut *conn).await;
    let mut left = found.map_err(|error| failed(table, "look at", error))?;
    left.extend(gone(conn, table, next).await?.into_iter().map(|name| format!("the column {name}")));
    Ok(left)
}

/// The indexes and triggers of the table that the model does not describe.
async fn kept(conn: &mut SqliteConnection, table: &'static Table) -> Result<Vec<DependentObject>, ReadModelError> {
    let found = sqlx::query_as::<_, (String, String, String)>(statements::KEPT).bind(table.name).fetch_all(conn).await;
    let found = found.map_err(|error| failed(table, "look at", error))?;
    let own: Vec<_> = table.columns.iter().filter(|column| column.indexed).map(|c| table.index_name(c.name)).collect();
    let kept = found.into_iter().map(|(kind, name, sql)| DependentObject { kind, name, sql });
    Ok(kept.filter(|kept| !own.iter().any(|own| own.eq_ignore_ascii_case(&kept.name))).collect())
}

/// Makes an index or a trigger again, where the table has what it needs.
///
/// # Errors
/// Inside: why it cannot be.
async fn make_again(
    conn: &mut SqliteConnection,
    table: &'static Table,
    sql: &str,
    gone: &[String],
) -> Result<Result<(), String>, ReadModelError> {
    // SQLite would take the quoted name of a column that is gone for a string.
    if let Some(name) = gone.iter().find(|name| mentions(sql, name)) {
        return Ok(Err(format!("the column {name} is gone")));
    }
    run(conn, table, "replace", statements::SAVEPOINT.to_owned()).await?;
    // A trigger is first looked at when it would fire: a write is planned, and not done.
    let tried = format!("{sql};\n{}", statements::plan_writes(table));
    let made = match sqlx::raw_sql(AssertSqlSafe(tried)).execute(&mut *conn).await {
        Ok(_) => Ok(()),
        Err(error) if error.as_database_error().is_some() => Err(error.to_string()),
        Err(error) => return Err(failed(table, "replace", error)),
    };
    let end = if made.is_ok() { statements::RELEASE } else { statements::ROLLBACK_AND_RELEASE };
    run(conn, table, "replace", end.to_owned()).await?;
    Ok(made)
}

/// The views that work, with their texts.
async fn valid_views(
    conn: &mut SqliteConnection,
    table: &'static Table,
) -> Result<Vec<(String, String)>, ReadModelError> {
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

/// Those of the views that work no more, or name a column that is gone.
async fn broken_views(
    conn: &mut SqliteConnection,
    table: &'static Table,
    views: &[(String, String)],
    gone: &[String],
) -> Result<Vec<String>, ReadModelError> {
    let mut broken = Vec::new();
    for (name, sql) in views {
        let names_gone = mentions(sql, table.name) && gone.iter().any(|column| mentions(sql, column));
        if names_gone || !works(conn, table, name).await? {
            broken.push(format!("the view {name}"));
        }
    }
    Ok(broken)
}

/// Whether the view can be read.
async fn works(conn: &mut SqliteConnection, table: &'static Table, view: &str) -> Result<bool, ReadModelError> {
    let planned = sqlx::raw_sql(AssertSqlSafe(format!("EXPLAIN SELECT * FROM {}", quoted(view)))).execute(conn).await;
    match planned {
        Ok(_) => Ok(true),
        Err(error) if error.as_database_error().is_some() => Ok(false),
        Err(error) => Err(failed(table, "look at", error)),
    }
}

/// Whether `name` stands in `sql` as a word.
fn mentions(sql: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    sql.split(|c| !is_part(c)).any(|word| word.eq_ignore_ascii_case(name))
}

/// Makes an empty table, as the model describes it, of one that is not so, or is not there. Returns what of the table
/// before it could not be made again.
pub(super) async fn reshape(conn: &mut SqliteConnection, table: &'static Table) -> Result<Vec<String>, ReadModelError> {
    match schema::check(conn, table, Use::Write).await {
        Ok(()) => return Ok(Vec::new()),
        Err(ReadModelError::NoTable { .. }) => {
            schema::create(conn, table).await?;
            return Ok(Vec::new());
        }
        Err(ReadModelError::Mismatch { .. }) => {}
        Err(error) => return Err(error),
    }
    schema::create_new(conn, table.next()).await?;
    let replaced = replace(conn, table).await;
    run(conn, table, "replace", statements::RENAME_AS_BEFORE.to_owned()).await?;
    replaced
}
