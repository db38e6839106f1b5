//! What is asked of a unit of work that clears a checkpoint.

use crate::event::Position;

/// The removal of a checkpoint, its dead letters and its snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckpointReset {
    /// The name of the subscription.
    pub name: String,
    /// The epoch of the owner that clears it; `None` clears it whoever owns it.
    pub owner: Option<u64>,
    /// Up to where the checkpoint is being rebuilt that the next claim makes.
    pub rebuild_to: Option<Position>,
}

impl CheckpointReset {
    /// Clears the checkpoint `name`, whoever owns it.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), owner: None, rebuild_to: None }
    }

    /// The same, but only where its owner is still the one since `epoch` (compare-and-set, [exactly once](crate::guarantees#exactly-once)).
    #[must_use]
    pub const fn owned_since(mut self, epoch: u64) -> Self {
        self.owner = Some(epoch);
        self
    }

    /// The same, to rebuild it up to `target`.
    #[must_use]
    pub const fn rebuild_to(mut self, target: Position) -> Self {
        self.rebuild_to = Some(target);
        self
    }
}
