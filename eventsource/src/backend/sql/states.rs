//! Code that the SQL databases share for the progress of engines.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::backend::sql::store::clamped;
use crate::engine::{ProjectionHealth, ProjectionState, ProjectionStateError};
use crate::event::Position;

/// A row of the table, with the time as the database stores it.
pub(in crate::backend) type Row<T> = (Option<Uuid>, i64, T, i64, i64, Option<String>, bool);

/// Returns the state of the engine `projection_id` that is stored as `row`.
pub(in crate::backend) fn state<T>(
    projection_id: &str,
    row: Row<T>,
    time: impl FnOnce(T) -> Option<DateTime<Utc>>,
) -> Result<ProjectionState, ProjectionStateError> {
    let corrupt = |what: String| ProjectionStateError::Corrupt { projection_id: projection_id.to_owned(), what };
    let number = |name: &str, value: i64| u64::try_from(value).map_err(|_| corrupt(format!("`{name}` is {value}")));
    let (last_event_id, position, updated_at, events_processed, error_count, last_error, is_healthy) = row;
    let updated_at = time(updated_at).ok_or_else(|| corrupt("`updated_at` is not a time".to_owned()))?;
    Ok(ProjectionState {
        projection_id: projection_id.to_owned(),
        last_event_id,
        position: Position::new(number("position", position)?),
        updated_at,
        events_processed: number("events_processed", events_processed)?,
        error_count: number("error_count", error_count)?,
        last_error,
        health: if is_healthy { ProjectionHealth::Healthy } else { ProjectionHealth::Failing },
    })
}

/// Returns the numbers of `state` as the databases store them: position, events, errors.
pub(in crate::backend) fn numbers(state: &ProjectionState) -> [i64; 3] {
    [state.position.value(), state.events_processed, state.error_count].map(clamped)
}

/// Returns the text of the last error without NUL, which a text of PostgreSQL cannot contain.
pub(in crate::backend) fn last_error(state: &ProjectionState) -> Option<String> {
    state.last_error.as_ref().map(|error| error.replace('\0', "\u{fffd}"))
}

pub(in crate::backend) fn failed(
    projection_id: &str,
    action: &'static str,
    source: impl std::error::Error + Send + Sync + 'static,
) -> ProjectionStateError {
    ProjectionStateError::Failed { projection_id: projection_id.to_owned(), action, source: Box::new(source) }
}
