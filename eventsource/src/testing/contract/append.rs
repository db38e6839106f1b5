//! Appending: expected versions, all or nothing, and refused appends.

use std::sync::Arc;

use super::Verdict;
use super::events::{OrderPlaced, event, events, for_tenant, order, unchanged, versions};
use super::violation::{ensure, ensure_eq};
use crate::event::{NewEvent, Position, StreamId};
use crate::store::{AppendError, EventStore, ExpectedVersion, ReadStream};

type Store = Arc<dyn EventStore>;

pub(super) async fn any_version_is_always_allowed(store: Store) -> Verdict {
    let stream = order();
    store.append(&stream, ExpectedVersion::Any, events(1)).await?;
    let second = store.append(&stream, ExpectedVersion::Any, events(2)).await?;
    ensure_eq!(second.version(), 3, "the version of the stream");
    Ok(())
}

pub(super) async fn no_stream_is_allowed_once(store: Store) -> Verdict {
    let stream = order();
    store.append(&stream, ExpectedVersion::NoStream, events(2)).await?;
    conflicts(&store, &stream, ExpectedVersion::NoStream, 2).await
}

pub(super) async fn an_existing_stream_must_exist(store: Store) -> Verdict {
    let stream = order();
    conflicts(&store, &stream, ExpectedVersion::StreamExists, 0).await?;
    store.append(&stream, ExpectedVersion::Any, events(1)).await?;
    store.append(&stream, ExpectedVersion::StreamExists, events(1)).await?;
    Ok(())
}

pub(super) async fn an_exact_version_must_be_the_streams(store: Store) -> Verdict {
    let stream = order();
    conflicts(&store, &stream, ExpectedVersion::Exact(1), 0).await?;
    store.append(&stream, ExpectedVersion::Exact(0), events(2)).await?;
    store.append(&stream, ExpectedVersion::Exact(2), events(1)).await?;
    Ok(())
}

pub(super) async fn a_stale_version_is_a_conflict(store: Store) -> Verdict {
    let stream = order();
    store.append(&stream, ExpectedVersion::Exact(0), events(3)).await?;
    for stale in [0, 1, 2, 4, u64::MAX] {
        conflicts(&store, &stream, ExpectedVersion::Exact(stale), 3).await?;
    }
    // The expectation is about this stream, not about another of the same type or the same id.
    store.append(&order(), ExpectedVersion::NoStream, events(1)).await?;
    let namesake = StreamId::new("Customer", stream.aggregate_id());
    store.append(&namesake, ExpectedVersion::NoStream, events(1)).await?;
    Ok(())
}

/// Checks that the append fails with a conflict that names the found version, and stores nothing.
async fn conflicts(store: &Store, stream: &StreamId, expected: ExpectedVersion, found: u64) -> Verdict {
    let head = store.head().await?;
    match store.append(stream, expected, events(2)).await {
        Err(AppendError::Conflict { stream: other, expected: wanted, actual }) => {
            ensure_eq!((other, wanted, actual), (stream.clone(), expected, found), "the content of the conflict");
        }
        other => ensure!(false, "{stream} is at version {found}; an append that expects {expected} returned {other:?}"),
    }
    unchanged(&**store, stream, found, head).await
}

/// Covers the numbers around which a store may write in another way, for each kind of expectation.
pub(super) async fn any_number_of_events_is_one_append(store: Store) -> Verdict {
    for tenant in [None, Some("acme")] {
        let (stream, mut version) = (order(), 0);
        for count in [1, 2, 16, 17, 100, 256, 257, 600] {
            for expected in [ExpectedVersion::Any, ExpectedVersion::Exact(version + count)] {
                let mut batch = events(count as usize);
                if let Some(tenant) = tenant {
                    let last = batch.pop().map(|last| for_tenant(tenant, last));
                    batch.extend(last);
                }
                let appended = store.append(&stream, expected, batch.clone()).await?;
                ensure_eq!(appended.events().len() as u64, count, "how many events were stored");
                let stored = store.read_stream(&stream, ReadStream::forward().from(version + 1)).await?;
                ensure_eq!(stored, appended.events().to_vec(), "the stored events, compared with the answer");
                for ((nth, event), new) in (1..).zip(&stored).zip(&batch) {
                    ensure_eq!(event.version(), version + nth, "the version of an event");
                    ensure_eq!((event.id(), event.payload()), (new.id(), new.payload()), "the event");
                    ensure_eq!(event.metadata(), new.metadata(), "the metadata of an event");
                }
                ensure!(
                    stored.is_sorted_by(|one, next| one.position() < next.position()),
                    "the positions of {count} events are in the order of the events"
                );
                version += count;
            }
            let stale = store.append(&stream, ExpectedVersion::Exact(version - 1), events(count as usize)).await;
            ensure!(
                matches!(stale, Err(AppendError::Conflict { actual, .. }) if actual == version),
                "an append of {count} events to a stream at another version returned {stale:?}"
            );
        }
    }
    Ok(())
}

