//! Moves the checkpoint past events without applying them, since an operator asks for it.
//!
//! One commit moves the checkpoint and ends the request as done. So an owner that takes the request again, after the first
//! one was killed, knows that nothing was skipped.

use super::replay::Replay;
use super::{End, Owner};
use crate::event::Position;
use crate::projection::{CheckpointStore, ServedRequest};
use crate::subscription::SkipError;
use crate::subscription::observer::RequestAction;
use crate::subscription::requests::{Reply, Request, Skip};

impl<C: CheckpointStore> Owner<'_, C> {
    /// Serves a skip that waits, between two attempts to apply events. Returns whether the position has moved: then what
    /// was read from the log is out of date.
    pub(super) async fn serve_skip(&mut self) -> Result<bool, End> {
        if !self.active.is_replayed() {
            return Ok(false);
        }
        let before = self.active.position;
        while let Some(Request::Skip { skip, answer }) = self.context.core.requests.take_skip() {
            self.skip(skip, answer).await?;
        }
        Ok(self.active.position != before)
    }

    pub(super) async fn skip(&mut self, skip: Skip, answer: Reply<Result<(), SkipError>>) -> Result<(), End> {
        let refused = self.refused_skip(&skip).await?;
        self.context.core.tell_request(RequestAction::Skip, refused.is_none());
        if let Some(refused) = refused {
            answer.send(Err(refused));
            return Ok(());
        }
        let Skip { from, to, served } = skip;
        self.save_served(to, served).await?;
        self.active.cut_off = None;
        self.arrive(to, 0);
        tracing::warn!(subscription = self.context.core.name, %from, %to, "an operator skipped events: they are not applied");
        answer.send(Ok(()));
        Ok(())
    }

    async fn save_served(&mut self, to: Position, served: ServedRequest) -> Result<(), End> {
        self.active.serving = Some(served);
        let saved = self.save(to, Vec::new()).await;
        self.active.serving = None;
        saved
    }

    async fn refused_skip(&mut self, skip: &Skip) -> Result<Option<SkipError>, End> {
        let subscription = self.context.core.name.clone();
        if !self.context.core.facts.has_stored_checkpoint {
            return Ok(Some(SkipError::InMemory { subscription }));
        }
        let is_rebuilt = !matches!(self.active.replay, Replay::None) || self.active.next.is_some();
        if is_rebuilt {
            return Ok(Some(SkipError::Rebuilding { subscription }));
        }
        // The events between both were passed over: the subscription does not handle them.
        let (saved, position) = (self.active.saved, self.active.position);
        if skip.to <= position {
            return Ok(Some(SkipError::NotForward { subscription, position }));
        }
        if skip.from < saved || skip.from > position {
            return Ok(Some(SkipError::Moved { subscription, from: skip.from, position: saved }));
        }
        let head = self.context.head().await?;
        Ok((skip.to > head).then(|| SkipError::AfterTheEnd { subscription, to: skip.to, head }))
    }
}
