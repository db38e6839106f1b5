//! Where engines keep their progress.

use async_trait::async_trait;

use super::{ProjectionState, ProjectionStateError};

/// Where engines keep their [`ProjectionState`], by the name of the engine.
///
/// # Contract
/// * What [`save`](Self::save) accepted, [`load`](Self::load) returns equal, to the microsecond.
/// * A returned state shares nothing with the stored one.
/// * A save replaces the whole state. Two engines with one name overwrite each other: give each its own name.
#[async_trait]
pub trait ProjectionStateStore: Send + Sync + 'static {
    /// Returns the state of the engine `projection_id`; `None` before its first save.
    ///
    /// # Errors
    /// [`ProjectionStateError`] if the store fails or the stored state cannot be read.
    async fn load(&self, projection_id: &str) -> Result<Option<ProjectionState>, ProjectionStateError>;

    /// Stores `state` in place of the one before.
    ///
    /// # Errors
    /// [`ProjectionStateError`] if the store fails. The state before it stays.
    async fn save(&self, state: &ProjectionState) -> Result<(), ProjectionStateError>;
}
