//! Asks for actions, and waits for their answers.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};
use uuid::Uuid;

use super::AdminError;
use super::forget::Forgotten;
use super::stored::Stored;
use crate::event::now;
use crate::projection::CheckpointStore;
use crate::projection::operations::{Answer, NewRequest, Pause, RequestState, StoredRequest};
use crate::subscription::Action;

/// The longest time between two looks at a request, if nothing announces a change.
const POLL: Duration = Duration::from_millis(200);

impl<C: CheckpointStore> Stored<C> {
    /// Stores a request. A pause, and its end, is stored too: it takes effect also if no process runs the subscription.
    pub(super) async fn ask(&self, name: &str, action: &Action, asked: &super::Asked) -> Result<Uuid, AdminError> {
        let operations = self.operations()?;
        let view = self.find(name).await?;
        let forgets = matches!(action, Action::Forget {});
        if view.updated_at.is_none() && view.kind == "memory" && !forgets {
            return Err(AdminError::InMemory { subscription: name.to_owned() });
        }
        let request = asked.request(name, action);
        operations.ask(&request).await?;
        let done = match action {
            Action::Pause { reason } => {
                operations.pause(name, &Pause::new(&*asked.by, reason, request.at)).await?;
                "the pause is stored"
            }
            Action::Resume {} => match operations.resume(name).await? {
                true => "the pause is removed",
                false => "it was not paused",
            },
            Action::Forget {} => match self.forget(&view, &asked.by).await? {
                Forgotten::Done(done) => return self.answered(&request, Answer::Done(done)).await,
                Forgotten::Refused(reason) => return self.answered(&request, Answer::Refused(reason)).await,
            },
            _ => return Ok(request.id),
        };
        self.answered(&request, Answer::Done(done.to_owned())).await
    }

    /// Answers a request that this process has done. If this process ends before, an owner does it again: each owner has
    /// a later epoch than 0.
    async fn answered(&self, request: &NewRequest, answer: Answer) -> Result<Uuid, AdminError> {
        let operations = self.operations()?;
        if operations.take(request.id, &request.by, 0, now()).await? {
            operations.answer(request.id, &request.by, 0, &answer, now()).await?;
        }
        Ok(request.id)
    }

    pub(super) async fn request(&self, id: Uuid) -> Result<StoredRequest, AdminError> {
        self.operations()?.request(id).await?.ok_or(AdminError::UnknownRequest { id })
    }

    /// Waits until a request has ended. Withdraws it if no process has begun it in time.
    pub(super) async fn ended(&self, id: Uuid, within: Duration) -> Result<StoredRequest, AdminError> {
        let operations = self.operations()?;
        let (deadline, mut wake_ups) = (Instant::now() + within, operations.wake_ups());
        loop {
            let stored = self.request(id).await?;
            let (subscription, action) = (stored.request.subscription.clone(), stored.request.action.clone());
            match &stored.state {
                RequestState::Refused { answer, .. } => {
                    return Err(AdminError::Refused { subscription, id, reason: answer.clone() });
                }
                RequestState::Withdrawn { .. } | RequestState::Expired { .. } => {
                    return Err(AdminError::NotServed { subscription, action, waited: within });
                }
                RequestState::Done { .. } => return Ok(stored),
                RequestState::Waiting if Instant::now() >= deadline => {
                    // An owner may have begun it just now: then it is looked at once more.
                    if operations.withdraw(id, now()).await? {
                        return Err(AdminError::NotServed { subscription, action, waited: within });
                    }
                    continue;
                }
                RequestState::Taken { by, .. } if Instant::now() >= deadline => {
                    return Err(AdminError::Unfinished { id, by: by.clone(), waited: within });
                }
                RequestState::Waiting | RequestState::Taken { .. } => {}
            }
            let change = async {
                match &mut wake_ups {
                    Some(wake_ups) => tokio::select! {
                        () = wake_ups.wait() => {}
                        () = sleep(POLL) => {}
                    },
                    None => sleep(POLL).await,
                }
            };
            let _ = timeout_at(deadline, change).await;
        }
    }
}
