//! The log that a checkpoint belongs to, and the event by which it recognises the log.

use uuid::Uuid;

use super::events::at;
use super::violation::ensure_eq;
use super::{Verdict, Violation};
use crate::event::Position;
use crate::projection::{Checkpoint, CheckpointReset, CheckpointStore, CheckpointUpdate, Claim, UnitOfWork};
use crate::store::{LogId, LogMark};

const START: Position = Position::START;

/// Returns the checkpoint that `name` has for all slices.
pub(super) async fn load<C: CheckpointStore>(store: &C, name: &str) -> Result<Checkpoint, Violation> {
    store.load(name).await?.ok_or_else(|| Violation::new(format_args!("the checkpoint `{name}` is gone")))
}

pub(super) async fn a_checkpoint_keeps_its_log<C: CheckpointStore>(store: &C) -> Verdict {
    let (log, other) = (LogId::generate(), LogId::generate());
    let unknown = store.claim(&Claim::new("orders", "v1", START)).await?;
    ensure_eq!(unknown.log, None, "the log of a claim that names none");
    for (claimed, expected) in [(log, log), (other, log)] {
        let checkpoint = store.claim(&Claim::new("orders", "v1", START).in_log(claimed)).await?;
        ensure_eq!(checkpoint.log, Some(expected), "the log: the first one that was named");
        ensure_eq!(load(store, "orders").await?, checkpoint, "the loaded checkpoint is the claimed one");
    }
    store.begin().await?.clear(&CheckpointReset::new("orders")).await?;
    let checkpoint = store.claim(&Claim::new("orders", "v1", START).in_log(other)).await?;
    ensure_eq!(checkpoint.log, Some(other), "the log after a reset");
    Ok(())
}

pub(super) async fn a_step_keeps_an_event_of_the_log<C: CheckpointStore>(store: &C) -> Verdict {
    let (log, mark) = (LogId::generate(), LogMark::new(at(4), Uuid::now_v7()));
    let claim = Claim::new("orders", "v1", START).in_log(log);
    let claimed = store.claim(&claim).await?;
    ensure_eq!(claimed.mark, None, "an event of the log, before the first step");
    let step = |from, to| CheckpointUpdate::new("orders", claimed.epoch, at(from), at(to));
    store.begin().await?.commit(&step(0, 5).marked(Some(mark))).await?;
    ensure_eq!(load(store, "orders").await?.mark, Some(mark), "the event that a step names");
    store.detached().commit(&step(5, 6)).await?;
    ensure_eq!(load(store, "orders").await?.mark, Some(mark), "the event after a step that names none");
    let next = LogMark::new(at(9), Uuid::now_v7());
    store.detached().commit(&step(6, 9).marked(Some(next))).await?;
    let listed: Vec<_> = store.list().await?.into_iter().map(|checkpoint| checkpoint.mark).collect();
    ensure_eq!(listed, [Some(next)], "the events of all checkpoints");
    ensure_eq!(store.claim(&claim).await?.mark, Some(next), "the event, for the next owner");
    store.detached().clear(&CheckpointReset::new("orders")).await?;
    ensure_eq!(store.claim(&claim).await?.mark, None, "the event after a reset");
    Ok(())
}
