//! The processes that report a subscription: those that run it, and those that have ended.

use chrono::{DateTime, TimeDelta, Utc};
use eventsource::admin::{ManagerView, SubscriptionView};
use maud::{Markup, html};

use crate::pages::state;
use crate::text::{line, time};

/// A process that was not heard of for this time counts as ended.
const LONG: TimeDelta = TimeDelta::minutes(10);

/// How many processes that have ended are listed.
const MOST_ENDED: usize = 50;

/// Returns the processes that count, and those that have ended. The owner is the first one; it counts in any case.
fn by_standing(view: &SubscriptionView, now: DateTime<Utc>) -> (Vec<&ManagerView>, Vec<&ManagerView>) {
    let is_owner = |manager: &ManagerView| view.owner.as_ref().is_some_and(|owner| owner.manager == manager.manager);
    let has_ended =
        |manager: &ManagerView| manager.state == "stopped" || (manager.is_silent && now - manager.at >= LONG);
    let (mut ended, mut current): (Vec<_>, Vec<_>) =
        view.managers.iter().partition(|manager| has_ended(manager) && !is_owner(manager));
    current.sort_by_key(|manager| (!is_owner(manager), manager.is_silent, std::cmp::Reverse(manager.at)));
    ended.sort_by_key(|manager| std::cmp::Reverse(manager.at));
    (current, ended)
}

/// Returns the rows of the processes that run it.
pub(super) fn current(view: &SubscriptionView, now: DateTime<Utc>) -> Markup {
    rows(&by_standing(view, now).0)
}

/// Returns the processes that have ended, folded.
pub(super) fn ended(view: &SubscriptionView, now: DateTime<Utc>) -> Markup {
    let (_, mut ended) = by_standing(view, now);
    let number = ended.len();
    ended.truncate(MOST_ENDED);
    html! {
        @if number > 0 {
            details {
                summary { "Ended: " (number) }
                table {
                    caption { "Stopped, or not heard of for 10 minutes, the latest first" }
                    thead { tr { th scope="col" { "Process" } th scope="col" { "State" } th scope="col" { "Reported" } } }
                    tbody { (rows(&ended)) }
                }
            }
        }
    }
}

/// The names are whole here: each is that of one process.
fn rows(managers: &[&ManagerView]) -> Markup {
    html! {
        @for manager in managers { tr {
            td data-name="Process" { (line(&manager.manager)) }
            td data-name="State" { (state(&manager.state)) @if let Some(reason) = &manager.reason { ": " (line(reason)) } }
            td data-name="Reported" { (time(manager.at)) @if manager.is_silent && manager.state != "stopped" { " " span.bad { "not heard of since" } } }
        } }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn manager(name: &str, state: &str, seconds_ago: i64) -> Value {
        let at = DateTime::UNIX_EPOCH - TimeDelta::seconds(seconds_ago);
        let is_silent = seconds_ago > 30;
        json!({ "manager": name, "state": state, "fingerprint": "", "at": at, "is_silent": is_silent })
    }

    fn view(owner: Option<&str>, managers: &[Value]) -> SubscriptionView {
        let owner = owner.map(|name| json!({ "manager": name, "until": DateTime::UNIX_EPOCH, "is_expired": true }));
        let view = json!({
            "format": 1, "name": "orders", "kind": "", "guarantee": "", "state": "live", "position": 0, "behind": 0,
            "behind_seconds": 0.0, "handled": 0, "rate": 0.0, "letters": 0, "held": 0, "fingerprint": "",
            "owner": owner, "managers": managers,
        });
        serde_json::from_value(view).unwrap()
    }

    fn names(managers: &[&ManagerView]) -> String {
        managers.iter().map(|manager| &*manager.manager).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn owner_is_first_and_what_has_ended_is_apart() {
        let managers = [
            manager("stopped", "stopped", 5),
            manager("crashed-lately", "live", 60),
            manager("crashed-long-ago", "live", 3_600),
            manager("standby", "standing by", 1),
            manager("owner", "live", 9),
        ];
        let found = view(Some("owner"), &managers);
        let (current, ended) = by_standing(&found, DateTime::UNIX_EPOCH);
        assert_eq!(names(&current), "owner standby crashed-lately");
        assert_eq!(names(&ended), "stopped crashed-long-ago");
        // A frozen owner is shown, however long it is silent.
        let found = view(Some("crashed-long-ago"), &managers);
        assert_eq!(
            names(&by_standing(&found, DateTime::UNIX_EPOCH).0),
            "crashed-long-ago standby owner crashed-lately"
        );
    }

    #[test]
    fn processes_that_have_ended_are_folded() {
        let found = view(None, &[manager("stopped", "stopped", 60)]);
        let text = ended(&found, DateTime::UNIX_EPOCH).into_string();
        assert!(
            text.contains("<details><summary>Ended: 1</summary>") && !text.contains("not heard of since"),
            "{text}"
        );
        assert_eq!(ended(&view(None, &[]), DateTime::UNIX_EPOCH).into_string(), "");
    }
}
