//! Appending to several streams: all or nothing. A store that does not support it fails with `Unsupported`.

use std::sync::Arc;

use super::events::{OrderPlaced, event, events, order, unchanged};
use super::violation::{ensure, ensure_eq};
use super::{Verdict, Violation};
use crate::event::{NewEvent, Position, StreamId};
use crate::store::{AppendError, EventStore, ExpectedVersion, ReadStream, StoreError, StreamAppend};

type Store = Arc<dyn EventStore>;

/// Returns whether the store supports it.
async fn is_offered(store: &Store) -> Result<bool, Violation> {
    let append = || StreamAppend::new(order(), ExpectedVersion::NoStream, events(1));
    match store.append_all(vec![append(), append()]).await {
        Ok(appended) => {
            ensure_eq!(appended.len(), 2, "the number of answers");
            Ok(true)
        }
        Err(AppendError::Store(StoreError::Unsupported { .. })) => {
            ensure_eq!(store.head().await?, Position::START, "the head after an append that is not supported");
            Ok(false)
        }
        Err(other) => Err(other.into()),
    }
}

async fn version(store: &Store, stream: &StreamId) -> Result<u64, Violation> {
    let last = store.read_stream(stream, ReadStream::backward().limit(1)).await?;
    Ok(last.first().map_or(0, |event| event.version()))
}

pub(super) async fn several_streams_are_appended_as_one(store: Store) -> Verdict {
    ensure!(store.append_all(Vec::new()).await?.is_empty(), "an append to no stream returned an answer");
    if !is_offered(&store).await? {
        return Ok(());
    }
    let mut versions = vec![(order(), 0); 4];
    for (n, (stream, _)) in versions.iter_mut().enumerate() {
        // In another order than that of their ids.
        *stream = StreamId::new(if n == 2 { "Customer" } else { "Order" }, uuid::Uuid::from_u128(1_000 - n as u128));
    }
    for sizes in [&[1][..], &[1, 1], &[3, 1, 2], &[1, 20, 1, 20], &[300, 1, 300, 2]] {
        for any in [false, true] {
            let part = |((stream, version), size): (&(StreamId, u64), &usize)| {
                let expected = if any { ExpectedVersion::Any } else { ExpectedVersion::Exact(*version) };
                StreamAppend::new(stream.clone(), expected, events(*size))
            };
            let appends: Vec<_> = versions.iter().zip(sizes).map(part).collect();
            let head = store.head().await?;
            let appended = store.append_all(appends.clone()).await?;
            ensure_eq!(appended.len(), sizes.len(), "the number of answers");
            for ((append, appended), (stream, version)) in appends.iter().zip(&appended).zip(&mut versions) {
                let stored = store.read_stream(stream, ReadStream::forward().from(*version + 1)).await?;
                ensure_eq!(stored, appended.events().to_vec(), "the stored events, compared with the answer");
                let ids = |events: &[NewEvent]| events.iter().map(NewEvent::id).collect::<Vec<_>>();
                ensure_eq!(stored.iter().map(|event| event.id()).collect::<Vec<_>>(), ids(&append.events), "the ids");
                ensure!(stored.iter().all(|event| event.position() > head), "a position is not after {head}");
                *version += append.events.len() as u64;
                ensure_eq!(appended.version(), *version, "the version of {stream}");
            }
        }
    }
    Ok(())
}

