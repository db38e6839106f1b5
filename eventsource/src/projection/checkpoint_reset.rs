//! A request to remove a checkpoint.

use crate::event::Position;

/// Asks a unit of work to remove a checkpoint, its dead letters and its snapshot: see
/// [`UnitOfWork::clear`](super::UnitOfWork::clear).
///
/// ```
/// use eventsource::Position;
/// use eventsource::projection::CheckpointReset;
///
/// let reset = CheckpointReset::new("orders").owned_since(3).rebuild_to(Position::new(100));
/// assert_eq!((reset.owner, reset.rebuild_to), (Some(3), Some(Position::new(100))));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckpointReset {
    /// The name of the subscription.
    pub name: String,
    /// Removes it only if the owner has this epoch; `None` removes it for any owner.
    pub owner: Option<u64>,
    /// The position up to which the next checkpoint of this name is being rebuilt; `None` if it is no rebuild.
    pub rebuild_to: Option<Position>,
}

impl CheckpointReset {
    /// Removes the checkpoint `name`, for any owner.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), owner: None, rebuild_to: None }
    }

    /// Removes it only if its owner still has `epoch` (compare-and-set, see [exactly
    /// once](crate::guarantees#exactly-once)).
    #[must_use]
    pub const fn owned_since(mut self, epoch: u64) -> Self {
        self.owner = Some(epoch);
        self
    }

    /// Makes the next claim create a checkpoint that is being rebuilt up to `target`.
    #[must_use]
    pub const fn rebuild_to(mut self, target: Position) -> Self {
        self.rebuild_to = Some(target);
        self
    }
}
