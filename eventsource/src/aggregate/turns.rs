//! The turns of commands: commands of one process on one aggregate run one after the other, so that they do not
//! conflict.

use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};
use uuid::Uuid;

/// The number of locks. Aggregates whose ids share a lock take turns too.
const LOCKS: usize = 256;

/// The maximum wait for a turn. Then the command runs without it, because the command before it may wait for this
/// caller, for example for the transaction of a handler.
const PATIENCE: Duration = Duration::from_secs(1);

/// The locks. They are fair.
#[derive(Debug)]
pub(super) struct Turns(Box<[Mutex<()>]>);

impl Turns {
    pub(super) fn new() -> Self {
        Self((0..LOCKS).map(|_| Mutex::new(())).collect())
    }

    /// Waits for the turn of a command on the aggregate `id`. Returns `None` if that takes too long.
    pub(super) async fn take(&self, id: Uuid) -> Option<MutexGuard<'_, ()>> {
        let lock = &self.0[(id.as_u128() % LOCKS as u128) as usize];
        tokio::time::timeout(PATIENCE, lock.lock()).await.ok()
    }
}
