//! The state machine of a subscription: one table, which is its documentation as well.

#[cfg(feature = "testing")]
use std::sync::{Arc, Mutex, PoisonError};

use super::SubscriptionState;

/// Which state follows which.
const TABLE: &str = include_str!("states.md");

/// Whether `next` may follow `state`, by the table.
pub(super) fn may_follow(state: &SubscriptionState, next: &SubscriptionState) -> bool {
    row(state.name()).is_some_and(|mut followers| followers.any(|follower| follower == next.name()))
}

/// What follows the state of this name.
fn row(state: &str) -> Option<impl Iterator<Item = &'static str>> {
    let mut rows = TABLE.lines().skip(2).filter_map(|line| line.trim_matches(['|', ' ']).split_once(" | "));
    rows.find(|(name, _)| *name == state).map(|(_, followers)| followers.split(", "))
}

/// The changes of states that the table does not know, of all subscriptions of a manager: there are none, unless the
/// library is at fault. In a service they are logged, and the status tells of them; with the feature `testing` the test
/// fails that drops the manager.
#[derive(Debug, Clone, Default)]
pub(super) struct IllegalTransitions {
    #[cfg(feature = "testing")]
    seen: Arc<Mutex<Vec<String>>>,
}

impl IllegalTransitions {
    /// Takes note of the change of `subscription` from `state` to `next`, and puts it into words.
    pub(super) fn note(&self, subscription: &str, state: &SubscriptionState, next: &SubscriptionState) -> String {
        let (state, next) = (state.name(), next.name());
        let broken = format!(
            "`{subscription}` went from {state} to {next}, which the table of its states does not know: this is a fault of \
             the library, please report it"
        );
        #[cfg(feature = "testing")]
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(broken.clone());
        broken
    }

    /// Fails the test in which there was one.
    #[cfg(feature = "testing")]
    #[allow(clippy::panic, reason = "in tests alone")]
    pub(super) fn fail_the_test(&self) {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner).join("; ");
        if !seen.is_empty() && !std::thread::panicking() {
            panic!("{seen}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::subscription::StopReason;

    #[test]
    fn every_state_has_a_row_and_every_follower_is_a_state() {
        let names: Vec<_> = TABLE.lines().skip(2).filter_map(|line| line.split(" | ").next()).collect();
        assert_eq!(names.len(), 14, "{names:?}");
        for name in names.iter().map(|name| name.trim_matches(['|', ' '])) {
            for follower in row(name).unwrap_or_else(|| panic!("{name}")) {
                assert!(row(follower).is_some(), "{name} is followed by {follower}, which is no state");
                assert_ne!(name, follower);
            }
        }
    }

    #[test]
    fn an_end_is_followed_by_a_start_and_never_by_work() {
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
