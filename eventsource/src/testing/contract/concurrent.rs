//! Several concurrent writers and readers, and wake-ups.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;

use super::events::{event, events, order, versions};
use super::filled_log::FilledLog;
use super::violation::{ensure, ensure_eq};
use super::{Verdict, Violation};
use crate::event::{Position, StreamId};
use crate::store::{AppendError, EventFilter, EventStore, ExpectedVersion, PageLimit, ReadStream};

type Store = Arc<dyn EventStore>;

/// Returns all outcomes, or the first violation.
async fn join<T: 'static>(mut tasks: JoinSet<Result<T, Violation>>) -> Result<Vec<T>, Violation> {
    let mut all = Vec::new();
    while let Some(done) = tasks.join_next().await {
        all.push(done??);
    }
    Ok(all)
}

pub(super) async fn one_writer_wins_each_version(store: Store) -> Verdict {
    let stream = order();
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let (store, stream) = (Arc::clone(&store), stream.clone());
        tasks.spawn(async move {
            let mut won = Vec::new();
            for version in 0..10 {
                match store.append(&stream, ExpectedVersion::Exact(version), vec![event("Counted")]).await {
                    Ok(appended) => won.push(appended.version()),
                    Err(AppendError::Conflict { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            Ok(won)
        });
    }
    let mut won = join(tasks).await?.concat();
    won.sort_unstable();
    let stored = versions(&*store, &stream, ReadStream::forward()).await?;
    ensure_eq!(won, stored, "the versions that writers got are the stored ones, each once");
    ensure_eq!(stored, (1..=10).collect::<Vec<_>>(), "the versions, each expectation met by one writer");
    Ok(())
}

pub(super) async fn many_writers_lose_nothing(store: Store) -> Verdict {
    let streams: Vec<_> = (0..4).map(|_| order()).collect();
    let mut tasks = JoinSet::new();
    for writer in 0..8 {
        let (store, streams) = (Arc::clone(&store), streams.clone());
        tasks.spawn(async move {
            for round in 0..10 {
                let stream = &streams[(writer + round) % streams.len()];
                store.append(stream, ExpectedVersion::Any, events(3)).await?;
            }
            Ok(())
        });
    }
    join(tasks).await?;
    let mut next: BTreeMap<StreamId, u64> = BTreeMap::new();
    let log = store.read_log(Position::START, &EventFilter::all(), PageLimit::events(1_000)).await?.events;
    ensure_eq!(log.len(), 8 * 10 * 3, "events in the log");
    for pair in log.windows(2) {
        ensure!(pair[0].position() < pair[1].position(), "the positions of the log do not increase");
    }
    for event in &log {
        let version = next.entry(event.stream().clone()).or_default();
        *version += 1;
        ensure_eq!(event.version(), *version, "the versions of {}, in position order", event.stream());
    }
    Ok(())
}

/// A reader follows the log by the horizon while writers append batches of three events. It must see each batch whole
/// (all or nothing) and every event ([no gaps](crate::guarantees#no-gaps)), because it never reads a position twice.
pub(super) async fn a_reader_sees_whole_appends_and_skips_nothing(store: Store) -> Verdict {
    let done = Arc::new(AtomicBool::new(false));
    let reader = tokio::spawn({
        let (store, done) = (Arc::clone(&store), Arc::clone(&done));
        async move {
            let (mut after, mut seen) = (Position::START, Vec::new());
            loop {
                let last_round = done.load(Ordering::SeqCst);
                let page = store.read_log(after, &EventFilter::all(), PageLimit::events(10_000)).await?;
                let head = page.events.last().map_or(after, |event| event.position());
                ensure!(page.horizon >= head, "the horizon {} is before the event at {head}", page.horizon);
                // A page may end within an append, but the rest of the append must be stored as well.
                for stream in page.events.iter().map(|event| event.stream()).collect::<BTreeSet<_>>() {
                    let stored = store.read_stream(stream, ReadStream::forward()).await?.len();
                    ensure!(stored == 3, "a reader saw an append of 3 events of which {stored} were stored");
                }
                seen.extend(page.events.iter().map(|event| event.id()));
                after = page.horizon;
                if last_round {
                    return Ok::<_, Violation>(seen);
                }
                tokio::task::yield_now().await;
            }
        }
    });
    let mut tasks = JoinSet::new();
    for _ in 0..4 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            for _ in 0..15 {
                store.append(&order(), ExpectedVersion::NoStream, events(3)).await?;
            }
            Ok(())
        });
    }
    let written = join(tasks).await;
    done.store(true, Ordering::SeqCst);
    let seen = reader.await??;
    written?;
    let log = store.read_log(Position::START, &EventFilter::all(), PageLimit::events(10_000)).await?.events;
    ensure_eq!(seen, log.iter().map(|event| event.id()).collect::<Vec<_>>(), "what the reader saw is the log");
    Ok(())
}

/// Only for a store that gives wake-ups.
pub(super) async fn an_append_wakes_who_listens(filled: FilledLog) -> Verdict {
    let Some(mut wake_up) = filled.wake_ups() else { return Ok(()) };
    let mut other = filled.wake_ups();
    for _ in 0..2 {
        filled.append(&order(), events(2)).await?;
        // The wake-up came before the wait, and is remembered.
        tokio::time::timeout(Duration::from_secs(10), wake_up.wait())
            .await
            .map_err(|_| Violation::new("a listener was not woken within 10 s after an append"))?;
    }
    if let Some(other) = &mut other {
        tokio::time::timeout(Duration::from_secs(10), other.wait())
            .await
            .map_err(|_| Violation::new("an append woke only one of two listeners"))?;
    }
    Ok(())
}
