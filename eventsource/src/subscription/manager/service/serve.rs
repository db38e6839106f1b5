//! Takes the requests of operators, and answers them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::backoff::Retries;
use crate::causes::with_causes;
use crate::event::now;
use crate::projection::operations::{Answer, Operations, StoredRequest};
use crate::projection::{CheckpointError, CheckpointStore};
use crate::subscription::Action;
use crate::subscription::manager::supervised::SupervisedSubscription;

/// The delays between two attempts to store an answer.
const FIRST_DELAY: Duration = Duration::from_millis(100);
const LONGEST_DELAY: Duration = Duration::from_secs(5);

/// The tasks that serve a request, one for each subscription: its requests are served one after the other.
#[derive(Default)]
pub(super) struct Serving(HashMap<String, JoinHandle<()>>);

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.values().for_each(JoinHandle::abort);
    }
}

impl Serving {
    /// Begins to serve a request, unless another one of the same subscription is served.
    pub(super) fn begin<C: CheckpointStore>(
        &mut self,
        slot: &Arc<SupervisedSubscription<C>>,
        manager: &Arc<str>,
        open: StoredRequest,
    ) {
        let name = open.request.subscription.clone();
        if self.0.get(&name).is_some_and(|task| !task.is_finished()) {
            return;
        }
        let (slot, manager) = (Arc::clone(slot), Arc::clone(manager));
        self.0.insert(
            name,
            tokio::spawn(async move {
                let Some(operations) = slot.checkpoints.operations() else { return };
                let id = open.request.id;
                if let Err(error) = serve(&slot, operations, &manager, open).await {
                    let error = with_causes(&error);
                    tracing::debug!(%error, request = %id, "a request was not taken; the next round tries again");
                }
            }),
        );
    }
}

/// Takes the request, does what it asks for, and stores the answer.
async fn serve<C: CheckpointStore>(
    slot: &Arc<SupervisedSubscription<C>>,
    operations: &dyn Operations,
    manager: &str,
    open: StoredRequest,
) -> Result<(), CheckpointError> {
    // A newer program may know it.
    let Ok(action) = Action::of(&open.request) else { return Ok(()) };
    let Some(epoch) = epoch(slot, manager).await? else { return Ok(()) };
    let id = open.request.id;
    if !operations.take(id, manager, epoch, now()).await? {
        return Ok(());
    }
    tracing::info!(subscription = slot.core.name, request = %id, by = open.request.by, %action, "an operator's request");
    let answer = slot.perform(action, &open.request, manager, epoch).await;
    let mut retries = Retries::new(FIRST_DELAY, LONGEST_DELAY);
    while let Err(error) = operations.answer(id, manager, epoch, &answer, now()).await {
        let error = with_causes(&error);
        tracing::debug!(%error, request = %id, "the answer to a request was not stored; trying again");
        retries.wait().await;
    }
    Ok(())
}

/// Returns the epoch with which this manager may serve requests: it owns the checkpoint, or no process does. `None` if
/// another process owns it, or may own it soon.
async fn epoch<C: CheckpointStore>(
    slot: &SupervisedSubscription<C>,
    manager: &str,
) -> Result<Option<u64>, CheckpointError> {
    if !slot.core.facts.has_stored_checkpoint {
        return Ok(Some(0));
    }
    let stored = slot.checkpoints.load(&slot.core.name).await?;
    let epoch = stored.as_ref().map_or(0, |stored| stored.epoch);
    let owner = stored.and_then(|stored| stored.lease).filter(|lease| lease.owner == manager || lease.until > now());
    Ok(match owner {
        Some(lease) => (lease.owner == manager).then_some(epoch),
        // It has ended here, and runs nowhere: the request may help it.
        None => (!slot.core.progress.snapshot().state.is_running()).then_some(epoch),
    })
}

/// Returns the answer to an action: what was done, or why it was refused.
pub(super) fn answer<T, E: std::error::Error + 'static>(
    result: Result<T, E>,
    done: impl FnOnce(T) -> String,
) -> Answer {
    match result {
        Ok(value) => Answer::Done(done(value)),
        Err(error) => Answer::Refused(with_causes(&error).to_string()),
    }
}