pub(super) async fn a_refused_part_leaves_nothing_of_the_others(store: Store) -> Verdict {
    if !is_offered(&store).await? {
        return Ok(());
    }
    let (existing, taken) = (order(), event("OrderPlaced"));
    store.append(&existing, ExpectedVersion::NoStream, vec![event("OrderPlaced"), taken.clone()]).await?;
    let head = store.head().await?;
    for size in [1, 20, 600] {
        for at in 0..3 {
            let streams = [order(), order(), order()];
            let append = |n: usize| StreamAppend::new(streams[n].clone(), ExpectedVersion::NoStream, events(size));
            let mut conflict: Vec<_> = (0..3).map(append).collect();
            conflict[at] = StreamAppend::new(existing.clone(), ExpectedVersion::Exact(1), events(size));
            let refused = store.append_all(conflict).await;
            match refused {
                Err(AppendError::Conflict { ref stream, actual: 2, .. }) if *stream == existing => {}
                other => ensure!(false, "a part with a stale version returned {other:?}"),
            }
            let mut duplicate: Vec<_> = (0..3).map(append).collect();
            duplicate[at].events.push(taken.clone());
            let refused = store.append_all(duplicate).await;
            match refused {
                Err(AppendError::DuplicateEvent { ref stream, event_id })
                    if *stream == streams[at] && event_id == taken.id() => {}
                other => ensure!(false, "a part with a stored id returned {other:?}"),
            }
            for stream in &streams {
                unchanged(&*store, stream, 0, head).await?;
            }
            ensure_eq!(version(&store, &existing).await?, 2, "the version of a stream that was refused");
        }
    }
    Ok(())
}

pub(super) async fn parts_that_no_store_takes_are_refused(store: Store) -> Verdict {
    if !is_offered(&store).await? {
        return Ok(());
    }
    let head = store.head().await?;
    let (one, other) = (order(), order());
    let any = |stream: &StreamId, events| StreamAppend::new(stream.clone(), ExpectedVersion::Any, events);
    let refused = store.append_all(vec![any(&one, events(1)), any(&other, events(1)), any(&one, events(1))]).await;
    ensure!(matches!(refused, Err(AppendError::StreamTwice { .. })), "the same stream twice returned {refused:?}");
    let refused = store.append_all(vec![any(&one, events(1)), any(&other, Vec::new())]).await;
    ensure!(matches!(refused, Err(AppendError::Empty { .. })), "a part without events returned {refused:?}");
    let twice = event("OrderPlaced");
    let refused = store.append_all(vec![any(&one, vec![twice.clone()]), any(&other, vec![twice])]).await;
    ensure!(matches!(refused, Err(AppendError::DuplicateEvent { .. })), "the same id twice returned {refused:?}");
    let customer = StreamId::new("Customer", other.aggregate_id());
    let refused = store.append_all(vec![any(&one, events(1)), any(&customer, vec![NewEvent::of(&OrderPlaced)?])]).await;
    ensure!(matches!(refused, Err(AppendError::ForeignEvent { .. })), "an event of an Order returned {refused:?}");
    unchanged(&*store, &one, 0, head).await
}

/// Writers that name the same streams in opposite orders. Each retries after a conflict.
pub(super) async fn opposite_orders_of_streams_lose_nothing(store: Store) -> Verdict {
    const WRITERS: usize = 4;
    const ROUNDS: usize = 10;
    if !is_offered(&store).await? {
        return Ok(());
    }
    let streams = [order(), order()];
    let writers = (0..WRITERS).map(|n| {
        let (store, mut streams) = (Arc::clone(&store), streams.clone());
        streams.rotate_left(n % 2);
        tokio::spawn(async move {
            for _ in 0..ROUNDS {
                loop {
                    let mut appends = Vec::new();
                    for stream in &streams {
                        let expected = ExpectedVersion::Exact(version(&store, stream).await?);
                        appends.push(StreamAppend::new(stream.clone(), expected, events(1)));
                    }
                    match store.append_all(appends).await {
                        Ok(_) => break,
                        Err(AppendError::Conflict { .. }) => tokio::task::yield_now().await,
                        Err(other) => return Err(Violation::from(other)),
                    }
                }
            }
            Ok(())
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await??;
    }
    for stream in &streams {
        ensure_eq!(version(&store, stream).await?, (WRITERS * ROUNDS) as u64, "the version of a stream");
    }
    Ok(())
}
