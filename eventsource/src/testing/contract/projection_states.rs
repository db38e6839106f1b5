//! The contract of stores of the progress of engines.

use std::sync::Arc;

use chrono::TimeDelta;
use uuid::Uuid;

use super::listed::{dispatch, names};
use super::violation::{ensure, ensure_eq};
use super::{Verdict, Violation};
use crate::engine::{ProjectionHealth, ProjectionState, ProjectionStateStore};
use crate::event::Position;

/// The cases of the contract of stores of progress, handed to another macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __projection_state_store_cases {
    ([$($then:tt)*] $($with:tt)*) => {
        $($then)*! { {$($with)*}
            a_state_comes_back_equal
            a_save_replaces_the_whole_state
            states_are_kept_by_the_exact_name
            a_save_is_seen_by_others
            saves_at_the_same_time_leave_one_whole_state
        }
    };
}

/// The names of the cases of the contract of stores of the progress of engines, for [`run_on_projection_states`].
///
/// ```
/// use eventsource::testing::contract::PROJECTION_STATE_CASES;
///
/// assert!(!PROJECTION_STATE_CASES.is_empty());
/// ```
pub const PROJECTION_STATE_CASES: &[&str] = crate::__projection_state_store_cases!([names]);

/// A fresh store of the progress of engines, alone or with a value that must outlive it: `(store, directory)`.
///
/// ```
/// use eventsource::engine::MemoryProjectionStates;
/// use eventsource::testing::contract::ProjectionStateStoreFixture;
///
/// let states = MemoryProjectionStates::new().store();
/// # let _ = states;
/// ```
pub trait ProjectionStateStoreFixture: Send + Sync {
    /// Returns the store, as another task would have it.
    fn store(&self) -> Arc<dyn ProjectionStateStore>;
}

impl<S: ProjectionStateStore + Clone> ProjectionStateStoreFixture for S {
    fn store(&self) -> Arc<dyn ProjectionStateStore> {
        Arc::new(self.clone())
    }
}

impl<S: ProjectionStateStore + Clone, K: Send + Sync> ProjectionStateStoreFixture for (S, K) {
    fn store(&self) -> Arc<dyn ProjectionStateStore> {
        Arc::new(self.0.clone())
    }
}

/// Runs the case `name` of the contract of stores of the progress of engines on a fresh, empty store.
/// [`projection_state_store_contract!`](crate::projection_state_store_contract) creates a test for each case.
///
/// ```
/// use eventsource::engine::MemoryProjectionStates;
/// use eventsource::testing::contract::{PROJECTION_STATE_CASES, run_on_projection_states};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// run_on_projection_states(PROJECTION_STATE_CASES[0], &MemoryProjectionStates::new()).await.unwrap();
/// # });
/// ```
///
/// # Errors
/// [`Violation`] if the store breaks the contract, or there is no such case.
pub async fn run_on_projection_states<F: ProjectionStateStoreFixture>(
    name: &str,
    fixture: &F,
) -> Result<(), Violation> {
    crate::__projection_state_store_cases!([dispatch] name fixture)
}

/// A state of the engine `name`, which differs from any other.
fn state(name: &str, position: u64) -> ProjectionState {
    let mut state = ProjectionState::new(name);
    state.last_event_id = Some(Uuid::now_v7());
    state.position = Position::new(position);
    state.events_processed = position * 2;
    state.error_count = 3;
    state.last_error = Some(format!("it's \"{position}\": \\ größe 🦀\n"));
    state.health = ProjectionHealth::Failing;
    state
}

async fn a_state_comes_back_equal<F: ProjectionStateStoreFixture>(fixture: &F) -> Verdict {
    let store = fixture.store();
    ensure_eq!(store.load("sum").await?, None, "the state of an engine that was never saved");
    let fresh = ProjectionState::new("sum");
    let usual = state("sum", 7);
    let mut extreme = state("sum", i64::MAX as u64);
    extreme.events_processed = i64::MAX as u64;
    extreme.error_count = i64::MAX as u64;
    extreme.last_error = Some("x".repeat(100_000));
    // The next microsecond is another time.
    extreme.updated_at = usual.updated_at + TimeDelta::microseconds(1);
    for state in [fresh, usual, extreme] {
        store.save(&state).await?;
        ensure_eq!(store.load("sum").await?, Some(state), "the state that was saved");
    }
    Ok(())
}

async fn a_save_replaces_the_whole_state<F: ProjectionStateStoreFixture>(fixture: &F) -> Verdict {
    let store = fixture.store();
    store.save(&state("sum", 1_000)).await?;
    // As a replay leaves it: nothing of the state before may stay, although its position is lower.
    let replayed = ProjectionState::new("sum");
    store.save(&replayed).await?;
    ensure_eq!(store.load("sum").await?, Some(replayed), "the state after one with fewer values replaced it");
    Ok(())
}

async fn states_are_kept_by_the_exact_name<F: ProjectionStateStoreFixture>(fixture: &F) -> Verdict {
    let store = fixture.store();
    let names = ["sum", "Sum", "sum ", " sum", "it's", "größe", "🦀", "a%", "a_", ""];
    let mut states = Vec::new();
    for (position, name) in (1..).zip(names) {
        ensure_eq!(store.load(name).await?, None, "the state of `{name}` before its first save");
        states.push(state(name, position));
        store.save(&states[states.len() - 1]).await?;
    }
    for state in states {
        let name = state.projection_id.clone();
        ensure_eq!(store.load(&name).await?, Some(state), "the state of `{name}`");
    }
    Ok(())
}

async fn a_save_is_seen_by_others<F: ProjectionStateStoreFixture>(fixture: &F) -> Verdict {
    let (one, other) = (fixture.store(), fixture.store());
    for position in 1..=3 {
        let saved = state("sum", position);
        one.save(&saved).await?;
        ensure_eq!(other.load("sum").await?, Some(saved), "the state that another task saved");
    }
    Ok(())
}

async fn saves_at_the_same_time_leave_one_whole_state<F: ProjectionStateStoreFixture>(fixture: &F) -> Verdict {
    let store = fixture.store();
    let states: Vec<_> = (1..=20).map(|position| state("sum", position)).collect();
    let saves = states.iter().map(|state| {
        let (store, state) = (fixture.store(), state.clone());
        tokio::spawn(async move { store.save(&state).await })
    });
    for save in saves.collect::<Vec<_>>() {
        save.await??;
    }
    let left = store.load("sum").await?;
    let is_whole = left.as_ref().is_some_and(|left| states.contains(left));
    ensure!(is_whole, "the state that is left after 20 were saved at the same time is none of them: {left:?}");
    Ok(())
}
