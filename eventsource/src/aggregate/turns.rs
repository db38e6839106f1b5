//! Commands of one process on one aggregate take turns, so that they do not conflict with each other.

use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};
use uuid::Uuid;

/// How many locks there are: aggregates whose ids share one take turns as well.
const LOCKS: usize = 256;

/// How long a command waits for its turn. It then goes on without: what is before it may wait for its caller, as for
/// the transaction of a handler.
const PATIENCE: Duration = Duration::from_secs(1);

/// The locks, which are fair.
#[derive(Debug)]
pub(super) struct Turns(Box<[Mutex<()>]>);

impl Turns {
    pub(super) fn new() -> Self {
        Self((0..LOCKS).map(|_| Mutex::new(())).collect())
    }

    /// The turn of a command on the aggregate `id`; `None` where the wait for it takes too long.
    pub(super) async fn take(&self, id: Uuid) -> Option<MutexGuard<'_, ()>> {
        let lock = &self.0[(id.as_u128() % LOCKS as u128) as usize];
        tokio::time::timeout(PATIENCE, lock.lock()).await.ok()
    }
}
