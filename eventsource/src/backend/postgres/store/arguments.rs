//! Binds the parameters of the statements that append.

use sqlx::Postgres;
use sqlx::postgres::PgArguments;
use sqlx::query::QueryAs;

use super::time::Time;
use crate::backend::sql::store::{Append, Failure, clamped, metadata_json};
use crate::event::{NewEvent, Slice, now};
use crate::store::ExpectedVersion;

/// A row of the result. For an event: its version, position and time. For a refused append: the version of its stream,
/// its number, and no time.
pub(super) type Row = (i64, i64, Option<Time>);

type QueryRows<'q, R = Row> = QueryAs<'q, Postgres, R, PgArguments>;

/// The number of an append in the batch, the number of an event in it, the append, the event and its slice.
pub(super) type Numbered<'a> = (i64, i64, &'a Append, &'a NewEvent, Slice);

/// Returns the events of all appends, with their numbers.
pub(super) fn numbered<'a>(appends: &[&'a Append]) -> Vec<Numbered<'a>> {
    let mut events = Vec::with_capacity(appends.iter().map(|append| append.events.len()).sum());
    for (number, append) in (1..).zip(appends) {
        let of_append = (1..).zip(&append.events).zip(append.slices());
        events.extend(of_append.map(|((nth, event), slice)| (number, nth, *append, event, slice)));
    }
    events
}

/// Binds one row of parameters for each event.
pub(super) fn few<'q>(query: QueryRows<'q>, events: &[Numbered<'q>]) -> Result<QueryRows<'q>, Failure> {
    events.iter().try_fold(query.bind(now()), |query, &(number, nth, append, event, slice)| {
        of_event(of_stream(query, append).bind(number).bind(nth), event, slice)
    })
}

/// Binds the only event of an append.
pub(super) fn one<'q, R>(
    query: QueryRows<'q, R>,
    append: &'q Append,
    event: &'q NewEvent,
) -> Result<QueryRows<'q, R>, Failure> {
    of_event(of_stream(query.bind(now()), append), event, event.slice(&append.stream))
}

/// Returns the lowest and the highest version that the append expects.
fn bounds(append: &Append) -> (i64, i64) {
    match append.expected {
        ExpectedVersion::Any => (0, i64::MAX),
        ExpectedVersion::NoStream => (0, 0),
        ExpectedVersion::StreamExists => (1, i64::MAX),
        // No stream reaches the largest integer of the database, so a clamped version never matches.
        ExpectedVersion::Exact(version) => (clamped(version), clamped(version)),
    }
}

fn of_stream<'q, R>(query: QueryRows<'q, R>, append: &'q Append) -> QueryRows<'q, R> {
    let (from_version, to_version) = bounds(append);
    query.bind(append.stream.aggregate_type()).bind(append.stream.aggregate_id()).bind(from_version).bind(to_version)
}

fn of_event<'q, R>(query: QueryRows<'q, R>, event: &'q NewEvent, slice: Slice) -> Result<QueryRows<'q, R>, Failure> {
    Ok(query
        .bind(event.id())
        .bind(event.event_type())
        .bind(i64::from(event.schema_version()))
        .bind(event.occurred_at())
        .bind(event.metadata().get_tenant())
        .bind(metadata_json(event.metadata())?)
        .bind(event.payload())
        .bind(slice.value().cast_signed()))
}

/// Binds the events of one append, as one array for each column.
pub(super) fn to_one<'q, R>(query: QueryRows<'q, R>, append: &'q Append) -> Result<QueryRows<'q, R>, Failure> {
    let events: Vec<_> = append.events.iter().zip(append.slices()).collect();
    columns(of_stream(query.bind(now()), append), &events)
}

/// Binds the events of several appends, as one array for each column.
pub(super) fn many<'q>(
    query: QueryRows<'q>,
    appends: &[&'q Append],
    events: &[Numbered<'q>],
) -> Result<QueryRows<'q>, Failure> {
    let (from_version, to_version): (Vec<_>, Vec<_>) = appends.iter().map(|append| bounds(append)).unzip();
    let query = query
        .bind(now())
        .bind(appends.iter().map(|append| append.stream.aggregate_type()).collect::<Vec<_>>())
        .bind(appends.iter().map(|append| append.stream.aggregate_id()).collect::<Vec<_>>())
        .bind(from_version)
        .bind(to_version)
        .bind(events.iter().map(|(number, ..)| *number).collect::<Vec<_>>())
        .bind(events.iter().map(|(_, nth, ..)| *nth).collect::<Vec<_>>());
    columns(query, &events.iter().map(|(.., event, slice)| (*event, *slice)).collect::<Vec<_>>())
}

fn columns<'q, R>(query: QueryRows<'q, R>, events: &[(&'q NewEvent, Slice)]) -> Result<QueryRows<'q, R>, Failure> {
    let of = || events.iter().map(|(event, _)| *event);
    let metadata = of().map(|event| metadata_json(event.metadata())).collect::<Result<Vec<_>, _>>()?;
    Ok(query
        .bind(of().map(NewEvent::id).collect::<Vec<_>>())
        .bind(of().map(NewEvent::event_type).collect::<Vec<_>>())
        .bind(of().map(|event| i64::from(event.schema_version())).collect::<Vec<_>>())
        .bind(of().map(NewEvent::occurred_at).collect::<Vec<_>>())
        .bind(any(of().map(|event| event.metadata().get_tenant()).collect()))
        .bind(any(metadata))
        .bind(of().map(NewEvent::payload).collect::<Vec<_>>())
        .bind(events.iter().map(|(_, slice)| slice.value().cast_signed()).collect::<Vec<_>>()))
}

/// Returns the column, or an empty array if all its values are null. The statement reads a missing value as null.
fn any<T>(column: Vec<Option<T>>) -> Vec<Option<T>> {
    if column.iter().all(Option::is_none) { Vec::new() } else { column }
}
