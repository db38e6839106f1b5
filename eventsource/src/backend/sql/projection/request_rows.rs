//! Requests, pauses and reports as rows: the statements, and what their rows contain.

use uuid::Uuid;

use super::columns::pause;
use crate::backend::sql::database::{SqlDatabase, SqlRow as _};
use crate::backend::sql::store::{Failure, unsigned};
use crate::projection::operations::{NewRequest, Pause, RequestState, StoredReport, StoredRequest};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, subscription, action, arguments, asked_by, asked_at, expires_at, state, taken_by, taken_epoch, \
             changed_at, answer FROM {schema}.eventsource_requests ",
            $rest
        )
    };
}

pub(super) const ASK: &str = "INSERT INTO {schema}.eventsource_requests \
     (id, subscription, action, arguments, asked_by, asked_at, expires_at, state, changed_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting', $6) ON CONFLICT (id) DO NOTHING";
pub(super) const LOAD: &str = select!("WHERE id = $1");
/// The latest `$2` requests before `$1`.
pub(super) const LATEST: &str = select!("WHERE id < $1 ORDER BY id DESC LIMIT $2");
/// The latest `$2` requests before `$1` about the subscription `$3`.
pub(super) const LATEST_OF: &str = select!("WHERE subscription = $3 AND id < $1 ORDER BY id DESC LIMIT $2");
/// The latest `$2` requests before `$1` about the subscription `$3` for the action `$4`.
pub(super) const LATEST_FOR: &str =
    select!("WHERE subscription = $3 AND action = $4 AND id < $1 ORDER BY id DESC LIMIT $2");
pub(super) const OPEN: &str = select!("WHERE state IN ('waiting', 'taken') ORDER BY id");
/// The rule is that of `StoredRequest::may_be_taken`.
pub(super) const TAKE: &str = "UPDATE {schema}.eventsource_requests \
     SET state = 'taken', taken_by = $2, taken_epoch = $3, changed_at = $4 WHERE id = $1 \
     AND ((state = 'waiting' AND expires_at > $4) OR (state = 'taken' AND taken_epoch < $3))";
pub(super) const ANSWER: &str = "UPDATE {schema}.eventsource_requests SET state = $5, answer = $6, changed_at = $4 \
     WHERE id = $1 AND state = 'taken' AND taken_by = $2 AND taken_epoch = $3";
pub(super) const WITHDRAW: &str = "UPDATE {schema}.eventsource_requests SET state = 'withdrawn', changed_at = $2 \
     WHERE id = $1 AND state = 'waiting'";
pub(super) const EXPIRE: &str = "UPDATE {schema}.eventsource_requests SET state = 'expired', changed_at = $1 \
     WHERE state = 'waiting' AND expires_at <= $1";
pub(super) const FORGET: &str = "DELETE FROM {schema}.eventsource_requests WHERE state NOT IN ('waiting', 'taken') AND changed_at < $1 \
     AND NOT (action = 'skip' AND state = 'done')";

/// A row without a position is no checkpoint: the subscription was never claimed.
pub(super) const PAUSE: &str = "INSERT INTO {schema}.eventsource_checkpoints AS own \
     (name, position, epoch, fingerprint, updated_at, paused_at, paused_by, paused_reason) \
     VALUES ($1, NULL, 0, '', $2, $3, $4, $5) ON CONFLICT (name) DO UPDATE SET \
     paused_at = excluded.paused_at, paused_by = excluded.paused_by, paused_reason = excluded.paused_reason";
pub(super) const RESUME: &str = "UPDATE {schema}.eventsource_checkpoints \
     SET paused_at = NULL, paused_by = NULL, paused_reason = NULL WHERE name = $1 AND paused_at IS NOT NULL";
pub(super) const PAUSES: &str = "SELECT name, paused_at, paused_by, paused_reason \
     FROM {schema}.eventsource_checkpoints WHERE paused_at IS NOT NULL";

pub(super) const REPORT: &str = "INSERT INTO {schema}.eventsource_subscriptions AS own \
     (subscription, manager, state, report, reported_at) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT (subscription, manager) DO UPDATE SET \
     state = excluded.state, report = excluded.report, reported_at = excluded.reported_at";
pub(super) const REPORTS: &str = "SELECT manager, report, reported_at FROM {schema}.eventsource_subscriptions \
     ORDER BY subscription, manager";
pub(super) const REPORTS_OF: &str = "SELECT manager, report, reported_at FROM {schema}.eventsource_subscriptions \
     WHERE subscription = $1 ORDER BY manager";
pub(super) const FORGET_REPORTS_OF: &str = "DELETE FROM {schema}.eventsource_subscriptions WHERE subscription = $1";
pub(super) const FORGET_REPORTS: &str = "DELETE FROM {schema}.eventsource_subscriptions WHERE reported_at < $1";

/// Returns the request in a row of `select!`.
pub(super) fn request<D: SqlDatabase>(row: &D::Row) -> Result<StoredRequest, Failure> {
    let id = row.id_or_null(0)?.unwrap_or_else(Uuid::nil);
    let time = |column| D::time(row, column, || format!("a time of the request {id}"));
    let mut request = NewRequest::new(row.text(1)?, row.text(2)?, row.text(4)?, time(6)?).arguments(row.text(3)?);
    (request.id, request.at) = (id, time(5)?);
    let (name, at, answer) = (row.text(7)?, time(10)?, row.text_or_null(11)?.unwrap_or_default());
    let by = row.text_or_null(8)?.unwrap_or_default();
    let epoch = unsigned(row.number_or_null(9)?.unwrap_or_default(), &format!("the epoch of the request {id}"))?;
    let state = match &*name {
        "waiting" => RequestState::Waiting,
        "taken" => RequestState::Taken { by, epoch, at },
        "done" => RequestState::Done { by, answer, at },
        "refused" => RequestState::Refused { by, answer, at },
        "withdrawn" => RequestState::Withdrawn { at },
        "expired" => RequestState::Expired { at },
        _ => return Err(Failure::Corrupt(format!("the state of the request {id} is `{name}`"))),
    };
    Ok(StoredRequest::waiting(request).in_state(state))
}

/// Returns the name and the pause in a row of [`PAUSES`].
pub(super) fn paused<D: SqlDatabase>(row: &D::Row) -> Result<Option<(String, Pause)>, Failure> {
    let name = row.text(0)?;
    Ok(pause::<D>(row, 1, &name)?.map(|pause| (name, pause)))
}

/// Returns the report in a row of [`REPORTS`].
pub(super) fn report<D: SqlDatabase>(row: &D::Row) -> Result<StoredReport, Failure> {
    let (manager, text) = (row.text(0)?, row.text(1)?);
    let corrupt = |error| Failure::Corrupt(format!("a report of `{manager}` is not readable: {error}"));
    let report = serde_json::from_str(&text).map_err(corrupt)?;
    let at = D::time(row, 2, || format!("the time of a report of `{manager}`"))?;
    Ok(StoredReport::new(manager, report, at))
}