pub(super) async fn a_stored_id_is_refused(store: Store) -> Verdict {
    let (first, stream) = (order(), order());
    let taken = event("OrderPlaced");
    store.append(&first, ExpectedVersion::Any, vec![taken.clone()]).await?;
    let head = store.head().await?;
    // In the middle of an append, into another stream and into its own.
    for (stream, version) in [(&stream, 0), (&first, 1)] {
        let [before, after] = [event("OrderPlaced"), event("OrderPlaced")];
        match store.append(stream, ExpectedVersion::Any, vec![before, taken.clone(), after]).await {
            Err(AppendError::DuplicateEvent { event_id, .. }) => ensure_eq!(event_id, taken.id(), "the id named"),
            other => ensure!(false, "an append with an id that is already stored returned {other:?}"),
        }
        unchanged(&*store, stream, version, head).await?;
    }
    Ok(())
}

pub(super) async fn an_id_twice_in_one_append_is_refused(store: Store) -> Verdict {
    let (stream, twice) = (order(), event("OrderPlaced"));
    match store.append(&stream, ExpectedVersion::Any, vec![twice.clone(), event("OrderShipped"), twice.clone()]).await {
        Err(AppendError::DuplicateEvent { event_id, .. }) => ensure_eq!(event_id, twice.id(), "the id named"),
        other => ensure!(false, "an append with the same id twice returned {other:?}"),
    }
    unchanged(&*store, &stream, 0, Position::START).await
}

pub(super) async fn a_refused_append_leaves_nothing(store: Store) -> Verdict {
    let (stream, taken) = (order(), event("OrderPlaced"));
    store.append(&order(), ExpectedVersion::Any, vec![taken.clone()]).await?;
    let head = store.head().await?;
    // Long enough that a store which splits an append has written most of it by then.
    let mut batch = events(1_500);
    batch.push(taken.clone());
    let refused = store.append(&stream, ExpectedVersion::NoStream, batch.clone()).await;
    ensure!(matches!(refused, Err(AppendError::DuplicateEvent { .. })), "a stored id returned {refused:?}");
    unchanged(&*store, &stream, 0, head).await?;
    // The ids are not taken either.
    batch.pop();
    let appended = store.append(&stream, ExpectedVersion::NoStream, batch).await?;
    ensure_eq!(appended.version(), 1_500, "the version after the same events were appended without the duplicate");
    ensure_eq!(versions(&*store, &stream, ReadStream::backward().limit(1)).await?, [1_500], "the last version read");
    Ok(())
}

pub(super) async fn an_empty_append_is_refused(store: Store) -> Verdict {
    let stream = order();
    let refused = store.append(&stream, ExpectedVersion::Exact(9), Vec::new()).await;
    ensure!(matches!(refused, Err(AppendError::Empty { .. })), "an append without events returned {refused:?}");
    unchanged(&*store, &stream, 0, Position::START).await
}

pub(super) async fn an_event_of_another_aggregate_is_refused(store: Store) -> Verdict {
    let stream = StreamId::new("Customer", order().aggregate_id());
    let refused =
        store.append(&stream, ExpectedVersion::Any, vec![event("CustomerMoved"), NewEvent::of(&OrderPlaced)?]).await;
    ensure!(
        matches!(refused, Err(AppendError::ForeignEvent { .. })),
        "an event of an Order for a Customer: {refused:?}"
    );
    unchanged(&*store, &stream, 0, Position::START).await?;
    store.append(&order(), ExpectedVersion::Any, vec![NewEvent::of(&OrderPlaced)?]).await?;
    Ok(())
}

pub(super) async fn the_answer_is_what_is_stored(store: Store) -> Verdict {
    let stream = order();
    store.append(&stream, ExpectedVersion::Any, events(2)).await?;
    store.append(&order(), ExpectedVersion::Any, events(3)).await?;
    let batch = events(3);
    let appended = store.append(&stream, ExpectedVersion::Any, batch.clone()).await?;
    ensure_eq!(appended.versions().collect::<Vec<_>>(), [3, 4, 5], "the versions");
    ensure_eq!((appended.version(), appended.position()), (5, store.head().await?), "the last version and position");
    for (event, new) in appended.events().iter().zip(&batch) {
        ensure_eq!(event.id(), new.id(), "the id, in order");
    }
    let stored = store.read_stream(&stream, ReadStream::forward().from(3)).await?;
    ensure_eq!(stored, appended.events(), "what is read back");
    Ok(())
}

pub(super) async fn positions_and_versions_increase(store: Store) -> Verdict {
    let streams = [order(), order(), StreamId::new("Customer", order().aggregate_id())];
    let (mut last, mut recorded_at) = (Position::START, None);
    for round in 1..=5_u64 {
        for stream in &streams {
            let appended = store.append(stream, ExpectedVersion::Exact((round - 1) * 2), events(2)).await?;
            ensure_eq!(appended.versions().collect::<Vec<_>>(), [round * 2 - 1, round * 2], "the versions");
            for event in appended.events() {
                ensure!(event.position() > last, "the position {} comes after {last}", event.position());
                ensure!(
                    Some(event.recorded_at()) >= recorded_at,
                    "the time of recording goes back to {}",
                    event.recorded_at()
                );
                (last, recorded_at) = (event.position(), Some(event.recorded_at()));
            }
        }
    }
    Ok(())
}
