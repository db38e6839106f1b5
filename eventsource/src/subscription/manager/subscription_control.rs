//! What a handle asks of a supervised subscription.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::supervised::{SupervisedSubscription, join};
use crate::event::{Position, StreamId};
use crate::projection::generation::next_checkpoint;
use crate::projection::{
    Checkpoint, CheckpointError, CheckpointReset, CheckpointStore, DeadLetter, LetterGroups, LetterKey, LetterPage,
    LetterQuery, LetterSearch, NoTruncateHook, UnitOfWork, search,
};
use crate::subscription::handle::answered::answered;
use crate::subscription::handle::subscription_control::SubscriptionControl;
use crate::subscription::observer::RequestAction;
use crate::subscription::rebuild::tracked::{Outcome, Tracked};
use crate::subscription::requests::{Rebuilding, Request, answer};
use crate::subscription::status::inspect::inspect;
use crate::subscription::{ManagerError, RebuildError, RebuildKind, ResetError, StopReason, SubscriptionStatus};

#[async_trait]
impl<C: CheckpointStore> SubscriptionControl for SupervisedSubscription<C> {
    async fn letters(&self, query: LetterQuery) -> Result<Vec<DeadLetter>, CheckpointError> {
        match self.core.facts.has_stored_checkpoint {
            true => self.checkpoints.dead_letters(&self.core.name, query).await,
            false => Ok(self.core.in_memory.letters(query)),
        }
    }

    async fn find_letters(
        &self,
        search: &LetterSearch,
        after: Option<&LetterKey>,
        limit: usize,
    ) -> Result<LetterPage, CheckpointError> {
        match self.core.facts.has_stored_checkpoint {
            true => self.checkpoints.find_letters(search, after, limit).await,
            false => search::find(&self.core.in_memory, search, after, limit).await,
        }
    }

    async fn letter_groups(&self, search: &LetterSearch) -> Result<LetterGroups, CheckpointError> {
        match self.core.facts.has_stored_checkpoint {
            true => self.checkpoints.letter_groups(search).await,
            false => search::group(&self.core.in_memory, search).await,
        }
    }

    async fn forget_dismissed(&self, before: DateTime<Utc>) -> Result<u64, CheckpointError> {
        let forgotten = match self.core.facts.has_stored_checkpoint {
            false => 0,
            true => self.checkpoints.forget_dismissed(&self.core.name, before).await?,
        };
        Ok(forgotten.max(self.core.in_memory.forget_dismissed(before)))
    }

    async fn letter(&self, position: Position) -> Result<Option<DeadLetter>, CheckpointError> {
        match self.core.facts.has_stored_checkpoint {
            false => Ok(self.core.in_memory.letter(position)),
            true => self.checkpoints.dead_letter(&self.core.name, position).await,
        }
    }

    async fn parked(&self, stream: &StreamId) -> Result<Option<DeadLetter>, CheckpointError> {
        // A standby does not know the letters of its owner.
        let is_elsewhere = self.core.runs_elsewhere(&self.core.progress.snapshot().state);
        match self.core.facts {
            facts if facts.keeps_state && !is_elsewhere => match self.core.in_memory.parked(stream) {
                None if facts.has_stored_checkpoint => self.stored_letter_of(stream).await,
                known => Ok(known),
            },
            _ => self.stored_letter_of(stream).await,
        }
    }

    async fn stored(&self) -> Result<Option<Checkpoint>, CheckpointError> {
        self.checkpoints.load(&self.core.name).await
    }

    async fn inspect(&self) -> SubscriptionStatus {
        inspect(&*self.checkpoints, &self.core).await
    }

