//! The progress of engines in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::{ProjectionState, ProjectionStateError, ProjectionStateStore};

/// The progress of engines in memory. A clone is the same store; the progress is lost with the last clone.
#[derive(Debug, Clone, Default)]
pub struct MemoryProjectionStates(Arc<Mutex<HashMap<String, ProjectionState>>>);

impl MemoryProjectionStates {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait]
impl ProjectionStateStore for MemoryProjectionStates {
    async fn load(&self, projection_id: &str) -> Result<Option<ProjectionState>, ProjectionStateError> {
        let states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(states.get(projection_id).cloned())
    }

    async fn save(&self, state: &ProjectionState) -> Result<(), ProjectionStateError> {
        let mut states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        states.insert(state.projection_id.clone(), state.clone());
        Ok(())
    }
}
