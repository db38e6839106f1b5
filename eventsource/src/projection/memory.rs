//! Checkpoints in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::scope::Scope;
use super::{Advance, Checkpoint, CheckpointError, CheckpointStore, CommitError, UnitOfWork};
use crate::event::{Position, RecordedEvent, now};
use crate::store::attached::Attached;

/// Checkpoints in memory, forgotten with the last clone. The unit of work lends repositories of read models, which are
/// kept in memory as well: see [`MemoryReadModels`](crate::read_model::MemoryReadModels).
///
/// It serves memory projections, whose checkpoint lives with their state anyway, and tests.
#[derive(Debug, Clone, Default)]
pub struct MemoryCheckpoints {
    rows: Arc<Mutex<BTreeMap<String, Row>>>,
    attached: Attached,
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

    /// What a module above keeps beside the checkpoints.
    pub(crate) const fn attached(&self) -> &Attached {
        &self.attached
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
        MemoryUnit { checkpoints: self.clone(), scope: Scope::default() }
    }

    fn is_durable(&self) -> bool {
        false
    }
}

/// The unit of work of [`MemoryCheckpoints`]: a transaction over read models in memory.
#[derive(Debug)]
pub struct MemoryUnit {
    checkpoints: MemoryCheckpoints,
    scope: Scope,
}

impl MemoryUnit {
    pub(crate) const fn checkpoints(&self) -> &MemoryCheckpoints {
        &self.checkpoints
    }

    pub(crate) const fn scope(&mut self) -> &mut Scope {
        &mut self.scope
    }
}

impl UnitOfWork for MemoryUnit {
    async fn commit(self, step: &Advance) -> Result<(), CommitError> {
        self.scope.flush().await?;
        let mut rows = self.checkpoints.rows();
        let found = rows.get_mut(&step.name).and_then(|row| row.checkpoint.as_mut());
        match found {
            Some(checkpoint) if (checkpoint.position, checkpoint.epoch) == (step.from, step.epoch) => {
                checkpoint.position = step.to;
                checkpoint.updated_at = now();
                self.scope.publish();
                Ok(())
            }
            found => Err(CommitError::Fenced { step: step.clone(), found: found.cloned() }),
        }
    }

    async fn clear(self, name: &str) -> Result<(), CommitError> {
        self.scope.flush().await?;
        let mut rows = self.checkpoints.rows();
        if let Some(row) = rows.get_mut(name) {
            row.checkpoint = None;
            row.epoch += 1;
        }
        self.scope.publish();
        Ok(())
    }

    async fn rollback(self) {}

    fn announce(&mut self, events: &[Arc<RecordedEvent>]) {
        self.scope.announce(events);
    }

    fn handling(&mut self, event: &RecordedEvent) {
        self.scope.handling(event);
    }
}
