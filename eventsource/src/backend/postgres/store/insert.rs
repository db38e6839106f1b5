//! Stores appends with one statement, which is its own transaction or a part of the caller's transaction.

use std::collections::HashMap;
use std::time::Duration;

use sqlx::{AssertSqlSafe, PgConnection};

use super::arguments::{Row, few, many, numbered, one, to_one};
use super::failure::{code, is_collision};
use super::loss_tracker::is_useless;
use super::refused::{MOST_TRIES, judge, stored_before};
use super::row::place;
use super::time::Time;
use super::{PostgresDatabase, statements};
use crate::backend::sql::store::{
    self as sql, Append, Failure, Outcome, Place, Refusal, Together, UnitOutcome, of_one, unsigned,
};
use crate::backoff::{Backoff, Retries};

/// `append_in` was called outside a transaction.
#[derive(Debug, thiserror::Error)]
#[error("the connection has no transaction open: begin one, and commit it after the append")]
struct NoTransaction;

/// The connections for an append.
#[derive(Debug, Clone, Copy)]
pub(super) enum Through {
    /// A connection that appends keep for each other. Only for appends that do not run concurrently.
    ConnectionCache,
    /// Any connection of the shared pool.
    Pool,
}

/// Appends in its own transaction: see [`as_one`].
pub(super) async fn alone(db: &PostgresDatabase, append: &Append, through: Through) -> Outcome {
    of_one(as_one(db, &[append], through).await)
}

/// Appends to different streams in their own transaction: everything or nothing.
///
/// If the connection is lost, it tries once more. Nothing can be stored twice, because the ids of events are unique. If
/// the second attempt is refused, the first one may have stored the events. That is looked up.
pub(super) async fn as_one(db: &PostgresDatabase, appends: &[&Append], through: Through) -> UnitOutcome {
    match tries(db, appends, through).await {
        Err((_, Refusal::Failed(Failure::Database(error)))) if is_useless(&error) => {
            after_loss(db, appends, error).await
        }
        tried => tried,
    }
}

/// Appends once more after an attempt whose connection was lost with `error`, and which may have stored the events.
pub(super) async fn after_loss(db: &PostgresDatabase, appends: &[&Append], error: sqlx::Error) -> UnitOutcome {
    let again = async { tries(db, appends, Through::Pool).await.map_err(Refused) };
    match db.once_more(error, again).await {
        Err(Refused((at, refusal @ (Refusal::Conflict { .. } | Refusal::DuplicateEvent(_))))) => {
            let mut places = Vec::with_capacity(appends.len());
            for append in appends {
                let Some(stored) = stored_before(db, append).await.map_err(|failure| (at, failure.into()))? else {
                    return Err((at, refusal));
                };
                places.push(stored);
            }
            Ok(places)
        }
        tried => tried.map_err(|Refused(refused)| refused),
    }
}

/// The index of the refused append, and the reason. An error of the driver counts as a refusal of the first one.
struct Refused((usize, Refusal));

impl From<sqlx::Error> for Refused {
    fn from(error: sqlx::Error) -> Self {
        Self((0, error.into()))
    }
}

/// The delays after another writer was faster.
pub(super) const AFTER_A_CONFLICT: Backoff = Backoff::new(Duration::from_millis(1), Duration::from_millis(8));

async fn tries(db: &PostgresDatabase, appends: &[&Append], through: Through) -> UnitOutcome {
    let (mut tries, mut retries) = (0, Retries::of(AFTER_A_CONFLICT));
    loop {
        tries += 1;
        let error = match together(db, appends, through, Together::AsOne).await {
            Ok(outcomes) => return sql::as_one(outcomes),
            Err(Failure::Database(error)) => error,
            Err(failure) => return Err((0, failure.into())),
        };
        if is_collision(&error) && tries < MOST_TRIES {
            retries.wait().await;
            continue;
        }
        let failed = |error: sqlx::Error| (0, error.into());
        let mut session = db.session().await.map_err(failed)?;
        let judged = judge(db, &mut session, appends, error, tries).await;
        session.end().await.map_err(failed)?;
        judged?;
    }
}

/// Appends to different streams in one transaction. If it fails, nothing is stored, unless the answer was lost.
///
/// `together` decides whether an append with a conflict refuses the other appends too.
pub(super) async fn together(
    db: &PostgresDatabase,
    appends: &[&Append],
    through: Through,
    together: Together,
) -> Result<Vec<Outcome>, Failure> {
    let (Through::ConnectionCache, true) = (through, db.names_statements()) else {
        let mut session = db.session().await?;
        let outcomes = attempt(db, &mut session, appends, together).await?;
        session.end().await?;
        return Ok(outcomes);
    };
    let mut kept = db.appending().await?;
    let outcomes = attempt(db, &mut kept.conn, appends, together).await;
    if !matches!(&outcomes, Err(Failure::Database(error)) if code(error).is_none() || is_useless(error)) {
        db.appender().keep(kept);
    }
    outcomes
}

