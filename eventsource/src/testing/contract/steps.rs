//! What a step carries is stored with it, or not at all.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::checkpoint_logs::load;
use super::events::at;
use super::letters::waiting;
use super::violation::{ensure, ensure_eq};
use super::{Verdict, Violation};
use crate::event::Position;
use crate::projection::{
    CheckpointReset, CheckpointStore, CheckpointUpdate, Claim, ClaimError, CommitError, Lease, LetterChange,
    LetterQuery, ProjectionSnapshot, UnitOfWork,
};
use crate::store::LogMark;

const START: Position = Position::START;

pub(super) async fn a_snapshot_is_that_of_the_last_step_with_one<C: CheckpointStore>(store: &C) -> Verdict {
    let snapshot = |position, fingerprint: &str, state: &[u8]| {
        Some(ProjectionSnapshot::new(at(position), fingerprint.to_owned(), state.to_vec()))
    };
    let all_bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let first = store.claim(&Claim::new("orders", "v1", START)).await?;
    ensure_eq!(store.snapshot("orders").await?, None, "the snapshot of a new checkpoint");
    let step = CheckpointUpdate::new("orders", first.epoch, START, at(5)).snapshot(Some(all_bytes.clone()));
    store.begin().await?.commit(&step).await?;
    ensure_eq!(store.snapshot("orders").await?, snapshot(5, "v1", &all_bytes), "the snapshot of a step");
    store.detached().commit(&CheckpointUpdate::new("orders", first.epoch, at(5), at(6))).await?;
    let second = store.claim(&Claim::new("orders", "v2", START)).await?;
    ensure_eq!(store.snapshot("orders").await?, snapshot(5, "v1", &all_bytes), "the snapshot after a step without one");
    let step = CheckpointUpdate::new("orders", second.epoch, at(6), at(7)).snapshot(Some(Vec::new()));
    store.detached().commit(&step).await?;
    ensure_eq!(store.snapshot("orders").await?, snapshot(7, "v2", &[]), "the snapshot of the next owner");
    ensure_eq!(store.snapshot("customers").await?, None, "the snapshot of another subscription");
    store.begin().await?.clear(&CheckpointReset::new("orders")).await?;
    ensure_eq!(store.snapshot("orders").await?, None, "the snapshot after a reset");
    store.claim(&Claim::new("orders", "v2", START)).await?;
    ensure_eq!(store.snapshot("orders").await?, None, "the snapshot of a checkpoint that was claimed after a reset");
    Ok(())
}

pub(super) async fn a_step_is_whole<C: CheckpointStore>(store: &C) -> Verdict {
    let owner = store.claim(&Claim::new("orders", "v1", START)).await?;
    let step = |epoch, from, to, number: u64| {
        CheckpointUpdate::new("orders", epoch, at(from), at(to))
            .marked(Some(LogMark::new(at(to), Uuid::from_u128(number.into()))))
            .letters(vec![LetterChange::Keep(waiting(number, number.into()))])
            .snapshot(Some(vec![1]))
    };
    store.begin().await?.commit(&step(owner.epoch, 0, 5, 1)).await?;
    let stored = async || -> Result<_, Violation> {
        let letters = store.dead_letters("orders", LetterQuery::all()).await?;
        Ok((load(store, "orders").await?, letters, store.snapshot("orders").await?))
    };
    let before = stored().await?;
    ensure_eq!((before.1.len(), before.2.is_some()), (1, true), "the letters and the snapshot of a step");
    for refused in [step(owner.epoch, 4, 9, 2), step(owner.epoch + 1, 5, 9, 2)] {
        for unit in [store.begin().await?, store.detached()] {
            let answer = unit.commit(&refused).await;
            ensure!(matches!(answer, Err(CommitError::Fenced { .. })), "a step of another owner: {answer:?}");
            ensure_eq!(stored().await?, before, "what is stored after a step that was fenced");
        }
    }
    Ok(())
}

/// Returns when the lease on `orders` ends.
async fn end_of_lease<C: CheckpointStore>(store: &C) -> Result<DateTime<Utc>, Violation> {
    let claim = Claim::new("orders", "v1", START).under(Lease::new("two", Duration::from_secs(1)));
    match store.claim(&claim).await {
        Err(ClaimError::Held { until, .. }) => Ok(until),
        answer => Err(Violation::new(format_args!("a claim of a leased checkpoint returned {answer:?}"))),
    }
}

pub(super) async fn a_fenced_step_leaves_the_lease<C: CheckpointStore>(store: &Arc<C>) -> Verdict {
    let lease = Lease::new("one", Duration::from_secs(600));
    let owner = store.claim(&Claim::new("orders", "v1", START).under(lease)).await?;
    let before = end_of_lease(&**store).await?;
    for (epoch, from) in [(owner.epoch, 4), (owner.epoch + 1, 0)] {
        let step = CheckpointUpdate::new("orders", epoch, at(from), at(9)).lease(Some(Duration::from_secs(6_000)));
        let answer = store.begin().await?.commit(&step).await;
        ensure!(matches!(answer, Err(CommitError::Fenced { .. })), "a step of another owner: {answer:?}");
        ensure_eq!(end_of_lease(&**store).await?, before, "the end of the lease after a step that was fenced");
    }
    Ok(())
}
