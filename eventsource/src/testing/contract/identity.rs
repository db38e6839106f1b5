//! The identity of a log, and the events by which it is recognised.

use std::sync::Arc;

use uuid::Uuid;

use super::events::{event, events, order};
use super::filled_log::FilledLog;
use super::violation::{ensure, ensure_eq};
use super::{Verdict, Violation};
use crate::event::Position;
use crate::store::{EventFilter, EventLog, EventStore, ExpectedVersion, LogMark, PageLimit};

pub(super) async fn the_log_has_one_identity(filled: FilledLog) -> Verdict {
    let id = filled.log_id().await?;
    ensure_eq!(filled.log_id().await?, id, "the identity, asked again");
    filled.append(&order(), events(2)).await?;
    ensure_eq!(filled.log_id().await?, id, "the identity after an append");
    ensure!(*id.as_uuid() != Uuid::nil(), "the identity is nil, which another log may have as well");
    Ok(())
}

pub(super) async fn the_last_event_is_found(filled: FilledLog) -> Verdict {
    let (start, end) = (Position::START, Position::new(u64::MAX));
    ensure_eq!(filled.last_event(end).await?, None, "the last event of an empty log");
    let first = filled.append(&order(), events(2)).await?;
    let second = filled.append(&order(), events(3)).await?;
    let marks: Vec<_> = first.events().iter().chain(second.events()).map(|event| LogMark::of(event)).collect();
    for mark in &marks {
        ensure_eq!(filled.last_event(mark.position).await?, Some(*mark), "the event at {}", mark.position);
    }
    ensure_eq!(filled.last_event(end).await?, marks.last().copied(), "the last event");
    ensure_eq!(filled.last_event(start).await?, None, "an event at or before the start");
    Ok(())
}

/// Checks the events before a page and at its horizon, if the page names them.
pub(super) async fn a_page_tells_the_events_around_it(filled: FilledLog) -> Verdict {
    for event_type in ["A", "B", "A", "B", "B", "A", "B"] {
        filled.append(&order(), vec![event(event_type)]).await?;
    }
    let head = filled.head().await?;
    let filters = [EventFilter::all(), EventFilter::types(["A"]), EventFilter::types::<&str>([])];
    for filter in &filters {
        for after in 0..=head.value() {
            for limit in [1, 2, 100] {
                let after = Position::new(after);
                let page = filled.read_log(after, filter, PageLimit::events(limit)).await?;
                for (mark, to) in [(page.before, after), (page.last, page.horizon)] {
                    ensure!(
                        mark.is_none() || mark == filled.last_event(to).await?,
                        "a page of {limit} after {after} through {filter:?} says that {mark:?} is the last event up to {to}"
                    );
                }
            }
        }
    }
    Ok(())
}

/// Checks that a store never gives a position twice, although events are deleted by other means than the store, such as
/// SQL. Call it on a fresh, empty store. `delete_after` deletes all events after a position.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use std::sync::Arc;
///
/// use eventsource::sqlx;
/// use eventsource::sqlite::{SqliteDatabase, SqliteEventStore, SqliteOptions};
/// use eventsource::testing::contract::positions_only_grow;
///
/// let db = SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await?;
/// let pool = db.pool().clone();
/// let delete_after = async |position: eventsource::Position| {
///     let delete = sqlx::query("DELETE FROM eventsource_events WHERE position > ?");
///     delete.bind(i64::try_from(position.value()).unwrap()).execute(&pool).await.unwrap();
/// };
/// positions_only_grow(Arc::new(SqliteEventStore::new(&db)), delete_after).await.unwrap();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
///
/// # Errors
/// [`Violation`] if a position is given twice.
pub async fn positions_only_grow(
    store: Arc<dyn EventStore>,
    delete_after: impl AsyncFn(Position),
) -> Result<(), Violation> {
    let mut last = Position::START;
    for (size, left) in [(1, 0), (5, 3), (300, 0), (1, 1), (2, 0)] {
        let before = last;
        for expected in [ExpectedVersion::NoStream, ExpectedVersion::Exact(0), ExpectedVersion::Any] {
            let streams = [order(), order(), order()];
            let appended = store.append(&streams[0], expected, events(size)).await?;
            // Appends that come together may be stored together.
            let (one, two) = tokio::join!(
                store.append(&streams[1], expected, events(size)),
                store.append(&streams[2], expected, events(size)),
            );
            let (one, two) = (one?, two?);
            let mut positions: Vec<_> = [&one, &two].into_iter().flat_map(|appended| appended.positions()).collect();
            positions.sort_unstable();
            for position in appended.positions().chain(positions) {
                ensure!(position > last, "the position {position} was given after {last}");
                last = position;
            }
        }
        ensure_eq!(store.head().await?, last, "the head");
        delete_after(if left == 0 { Position::START } else { Position::new(before.value() + left) }).await;
    }
    Ok(())
}

/// Checks that the identity of a log outlives the store, and that no other log has it. `again` is the log of `store`,
/// opened once more; `other` is another log.
///
/// # Errors
/// [`Violation`] if the identity changes or two logs share it.
///
/// # Examples
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use eventsource::MemoryEventStore;
/// use eventsource::testing::contract::an_identity_is_one_logs_own;
///
/// let store = MemoryEventStore::new();
/// let again = store.clone(); // a store in a file is opened a second time instead
/// an_identity_is_one_logs_own(&store, &again, &MemoryEventStore::new()).await.unwrap();
/// # });
/// ```
pub async fn an_identity_is_one_logs_own(
    store: &dyn EventLog,
    again: &dyn EventLog,
    other: &dyn EventLog,
) -> Result<(), Violation> {
    let id = store.log_id().await?;
    ensure_eq!(again.log_id().await?, id, "the identity of the same log, opened again");
    ensure!(other.log_id().await? != id, "two logs have the identity {id}");
    Ok(())
}