/// Returns the outcome of the only append.
fn only(mut outcomes: Vec<Outcome>) -> Outcome {
    outcomes.pop().unwrap_or_else(|| Err(missing().into()))
}

/// Appends in the open transaction of `conn`. A refusal does not change the transaction.
pub(super) async fn inside(db: &PostgresDatabase, conn: &mut PgConnection, append: &Append) -> Outcome {
    let mut tries = 0;
    loop {
        tries += 1;
        sqlx::raw_sql(AssertSqlSafe(db.savepoint_sql().to_owned())).execute(&mut *conn).await.map_err(|error| {
            let alone = code(&error).as_deref() == Some("25P01");
            if alone { sqlx::Error::Configuration(Box::new(NoTransaction)) } else { error }
        })?;
        let attempted = attempt(db, conn, &[append], Together::AsOne).await.map_err(Refusal::Failed);
        let refusal = match attempted.and_then(only) {
            Ok(places) => {
                let done = format!("{}; {}", statements::RELEASE, db.announcer().notify_in_transaction());
                sqlx::raw_sql(AssertSqlSafe(done)).execute(&mut *conn).await?;
                return Ok(places);
            }
            Err(refusal) => refusal,
        };
        sqlx::raw_sql(statements::UNDO).execute(&mut *conn).await?;
        match refusal {
            Refusal::Failed(Failure::Database(error)) => {
                judge(db, conn, &[append], error, tries).await.map_err(|(_, refusal)| refusal)?;
            }
            refusal => return Err(refusal),
        }
    }
}

async fn attempt(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    appends: &[&Append],
    together: Together,
) -> Result<Vec<Outcome>, Failure> {
    if let [append] = appends
        && let Some(places) = attempt_one(db, conn, append).await?
    {
        return Ok(vec![Ok(places)]);
    }
    attempt_all(db, conn, appends, together).await
}

/// Appends to one stream. Returns the places of the events, or an empty list if the append is refused.
async fn attempt_one(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    append: &Append,
) -> Result<Option<Vec<Place>>, Failure> {
    let query = match &append.events[..] {
        [event] => one(sqlx::query_as(db.append_one_sql()), append, event)?,
        events if events.len() > statements::FEW => to_one(sqlx::query_as(db.append_to_one_sql()), append)?,
        _ => return Ok(None),
    };
    // Read the whole answer: the rows arrive before the commit.
    let rows: Vec<(i64, i64, Time)> = query.persistent(db.names_statements()).fetch_all(conn).await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let places = rows.into_iter().map(place).collect::<Result<Vec<_>, _>>()?;
    if places.len() == append.events.len() { Ok(Some(places)) } else { Err(missing()) }
}

async fn attempt_all(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    appends: &[&Append],
    together: Together,
) -> Result<Vec<Outcome>, Failure> {
    let events = numbered(appends);
    let rows: Vec<Row> = match db.append_few_sql(events.len()) {
        _ if together == Together::AsOne && appends.len() > 1 => {
            let query = many(sqlx::query_as(db.sql(statements::APPEND_AS_ONE)), appends, &events)?;
            query.persistent(db.names_statements()).fetch_all(conn).await?
        }
        Some(sql) => few(sqlx::query_as(sql), &events)?.persistent(db.names_statements()).fetch_all(conn).await?,
        None => {
            let query = many(sqlx::query_as(db.append_sql()), appends, &events)?;
            query.persistent(db.names_statements()).fetch_all(conn).await?
        }
    };
    outcomes(appends, rows)
}

/// Returns the outcome of each append.
fn outcomes(appends: &[&Append], rows: Vec<Row>) -> Result<Vec<Outcome>, Failure> {
    let (mut places, mut refused) = (Vec::with_capacity(rows.len()), HashMap::new());
    for (version, number, recorded_at) in rows {
        match recorded_at {
            Some(recorded_at) => places.push(place((version, number, recorded_at))?),
            None => drop(refused.insert(number, unsigned(version, "the version of a stream")?)),
        }
    }
    let mut places = places.into_iter();
    let outcome = |(number, append): (i64, &&Append)| match refused.get(&number) {
        Some(&actual) => Err(Refusal::Conflict { actual }),
        None => {
            let places: Vec<_> = places.by_ref().take(append.events.len()).collect();
            if places.len() == append.events.len() { Ok(places) } else { Err(missing().into()) }
        }
    };
    Ok((1_i64..).zip(appends).map(outcome).collect())
}

fn missing() -> Failure {
    Failure::Corrupt("of events that were appended, not all were stored".to_owned())
}
