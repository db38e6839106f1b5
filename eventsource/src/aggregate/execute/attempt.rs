//! The attempts of a command: load, decide, save, and repeat after a conflict.

use tokio::sync::MutexGuard;

use super::Command;
use crate::aggregate::{Aggregate, AggregateError, AggregateRoot, ExecuteError, Executed, IntoEvents, Saved, command};
use crate::event::{Metadata, StreamId};
use crate::store::AppendError;

impl<A: Aggregate> Command<'_, A> {
    pub(super) async fn run<F, D, E>(self, mut decide: F) -> Result<Executed, ExecuteError<E>>
    where
        F: FnMut(&mut AggregateRoot<A>) -> Result<D, E>,
        D: IntoEvents<A>,
    {
        let metadata = command::metadata(&self.metadata, self.command_id);
        let mut attempts = 0;
        loop {
            attempts += 1;
            let turn = self.repository.turns.take(self.id).await;
            let mut root = self.load().await?;
            // Checked after the load: events that are not stored by now are not in the loaded state either.
            if let Some(executed) = self.repeated(root.stream()).await? {
                return Ok(executed);
            }
            let events = decide(&mut root).map_err(ExecuteError::Refused)?;
            root.record(events);
            let source = match self.save(&mut root, &metadata, turn).await {
                Err(AggregateError::Append(conflict @ AppendError::Conflict { .. })) => conflict,
                // The same command was executed concurrently. The next attempt finds it.
                Err(AggregateError::Append(taken @ AppendError::DuplicateEvent { .. }))
                    if self.command_id.is_some() =>
                {
                    taken
                }
                saved => return Ok(saved?),
            };
            if attempts >= self.retry.attempts() {
                return Err(ExecuteError::Contended { stream: root.stream(), attempts, source });
            }
            tokio::time::sleep(self.retry.delay(attempts, self.repository.chance.draw())).await;
        }
    }

    async fn load(&self) -> Result<AggregateRoot<A>, AggregateError> {
        if self.must_exist {
            self.repository.load(self.id).await
        } else {
            self.repository.load_or_create(self.id).await
        }
    }

    /// Returns the result of the command, if it was executed before.
    async fn repeated<E>(&self, stream: StreamId) -> Result<Option<Executed>, ExecuteError<E>> {
        let Some(command_id) = self.command_id else { return Ok(None) };
        let executed = self.repository.executed(command_id).await?;
        match executed.as_ref().and_then(|executed| executed.events.first()) {
            Some(event) if *event.stream() != stream => {
                Err(ExecuteError::CommandUsed { command_id, stream, found: event.stream().clone() })
            }
            _ => Ok(executed),
        }
    }

    /// Saves the events. Releases the turn before it calls the notifier, which can execute commands too.
    async fn save(
        &self,
        root: &mut AggregateRoot<A>,
        metadata: &Metadata,
        turn: Option<MutexGuard<'_, ()>>,
    ) -> Result<Executed, AggregateError> {
        let events = root.new_events(metadata, self.command_id)?;
        let (mut stored, mut log, mut publish_error) = (Vec::new(), None, None);
        if !events.is_empty() {
            let appended = self.repository.store.append(&root.stream(), root.expected(), events).await?;
            drop(turn);
            publish_error = self.repository.committed(root, &appended).await;
            stored = appended.events().to_vec();
            log = Some(appended.log());
        }
        let Saved { version, position, .. } = root.saved();
        Ok(Executed { version, position, log, events: stored, is_repeated: false, publish_error })
    }
}
