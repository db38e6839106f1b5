//! The state machine of a subscription. Its table is `states.md`, which the documentation of `SubscriptionState`
//! includes.

use std::sync::{Arc, Mutex, PoisonError};

use super::SubscriptionState;

/// The allowed changes of the state.
const TABLE: &str = include_str!("states.md");

/// Returns whether the table allows the change from `state` to `next`.
pub(super) fn may_follow(state: &SubscriptionState, next: &SubscriptionState) -> bool {
    row(state.name()).is_some_and(|mut followers| followers.any(|follower| follower == next.name()))
}

/// Returns the names of the states that may follow `state`.
fn row(state: &str) -> Option<impl Iterator<Item = &'static str>> {
    let mut rows = TABLE.lines().skip(2).filter_map(|line| line.trim_matches(['|', ' ']).split_once(" | "));
    rows.find(|(name, _)| *name == state).map(|(_, followers)| followers.split(", "))
}

/// The changes that the table does not allow, of all subscriptions of a manager. Each of them is a bug of this library.
/// It is logged, it is the last error of the subscription, and tests ask for all of them.
#[derive(Debug, Clone, Default)]
pub(super) struct IllegalTransitions {
    noted: Arc<Mutex<Vec<String>>>,
}

impl IllegalTransitions {
    /// Notes the change of `subscription` from `state` to `next`, and returns its description.
    pub(super) fn note(&self, subscription: &str, state: &SubscriptionState, next: &SubscriptionState) -> String {
        let (state, next) = (state.name(), next.name());
        let broken = format!(
            "`{subscription}` went from {state} to {next}, which its state machine does not allow: this is a bug of \
             `eventsource`, please report it"
        );
        self.noted.lock().unwrap_or_else(PoisonError::into_inner).push(broken.clone());
        broken
    }

    /// Returns the descriptions of all of them.
    pub(super) fn all(&self) -> Vec<String> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::subscription::StopReason;

    #[test]
    fn table_has_a_row_for_every_state_and_for_every_follower() {
        let names: Vec<_> = TABLE.lines().skip(2).filter_map(|line| line.split(" | ").next()).collect();
        assert_eq!(names.len(), 15, "{names:?}");
        for name in names.iter().map(|name| name.trim_matches(['|', ' '])) {
            for follower in row(name).unwrap_or_else(|| panic!("{name}")) {
                assert!(row(follower).is_some(), "{name} is followed by {follower}, which is no state");
                assert_ne!(name, follower);
            }
        }
    }

    #[test]
    fn end_is_followed_by_a_start_only() {
        let ends = [
            SubscriptionState::Stopped { reason: StopReason::ManagerStopped },
            SubscriptionState::FencedAgain { reason: Arc::from("another one") },
            SubscriptionState::Refused { reason: Arc::from("changed") },
        ];
        for end in &ends {
            assert!(may_follow(end, &SubscriptionState::CatchingUp), "{end}");
            assert!(
                !may_follow(end, &SubscriptionState::Live) && !may_follow(end, &SubscriptionState::Paused),
                "{end}"
            );
        }
    }
}
