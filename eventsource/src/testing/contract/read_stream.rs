//! Reading a stream.

use std::sync::Arc;

use super::Verdict;
use super::events::{events, order, versions};
use super::violation::{ensure, ensure_eq};
use crate::event::StreamId;
use crate::store::{EventStore, ExpectedVersion, ReadStream};

type Store = Arc<dyn EventStore>;

/// Returns a stream of ten events. They were appended in two appends, with appends to other streams between them.
async fn stream_of_ten(store: &Store) -> Result<StreamId, super::Violation> {
    let stream = order();
    for _ in 0..2 {
        store.append(&stream, ExpectedVersion::Any, events(5)).await?;
        store.append(&order(), ExpectedVersion::Any, events(3)).await?;
        store.append(&StreamId::new("Customer", stream.aggregate_id()), ExpectedVersion::Any, events(2)).await?;
    }
    Ok(stream)
}

pub(super) async fn a_stream_reads_in_both_directions(store: Store) -> Verdict {
    let stream = stream_of_ten(&store).await?;
    let forward = store.read_stream(&stream, ReadStream::forward()).await?;
    ensure_eq!(
        forward.iter().map(|event| event.version()).collect::<Vec<_>>(),
        (1..=10).collect::<Vec<_>>(),
        "forward"
    );
    ensure!(forward.iter().all(|event| event.stream() == &stream), "an event of another stream was read");
    let mut backward = store.read_stream(&stream, ReadStream::backward()).await?;
    backward.reverse();
    ensure_eq!(backward, forward, "backward, reversed");
    Ok(())
}

pub(super) async fn a_stream_reads_from_and_to_a_version(store: Store) -> Verdict {
    let stream = &stream_of_ten(&store).await?;
    let cases: [(u64, u64, Vec<u64>); 7] = [
        (3, 6, vec![3, 4, 5, 6]),
        (4, 4, vec![4]),
        (0, 2, vec![1, 2]),
        (9, u64::MAX, vec![9, 10]),
        (11, 20, vec![]),
        (6, 3, vec![]),
        (u64::MAX, u64::MAX, vec![]),
    ];
    for (from, to, expected) in cases {
        let forward = versions(&*store, stream, ReadStream::forward().from(from).to(to)).await?;
        ensure_eq!(forward, expected, "forward from {from} to {to}");
        let mut backward = versions(&*store, stream, ReadStream::backward().from(from).to(to)).await?;
        backward.reverse();
        ensure_eq!(backward, expected, "backward from {from} to {to}, reversed");
    }
    Ok(())
}

pub(super) async fn a_stream_reads_up_to_a_limit(store: Store) -> Verdict {
    let stream = &stream_of_ten(&store).await?;
    let cases = [
        (ReadStream::forward().limit(3), vec![1, 2, 3]),
        (ReadStream::backward().limit(3), vec![10, 9, 8]),
        (ReadStream::forward().from(5).limit(2), vec![5, 6]),
        (ReadStream::backward().to(5).limit(2), vec![5, 4]),
        (ReadStream::forward().from(9).limit(usize::MAX), vec![9, 10]),
        (ReadStream::forward().limit(0), vec![]),
    ];
    for (read, expected) in cases {
        ensure_eq!(versions(&*store, stream, read).await?, expected, "{read:?}");
    }
    Ok(())
}

pub(super) async fn an_absent_stream_has_no_events(store: Store) -> Verdict {
    let stream = stream_of_ten(&store).await?;
    for absent in [order(), StreamId::new("Invoice", stream.aggregate_id())] {
        for read in [ReadStream::forward(), ReadStream::backward()] {
            ensure_eq!(versions(&*store, &absent, read).await?, Vec::<u64>::new(), "{absent}");
        }
    }
    Ok(())
}
