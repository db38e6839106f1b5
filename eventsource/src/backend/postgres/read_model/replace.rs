//! Replaces a table by another one, and keeps what users made for it.
//!
//! In PostgreSQL, views and foreign keys refer to the table itself, not to its name, so a table that has them cannot be
//! dropped: it is not replaced. What belongs to the table is created again: indexes, before any process must wait, and
//! then grants, triggers, constraints, statistics, options and the comment.

use sqlx::{AssertSqlSafe, PgConnection};

use super::failure::failed;
use super::{catalogue, schema, statements};
use crate::backend::postgres::store::PostgresDatabase;
use crate::backend::postgres::store::verdict::verdict;
use crate::backend::sql::read_model::{TableRef, Use, quoted, refuse_dependents};
use crate::read_model::ReadModelError;

pub(super) async fn run(
    conn: &mut PgConnection,
    table: TableRef,
    action: &'static str,
    sql: String,
) -> Result<(), ReadModelError> {
    let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(conn).await;
    done.map(drop).map_err(|error| failed(table, action, error))
}

pub(super) async fn drop_table(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    table: TableRef,
) -> Result<(), ReadModelError> {
    run(conn, table, "drop", statements::drop_table(db.schema(), table)).await
}

/// Refuses to replace a table that other objects depend on, or that has something which cannot be created again.
pub(super) async fn check(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    table: TableRef,
) -> Result<(), ReadModelError> {
    let query = sqlx::query_scalar(catalogue::DEPENDENTS).bind(db.schema()).bind(table.name());
    let found = query.persistent(db.names_statements()).fetch_all(conn).await;
    let dependents = found.map_err(|error| failed(table, "look at", error))?;
    refuse_dependents(table, dependents)
}

/// Creates the table's own indexes on the table of the next generation, under temporary names. Returns the pairs of
/// temporary and final names, and adds to `left` what cannot be created.
pub(super) async fn make_indexes(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    table: TableRef,
    left: &mut Vec<String>,
) -> Result<Vec<(String, String)>, ReadModelError> {
    let query = sqlx::query_as(catalogue::INDEXES).bind(db.schema()).bind(table.name());
    let found = query.persistent(db.names_statements()).fetch_all(&mut *conn).await;
    let found: Vec<(String, bool, String, String, String)> = found.map_err(|error| failed(table, "look at", error))?;
    let is_of_model = |name: &str| table.indexed().any(|column| table.index_name(column.name) == name);
    let mut made = Vec::new();
    for (name, is_unique, oid, begin, definition) in found {
        if is_of_model(&name) {
            continue;
        }
        let Some(rest) = definition.strip_prefix(&begin) else {
            left.push(format!("the index {name}: {definition}"));
            continue;
        };
        let (unique, temporary) = (if is_unique { "UNIQUE " } else { "" }, format!("eventsource_index_{oid}"));
        let next = statements::named(db.schema(), TableRef::next(table.model()));
        let sql = format!("CREATE {unique}INDEX {} ON {next} {rest}", quoted(&temporary));
        match why_not_run(conn, table, &sql).await? {
            None => made.push((temporary, name)),
            Some(reason) => left.push(format!("the index {name}: {reason}")),
        }
    }
    Ok(made)
}

/// Replaces `table`, which is locked, by the table of the next generation and its indexes. Adds to `left` what could
/// not be created again.
pub(super) async fn replace(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    table: TableRef,
    made: &[(String, String)],
    left: &mut Vec<String>,
) -> Result<(), ReadModelError> {
    let (next, schema) = (TableRef::next(table.model()), db.schema());
    // Since the rebuild began, an object may have been created that depends on it.
    check(db, conn, table).await?;
    let query = sqlx::query_as(catalogue::BELONGINGS).bind(schema).bind(table.name()).bind(next.name());
    let belongings = query.persistent(db.names_statements()).fetch_all(&mut *conn).await;
    let belongings: Vec<(String, Option<String>)> = belongings.map_err(|error| failed(table, "look at", error))?;
    let mut indexes = schema::indexes(conn, db, next).await.map_err(|error| failed(next, "look at", error))?;
    indexes.retain(|index| !made.iter().any(|(temporary, _)| temporary == index));
    drop_table(db, conn, table).await?;
    let renamed = statements::rename_indexes(schema, made);
    run(conn, table, "replace", statements::take_place(schema, next, table, &indexes) + &renamed).await?;
    for (what, sql) in belongings {
        let Some(sql) = sql else {
            left.push(what);
            continue;
        };
        if let Some(reason) = why_not_run(conn, table, &sql).await? {
            left.push(format!("{what}: {reason}"));
        }
    }
    Ok(())
}

/// Runs a statement that the table does not depend on. Returns the reason if the server refused it.
async fn why_not_run(conn: &mut PgConnection, table: TableRef, sql: &str) -> Result<Option<String>, ReadModelError> {
    run(conn, table, "replace", "SAVEPOINT eventsource_try".to_owned()).await?;
    match sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut *conn).await {
        Ok(_) => {
            run(conn, table, "replace", "RELEASE SAVEPOINT eventsource_try".to_owned()).await?;
            Ok(None)
        }
        Err(error) if verdict(&error).is_outage() => Err(failed(table, "replace", error)),
        Err(error) => {
            let back = "ROLLBACK TO SAVEPOINT eventsource_try; RELEASE SAVEPOINT eventsource_try";
            run(conn, table, "replace", back.to_owned()).await?;
            Ok(Some(error.to_string()))
        }
    }
}

/// Locks a table that is replaced against all access. It waits at most a second for a long read, because all other
/// readers would wait behind it: the switch is then tried again later.
pub(super) async fn lock(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    table: TableRef,
) -> Result<(), ReadModelError> {
    if schema::exists(conn, db, table).await? {
        run(conn, table, "lock", statements::lock_table(db.schema(), table)).await?;
    }
    Ok(())
}

/// Replaces a table that is missing or does not match by an empty one, as the model describes it. Returns what could
/// not be created again.
pub(super) async fn reshape(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    table: TableRef,
) -> Result<Vec<String>, ReadModelError> {
    let mut left = Vec::new();
    match schema::check(conn, db, table, Use::Write).await {
        Ok(()) => return Ok(left),
        Err(ReadModelError::NoTable { .. }) => {
            schema::create_new(conn, db, table).await?;
            return Ok(left);
        }
        Err(ReadModelError::Mismatch { .. }) => {}
        Err(error) => return Err(error),
    }
    schema::create_new(conn, db, TableRef::next(table.model())).await?;
    let made = make_indexes(db, conn, table, &mut left).await?;
    lock(db, conn, table).await?;
    replace(db, conn, table, &made, &mut left).await?;
    schema::forget(db, table);
    Ok(left)
}
