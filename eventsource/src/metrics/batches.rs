//! The metrics of the subscriptions.

use ::metrics::{Histogram, counter, histogram};

use super::{Metrics, names};
use crate::subscription::{
    AttemptFailed, BatchSeen, CommitSeen, LetterSeen, LetterStep, Observer, PageSeen, RequestSeen,
};

/// Returns the histogram `name` of a subscription, with the kind of an error if there is one.
fn measured(name: &'static str, subscription: &str, error: Option<&'static str>) -> Histogram {
    let subscription = subscription.to_owned();
    match error {
        None => histogram!(name, names::SUBSCRIPTION => subscription),
        Some(error) => histogram!(name, names::SUBSCRIPTION => subscription, names::ERROR_TYPE => error),
    }
}

fn count(subscription: &str, outcome: &'static str, events: usize) {
    if events > 0 {
        counter!(names::EVENTS, names::SUBSCRIPTION => subscription.to_owned(), names::OUTCOME => outcome)
            .increment(events as u64);
    }
}

impl Observer for Metrics {
    fn page(&self, seen: &PageSeen<'_>) {
        measured(names::READ_DURATION, seen.subscription, None).record(seen.waited);
    }

    fn batch(&self, seen: &BatchSeen<'_>) {
        let error = seen.failure.map(|failure| failure.as_str());
        measured(names::PROCESS_DURATION, seen.subscription, error).record(seen.duration);
        measured(names::BATCH_SIZE, seen.subscription, None).record(seen.events as f64);
        count(seen.subscription, "handled", seen.handled);
        count(seen.subscription, "parked", seen.parked);
        if let Some(delay) = seen.delay {
            measured(names::DELAY, seen.subscription, None).record(delay);
        }
    }

    fn commit(&self, seen: &CommitSeen<'_>) {
        let error = seen.failure.map(|failure| failure.as_str());
        measured(names::COMMIT_DURATION, seen.subscription, error).record(seen.duration);
    }

    fn attempt_failed(&self, seen: &AttemptFailed<'_>) {
        let (subscription, error) = (seen.subscription.to_owned(), seen.kind.as_str());
        counter!(names::ATTEMPTS_FAILED, names::SUBSCRIPTION => subscription, names::ERROR_TYPE => error).increment(1);
    }

    fn letter(&self, seen: &LetterSeen<'_>) {
        match seen.step {
            LetterStep::Kept => count(seen.subscription, "dead_lettered", 1),
            LetterStep::Skipped => count(seen.subscription, "skipped", 1),
            // The event was counted when it became a letter, or waited behind one.
            LetterStep::FailedAgain | LetterStep::Dismissed => {}
        }
    }

    fn request(&self, seen: &RequestSeen<'_>) {
        let outcome = if seen.is_accepted { "accepted" } else { "refused" };
        counter!(names::REQUESTS, names::ACTION => seen.action.as_str(), names::OUTCOME => outcome).increment(1);
    }
}
