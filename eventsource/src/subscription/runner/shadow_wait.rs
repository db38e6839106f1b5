//! Waits for the next generation, and applies no events until then.

use super::inbox::{Message, Waiting};
use super::shadow_task::{CutoverRequest, ShadowTask, end_next};
use super::{Context, End};
use crate::event::Position;
use crate::projection::CheckpointStore;
use crate::subscription::StopReason;
use crate::subscription::rebuild::tracked::Outcome;
use crate::subscription::requests::Request;

impl<C: CheckpointStore> Context<C> {
    /// Waits a while for the next generation. Returns the outcome when it serves or its builder has ended.
    pub(super) async fn wait_for_next(&mut self, next: &mut Option<ShadowTask>) -> Result<Option<Outcome>, End> {
        self.poll_control().await?;
        if self.is_cancelled(next).await? {
            return Ok(Some(Outcome::Cancelled));
        }
        let until = tokio::time::Instant::now() + self.core.config.poll_interval;
        match self.inbox.receive(Waiting::NextGeneration, next.as_mut(), Some(until)).await {
            Message::Builder(CutoverRequest::ToHold(hold)) => {
                // This runner applies nothing, so it holds still already. An owner in another process is fenced.
                if hold.ready.send(Position::START).is_ok() {
                    let _ = hold.over.await;
                }
                Ok(None)
            }
            Message::Builder(CutoverRequest::Nothing) => {
                let tracked = next.as_ref().map(|next| next.tracked().clone());
                end_next(next, StopReason::RebuildCancelled, None).await;
                Ok(Some(tracked.map_or(Outcome::Unfinished, |tracked| tracked.outcome())))
            }
            Message::Command | Message::LeaseLost | Message::Request | Message::WakeUp | Message::Due => Ok(None),
        }
    }

    /// Drops the next generation if that was requested, and returns whether it was. Drops all other requests.
    async fn is_cancelled(&mut self, next: &mut Option<ShadowTask>) -> Result<bool, End> {
        while let Some(request) = self.core.requests.take() {
            if let Request::CancelNext { answer } = request {
                self.drop_next(next, Outcome::Cancelled).await?;
                answer.send(());
                return Ok(true);
            }
        }
        Ok(false)
    }
}
