//! Finds the reason why an append was refused.

use sqlx::PgConnection;
use uuid::Uuid;

use super::failure::is_collision;
use super::row::place;
use super::time::Time;
use super::{PostgresDatabase, statements};
use crate::backend::sql::store::{Append, Failure, Place, Refusal, unsigned};
use crate::event::NewEvent;

/// The maximum number of attempts of an append if others append at the same time.
pub(super) const MOST_TRIES: u32 = 100;

/// The constraint that makes the versions of a stream unique.
const STREAM_VERSION: &str = "eventsource_events_stream_version_key";

/// The constraint that makes the ids of events unique.
const EVENT_ID: &str = "eventsource_events_event_id_key";

fn constraint(error: &sqlx::Error) -> &str {
    error.as_database_error().and_then(|error| error.constraint()).unwrap_or_default()
}

/// Returns whether another append was faster, so that a new attempt finds other versions.
pub(super) fn is_overtaken(error: &sqlx::Error) -> bool {
    is_collision(error) || constraint(error) == STREAM_VERSION
}

/// Finds out which append is refused because of the error that rolled back the attempt, and why. Returns `Ok` for a
/// retry.
pub(super) async fn judge(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    appends: &[&Append],
    error: sqlx::Error,
    tries: u32,
) -> Result<(), (usize, Refusal)> {
    let constraint = constraint(&error);
    for (at, append) in appends.iter().enumerate() {
        let failed = |failure: Failure| (at, failure.into());
        match constraint {
            STREAM_VERSION => {
                let actual = version(db, conn, append).await.map_err(failed)?;
                if !append.expected.allows(actual) {
                    return Err((at, Refusal::Conflict { actual }));
                }
            }
            EVENT_ID => {
                if let Some(id) = taken(db, conn, append).await.map_err(failed)? {
                    return Err((at, Refusal::DuplicateEvent(id)));
                }
            }
            _ => return Err((at, error.into())),
        }
    }
    if tries < MOST_TRIES { Ok(()) } else { Err((0, error.into())) }
}

async fn version(db: &PostgresDatabase, conn: &mut PgConnection, append: &Append) -> Result<u64, Failure> {
    let version = sqlx::query_scalar(db.sql(statements::VERSION))
        .bind(append.stream.aggregate_type())
        .bind(append.stream.aggregate_id())
        .persistent(db.names_statements())
        .fetch_one(conn)
        .await?;
    unsigned(version, "the version of a stream")
}

/// Returns the first of the ids that is already stored.
async fn taken(db: &PostgresDatabase, conn: &mut PgConnection, append: &Append) -> Result<Option<Uuid>, Failure> {
    let taken: Vec<Uuid> = sqlx::query_scalar(db.sql(statements::TAKEN_IDS))
        .bind(append.ids())
        .persistent(db.names_statements())
        .fetch_all(conn)
        .await?;
    Ok(append.events.iter().map(NewEvent::id).find(|id| taken.contains(id)))
}

/// Returns the places of the events of an append, if all of them are stored in its stream.
pub(super) async fn stored_before(db: &PostgresDatabase, append: &Append) -> Result<Option<Vec<Place>>, Failure> {
    let mut session = db.session().await?;
    let rows: Vec<(i64, i64, Time)> = sqlx::query_as(db.sql(statements::STORED))
        .bind(append.ids())
        .bind(append.stream.aggregate_type())
        .bind(append.stream.aggregate_id())
        .persistent(db.names_statements())
        .fetch_all(&mut *session)
        .await?;
    session.end().await?;
    let places: Vec<_> = rows.into_iter().map(place).collect::<Result<_, _>>()?;
    Ok(Some(places).filter(|places| places.len() == append.events.len()))
}
