//! The port to the store of engines' progress.

use async_trait::async_trait;

use super::{ProjectionState, ProjectionStateError};

/// Stores the [`ProjectionState`] of engines, by the name of the engine.
///
/// The stores are [`MemoryProjectionStates`](super::MemoryProjectionStates), and those of the features `sqlite` and
/// `postgres`.
///
/// # Contract
/// * What [`save`](Self::save) accepted, [`load`](Self::load) returns equal, to the microsecond. A NUL in
///   [`last_error`](ProjectionState::last_error) may come back as another character.
/// * A returned state shares nothing with the stored one.
/// * A save replaces the whole state. Two engines with one name overwrite each other: give each its own name.
/// * Names that differ in any character are two names.
///
/// `eventsource::projection_state_store_contract!` (feature `testing`) checks a store.
///
/// # Examples
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use eventsource::engine::{MemoryProjectionStates, ProjectionState, ProjectionStateStore};
///
/// let states = MemoryProjectionStates::new();
/// states.save(&ProjectionState::new("orders")).await?;
/// assert!(states.load("orders").await?.is_some());
/// # Ok::<(), eventsource::engine::ProjectionStateError>(())
/// # }).unwrap();
/// ```
#[async_trait]
pub trait ProjectionStateStore: Send + Sync + 'static {
    /// Returns the state of the engine `projection_id`; `None` before its first save.
    ///
    /// # Errors
    /// [`ProjectionStateError::Failed`] if the store fails: call it again. [`ProjectionStateError::Corrupt`] if the
    /// stored state cannot be read: delete its row and replay.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use eventsource::engine::{MemoryProjectionStates, ProjectionStateStore};
    ///
    /// let states = MemoryProjectionStates::new();
    /// assert_eq!(states.load("orders").await?, None);
    /// # Ok::<(), eventsource::engine::ProjectionStateError>(())
    /// # }).unwrap();
    /// ```
    async fn load(&self, projection_id: &str) -> Result<Option<ProjectionState>, ProjectionStateError>;

    /// Stores `state`, in place of the previous one.
    ///
    /// # Errors
    /// [`ProjectionStateError::Failed`] if the store fails: the previous state is kept, so save again.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use eventsource::engine::{MemoryProjectionStates, ProjectionState, ProjectionStateStore};
    ///
    /// let states = MemoryProjectionStates::new();
    /// states.save(&ProjectionState::new("orders")).await?;
    /// # assert!(states.load("orders").await?.is_some());
    /// # Ok::<(), eventsource::engine::ProjectionStateError>(())
    /// # }).unwrap();
    /// ```
    async fn save(&self, state: &ProjectionState) -> Result<(), ProjectionStateError>;
}
