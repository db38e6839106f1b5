//! Stores of the progress of engines that break their contract.

use async_trait::async_trait;
use chrono::SubsecRound as _;
use eventsource::engine::{MemoryProjectionStates, ProjectionState, ProjectionStateError, ProjectionStateStore};
use eventsource::testing::contract::{PROJECTION_STATE_CASES, run_on_projection_states};

/// What is broken in a store.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Broken {
    Nothing,
    /// Times are kept to the millisecond.
    Times,
    /// A save leaves the last error that it has no value for.
    Save,
    /// Names that differ by case are one name.
    Names,
}

#[derive(Clone)]
struct BrokenStates(MemoryProjectionStates, Broken);

#[async_trait]
impl ProjectionStateStore for BrokenStates {
    async fn load(&self, name: &str) -> Result<Option<ProjectionState>, ProjectionStateError> {
        match self.1 {
            Broken::Names => self.0.load(&name.to_ascii_lowercase()).await,
            _ => self.0.load(name).await,
        }
    }

    async fn save(&self, state: &ProjectionState) -> Result<(), ProjectionStateError> {
        let mut state = state.clone();
        match self.1 {
            Broken::Nothing => {}
            Broken::Times => state.updated_at = state.updated_at.trunc_subsecs(3),
            Broken::Save => {
                let before = self.0.load(&state.projection_id).await?;
                state.last_error = state.last_error.or(before.and_then(|before| before.last_error));
            }
            Broken::Names => state.projection_id = state.projection_id.to_ascii_lowercase(),
        }
        self.0.save(&state).await
    }
}

#[tokio::test]
async fn broken_store_of_progress_fails_the_case_that_names_its_mistake() {
    for (broken, expected) in [
        (Broken::Nothing, None),
        (Broken::Times, Some("a_state_comes_back_equal")),
        (Broken::Save, Some("a_save_replaces_the_whole_state")),
        (Broken::Names, Some("states_are_kept_by_the_exact_name")),
    ] {
        let mut violated = Vec::new();
        for case in PROJECTION_STATE_CASES {
            let states = BrokenStates(MemoryProjectionStates::new(), broken);
            if run_on_projection_states(case, &states).await.is_err() {
                violated.push(*case);
            }
        }
        match expected {
            Some(expected) => assert!(violated.contains(&expected), "{broken:?}: {violated:?}"),
            None => assert_eq!(violated, [] as [&str; 0]),
        }
    }
}
