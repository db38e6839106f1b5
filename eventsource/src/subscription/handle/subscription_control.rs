//! What a handle does with its subscription.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::event::{Position, StreamId};
use crate::projection::{
    Checkpoint, CheckpointError, DeadLetter, LetterGroups, LetterKey, LetterPage, LetterQuery, LetterSearch,
};
use crate::subscription::rebuild::tracked::Tracked;
use crate::subscription::requests::Rebuilding;
use crate::subscription::{ManagerError, RebuildError, ResetError, SubscriptionStatus};

/// What a handle does with its subscription, without the type of the checkpoint store.
#[async_trait]
pub(in crate::subscription) trait SubscriptionControl: Send + Sync {
    async fn reset(&self) -> Result<(), ResetError>;

    /// Returns the dead letters that match `query`.
    async fn letters(&self, query: LetterQuery) -> Result<Vec<DeadLetter>, CheckpointError>;

    /// Returns the first `limit` letters after `after` that `search` finds.
    async fn find_letters(
        &self,
        search: &LetterSearch,
        after: Option<&LetterKey>,
        limit: usize,
    ) -> Result<LetterPage, CheckpointError>;

    /// Counts the letters that `search` finds.
    async fn letter_groups(&self, search: &LetterSearch) -> Result<LetterGroups, CheckpointError>;

    /// Deletes the letters that were dismissed before `before`, and returns their number.
    async fn forget_dismissed(&self, before: DateTime<Utc>) -> Result<u64, CheckpointError>;

    /// Returns the dead letter at `position`.
    async fn letter(&self, position: Position) -> Result<Option<DeadLetter>, CheckpointError>;

    /// Returns the letter behind which `stream` is parked.
    async fn parked(&self, stream: &StreamId) -> Result<Option<DeadLetter>, CheckpointError>;

    /// Returns the stored checkpoint.
    async fn stored(&self) -> Result<Option<Checkpoint>, CheckpointError>;

    async fn inspect(&self) -> SubscriptionStatus;

    /// Asks the runner to begin a rebuild. Starts the runner if it does not run.
    async fn rebuild(&self, how: Rebuilding) -> Result<Arc<Tracked>, RebuildError>;

    /// Removes the hold of the next generation. Returns whether there was one.
    async fn release_next(&self) -> Result<bool, ManagerError>;

    async fn cancel_rebuild(&self, tracked: &Tracked) -> Result<(), ManagerError>;

    /// Stops the runner if there is one, and starts the next one.
    async fn restart(self: Arc<Self>) -> Result<(), ManagerError>;

    /// Pauses the subscription, and stores the pause.
    async fn pause(&self, reason: Option<Arc<str>>) -> Result<(), ManagerError>;

    /// Resumes the subscription, and removes the stored pause.
    async fn resume(&self) -> Result<(), ManagerError>;
}
