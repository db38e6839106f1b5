//! Stores of the progress of engines, each broken in one place: every case of their contract is failed by one of them.

use async_trait::async_trait;
use chrono::SubsecRound as _;
use eventsource::engine::{MemoryProjectionStates, ProjectionState, ProjectionStateError, ProjectionStateStore};
use eventsource::testing::contract::{PROJECTION_STATE_CASES, run_on_projection_states};

use crate::killed::assert_each_case_is_killed;

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
    /// Each connection has states of its own.
    Connections,
    /// A save writes the position and the rest of a state one after the other.
    Torn,
}

const MUTANTS: &[(Broken, &str)] = &[
    (Broken::Times, "a_state_comes_back_equal"),
    (Broken::Save, "a_save_replaces_the_whole_state"),
    (Broken::Names, "states_are_kept_by_the_exact_name"),
    (Broken::Connections, "a_save_is_seen_by_others"),
    (Broken::Torn, "saves_at_the_same_time_leave_one_whole_state"),
];

struct BrokenStates(MemoryProjectionStates, Broken);

impl Clone for BrokenStates {
    fn clone(&self) -> Self {
        let states = if self.1 == Broken::Connections { MemoryProjectionStates::new() } else { self.0.clone() };
        Self(states, self.1)
    }
}

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
            Broken::Nothing | Broken::Connections => {}
            Broken::Times => state.updated_at = state.updated_at.trunc_subsecs(3),
            Broken::Save => {
                let before = self.0.load(&state.projection_id).await?;
                state.last_error = state.last_error.or(before.and_then(|before| before.last_error));
            }
            Broken::Names => state.projection_id = state.projection_id.to_ascii_lowercase(),
            Broken::Torn => {
                let position = state.position;
                let mut first = self.0.load(&state.projection_id).await?.unwrap_or_else(|| state.clone());
                first.position = position;
                self.0.save(&first).await?;
                // Saves end in another order than they began.
                for _ in 0..(100 - position.value().min(100)) % 7 {
                    tokio::task::yield_now().await;
                }
                let found = self.0.load(&state.projection_id).await?;
                state.position = found.map_or(position, |found| found.position);
            }
        }
        self.0.save(&state).await
    }
}

#[tokio::test]
async fn each_case_of_progress_is_failed_by_a_broken_store() {
    let fails = async |case, broken| {
        run_on_projection_states(case, &BrokenStates(MemoryProjectionStates::new(), broken)).await.is_err()
    };
    assert_each_case_is_killed(PROJECTION_STATE_CASES, Broken::Nothing, MUTANTS, fails).await;
}
