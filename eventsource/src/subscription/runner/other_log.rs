//! The log is not the one of the checkpoint: only a rebuild may read the present log.

use std::convert::Infallible;
use std::sync::Arc;

use super::shadow_task::ShadowTask;
use super::{End, Owner};
use crate::projection::CheckpointStore;
use crate::subscription::SubscriptionState;
use crate::subscription::rebuild::tracked::Outcome;
use crate::subscription::requests::Request;

impl<C: CheckpointStore> Owner<'_, C> {
    /// Waits for a read model of the present log: continues only if a rebuild was requested, or a side-by-side rebuild
    /// is under way.
    pub(super) async fn wait_for_present_log(&mut self, reason: Arc<str>) -> Result<Infallible, End> {
        while let Some(request) = self.context.core.requests.take() {
            match request {
                Request::Rebuild { how, answer } => self.rebuild(how, answer).await?,
                Request::CancelNext { answer } => {
                    self.drop_next(Outcome::Cancelled).await?;
                    answer.send(());
                }
                // Dropping the request tells its caller that the subscription does not run.
                Request::Retry { .. } | Request::Dismiss { .. } | Request::Skip { .. } => {}
            }
        }
        self.resume_next().await?;
        if self.active.next.as_ref().is_none_or(|next| !next.tracked().is_unfinished()) {
            return Err(End::LogLost(reason));
        }
        let waiting: Arc<str> =
            format!("{reason}; the next generation is being built, and serves when it is complete").into();
        loop {
            let aside = self.active.next.as_ref().and_then(ShadowTask::aside);
            let waiting = SubscriptionState::Waiting { reason: Arc::clone(&waiting) };
            self.context.core.progress.show(aside.unwrap_or(waiting));
            match self.context.wait_for_next(&mut self.active.next).await? {
                None => {}
                Some(Outcome::Done(_)) => return Err(End::Reclaim(Box::default())),
                Some(Outcome::Failed(failed)) => {
                    return Err(End::LogLost(format!("{reason}; the rebuild has failed: {failed}").into()));
                }
                Some(_) => return Err(End::LogLost(reason)),
            }
        }
    }
}
