//! The state machine of a subscription: one table, which is its documentation as well.

use super::SubscriptionState;

/// Which state follows which.
const TABLE: &str = include_str!("states.md");

/// Whether `next` may follow `state`, by the table.
pub(super) fn may_follow(state: &SubscriptionState, next: &SubscriptionState) -> bool {
    row(&state.to_string()).is_some_and(|mut followers| followers.any(|follower| follower == next.to_string()))
}

/// What follows the state of this name.
fn row(state: &str) -> Option<impl Iterator<Item = &'static str>> {
    let mut rows = TABLE.lines().skip(2).filter_map(|line| line.trim_matches(['|', ' ']).split_once(" | "));
    rows.find(|(name, _)| *name == state).map(|(_, followers)| followers.split(", "))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::subscription::StopReason;

    #[test]
    fn every_state_has_a_row_and_every_follower_is_a_state() {
        let names: Vec<_> = TABLE.lines().skip(2).filter_map(|line| line.split(" | ").next()).collect();
        assert_eq!(names.len(), 12, "{names:?}");
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
            SubscriptionState::Fenced { reason: Arc::from("another one") },
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
