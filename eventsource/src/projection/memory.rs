//! Checkpoints in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{Advance, Checkpoint, CheckpointError, CheckpointStore, CommitError, UnitOfWork};
use crate::event::{Position, now};

/// Checkpoints in memory, forgotten with the last clone. The unit of work lends nothing.
///
/// It serves memory projections, whose checkpoint lives with their state anyway, and effects in tests.
#[derive(Debug, Clone, Default)]
pub struct MemoryCheckpoints {
    rows: Arc<Mutex<BTreeMap<String, Row>>>,
}

/// A checkpoint, or what a reset left of it: the epoch goes on from there.
#[derive(Debug)]
struct Row {
    checkpoint: Option<Checkpoint>,
    epoch: u64,
}

impl MemoryCheckpoints {
    /// No checkpoints.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn rows(&self) -> MutexGuard<'_, BTreeMap<String, Row>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl CheckpointStore for MemoryCheckpoints {
    type Unit = MemoryUnit;

    async fn load(&self, name: &str) -> Result<Option<Checkpoint>, CheckpointError> {
        Ok(self.rows().get(name).and_then(|row| row.checkpoint.clone()))
    }

    async fn list(&self) -> Result<Vec<Checkpoint>, CheckpointError> {
        Ok(self.rows().values().filter_map(|row| row.checkpoint.clone()).collect())
    }

    async fn claim(&self, name: &str, fingerprint: &str, start: Position) -> Result<Checkpoint, CheckpointError> {
        let mut rows = self.rows();
        let row = rows.entry(name.to_owned()).or_insert(Row { checkpoint: None, epoch: 0 });
        row.epoch += 1;
        let position = row.checkpoint.as_ref().map_or(start, |checkpoint| checkpoint.position);
        let checkpoint = Checkpoint::new(name.to_owned(), position, row.epoch, fingerprint.to_owned(), now());
        row.checkpoint = Some(checkpoint.clone());
        Ok(checkpoint)
    }

    async fn begin(&self) -> Result<MemoryUnit, CheckpointError> {
        Ok(self.detached())
    }

    fn detached(&self) -> MemoryUnit {
        MemoryUnit { checkpoints: self.clone() }
    }

    fn is_durable(&self) -> bool {
        false
    }
}

/// The unit of work of [`MemoryCheckpoints`]: it moves the checkpoint and lends nothing.
#[derive(Debug)]
pub struct MemoryUnit {
    checkpoints: MemoryCheckpoints,
}

impl UnitOfWork for MemoryUnit {
    async fn commit(self, step: &Advance) -> Result<(), CommitError> {
        let mut rows = self.checkpoints.rows();
        let found = rows.get_mut(&step.name).and_then(|row| row.checkpoint.as_mut());
        match found {
            Some(checkpoint) if (checkpoint.position, checkpoint.epoch) == (step.from, step.epoch) => {
                checkpoint.position = step.to;
                checkpoint.updated_at = now();
                Ok(())
            }
            found => Err(CommitError::Fenced { step: step.clone(), found: found.cloned() }),
        }
    }

    async fn clear(self, name: &str) -> Result<(), CommitError> {
        if let Some(row) = self.checkpoints.rows().get_mut(name) {
            row.checkpoint = None;
            row.epoch += 1;
        }
        Ok(())
    }

    async fn rollback(self) {}
}