    async fn rebuild(&self, how: Rebuilding) -> Result<Arc<Tracked>, RebuildError> {
        self.core.refuse_handler("rebuild it").map_err(ManagerError::from)?;
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| ManagerError::NoRuntime)?;
        let (answer, asked) = answer();
        self.start_with(&runtime, Some(Request::Rebuild { how, answer })).await;
        answered(&self.core, asked)
            .await
            .unwrap_or_else(|state| Err(RebuildError::NotRunning { subscription: self.core.name.clone(), state }))
    }

    async fn release_next(&self) -> Result<bool, ManagerError> {
        let Some(operations) = self.checkpoints.operations() else { return Ok(false) };
        let released = operations.resume(&next_checkpoint(&self.core.name)).await;
        let released =
            released.map_err(|source| ManagerError::Store { subscription: self.core.name.clone(), source })?;
        self.core.tell_request(RequestAction::SwitchRebuild, released);
        Ok(released)
    }

    async fn cancel_rebuild(&self, tracked: &Tracked) -> Result<(), ManagerError> {
        if tracked.kind == RebuildKind::InPlace {
            return self.stop(StopReason::RebuildCancelled).await;
        }
        let (answer, asked) = answer();
        self.core.requests.add(Request::CancelNext { answer });
        let Err(state) = answered(&self.core, asked).await else { return Ok(()) };
        let mut task = self.task.lock().await;
        if self.core.is_running() || !tracked.is_unfinished() {
            let subscription = self.core.name.clone();
            return if tracked.is_unfinished() {
                Err(ManagerError::NotRunning { subscription, state })
            } else {
                Ok(())
            };
        }
        let _ = join(&mut task).await;
        let discarded = self.discard_next().await;
        tracked.end(Outcome::Cancelled);
        discarded.map_err(|source| ManagerError::Store { subscription: self.core.name.clone(), source })
    }

    async fn pause(&self, reason: Option<Arc<str>>) -> Result<(), ManagerError> {
        self.pause_stored(reason).await
    }

    async fn resume(&self) -> Result<(), ManagerError> {
        self.resume_stored().await
    }

    async fn restart(self: Arc<Self>) -> Result<(), ManagerError> {
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| ManagerError::NoRuntime)?;
        self.restart_in(&runtime).await
    }

    async fn reset(&self) -> Result<(), ResetError> {
        // The lock prevents a start during the reset.
        let mut task = self.task.lock().await;
        let subscription = self.core.name.clone();
        if self.core.is_running() || self.successor_runs() {
            return Err(ResetError::Running { subscription });
        }
        let _ = join(&mut task).await;
        if let Err(source) = self.discard_next().await {
            return Err(ResetError::Checkpoint { subscription, source });
        }
        let in_memory = self.core.facts.keeps_state;
        let mut unit = match self.core.facts.is_transactional {
            true => match self.checkpoints.begin().await {
                Ok(unit) => unit,
                Err(source) => return Err(ResetError::Checkpoint { subscription, source }),
            },
            false => self.checkpoints.detached(),
        };
        if in_memory {
            self.core.in_memory.poison();
        }
        if self.core.facts.is_transactional
            && let Some(generations) = self.checkpoints.generations()
            && let Err(source) = generations.reshape(&mut unit, &self.core.tables).await
        {
            unit.rollback().await;
            return Err(ResetError::Checkpoint { subscription, source });
        }
        // As a rebuild does: state in memory begins again from a copy, if there is no hook.
        let emptied = match in_memory {
            true => self.subscriber.restart_empty(&mut unit).await,
            false => self.subscriber.truncate(&mut unit).await,
        };
        if let Err(error) = emptied {
            unit.rollback().await;
            return Err(if error.is_caused_by::<NoTruncateHook>() {
                self.core.in_memory.recover();
                ResetError::NoTruncateHook { subscription }
            } else {
                ResetError::Truncate { subscription, error }
            });
        }
        if self.core.facts.has_stored_checkpoint
            && let Err(source) = unit.clear(&CheckpointReset::new(&*self.core.name)).await
        {
            return Err(ResetError::Commit { subscription, source });
        }
        if in_memory {
            self.core.in_memory.reset();
        }
        self.core.rebuilds.clear();
        self.core.progress.clear();
        tracing::info!(subscription, "reset: the read model is empty and the checkpoint cleared");
        Ok(())
    }
}
