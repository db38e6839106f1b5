//! The progress of engines in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::{ProjectionState, ProjectionStateError, ProjectionStateStore};

/// Keeps the progress of engines in memory. A clone is the same store. The progress is lost when the last clone is
/// dropped.
///
/// ```
/// use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
///
/// let engine = ProjectionEngine::new("orders", MemoryProjectionStates::new());
/// assert_eq!(engine.projection_id(), "orders");
/// ```
#[derive(Debug, Clone, Default)]
pub struct MemoryProjectionStates(Arc<Mutex<HashMap<String, ProjectionState>>>);

impl MemoryProjectionStates {
    /// Creates an empty store. Several engines can share it, each under its own name.
    ///
    /// ```
    /// use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    ///
    /// let states = MemoryProjectionStates::new();
    /// let [orders, payments] = ["orders", "payments"].map(|name| ProjectionEngine::new(name, states.clone()));
    /// # let _ = (orders, payments);
    /// ```
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
