//! By what a changed projection is noticed.

use super::Subscriber;

/// By what a changed projection is noticed (law 8): its name, its version and the events that it handles, readable.
#[must_use]
pub fn fingerprint<S: Subscriber>(subscriber: &S) -> String {
    let events = match subscriber.subscribed_to().event_types() {
        Some(names) => names.collect::<Vec<_>>().join(", "),
        None => "every event".to_owned(),
    };
    format!("{} v{}: {events}", subscriber.name(), subscriber.version())
}
