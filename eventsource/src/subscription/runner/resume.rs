//! What a runner continues with after it has claimed its checkpoint again.

use std::sync::Arc;

use super::retrying::Retrying;
use crate::event::Position;
use crate::subscription::rebuild::tracked::Tracked;
use crate::subscription::requests::{Begun, Reply};

/// What a runner continues with after it has claimed the checkpoint.
#[derive(Default)]
pub(super) struct Resume {
    /// A rebuild in place that waits for the claim.
    pub(super) empty: Option<EmptyModel>,
    /// The letters that are being retried.
    pub(super) retrying: Option<Retrying>,
}

/// A rebuild in place whose read model is empty. It is answered when the replay begins.
pub(super) struct EmptyModel {
    tracked: Arc<Tracked>,
    answer: Reply<Begun>,
}

impl EmptyModel {
    pub(super) const fn new(tracked: Arc<Tracked>, answer: Reply<Begun>) -> Self {
        Self { tracked, answer }
    }

    /// Returns the position up to which the log is replayed.
    pub(super) fn target(&self) -> Position {
        self.tracked.target
    }

    /// Answers the request.
    pub(super) fn answer(self) {
        self.answer.send(Ok(self.tracked));
    }
}
