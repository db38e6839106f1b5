//! The observers of a manager. A panic of one of them is caught.

use std::fmt;
use std::sync::Arc;

use tokio::time::Instant;

use super::port::Observer;
use super::seen_life::{RebuildSeen, RebuildStep, StateSeen};
use crate::panics::Guarded;
use crate::subscription::SubscriptionState;
use crate::subscription::rebuild::tracked::{Outcome, RebuildListener, Tracked};
use crate::subscription::state::bell::StateListener;

/// The observers of a manager, `None` if there is none: then a call is one comparison.
#[derive(Clone, Default)]
pub(in crate::subscription) struct Observers(Option<Arc<[SharedObserver]>>);

type SharedObserver = Arc<Guarded<dyn Observer>>;

impl Observers {
    /// Adds an observer.
    pub(in crate::subscription) fn with(&self, observer: impl Observer) -> Self {
        let added = Guarded::<dyn Observer>::new(Box::new(observer));
        let before = self.0.iter().flat_map(|all| all.iter().cloned());
        Self(Some(before.chain([Arc::new(added)]).collect()))
    }

    pub(in crate::subscription) const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Returns the time for a measurement, if there is an observer.
    #[inline]
    pub(in crate::subscription) fn now(&self) -> Option<Instant> {
        self.0.is_some().then(Instant::now)
    }

    /// Calls each observer.
    #[inline]
    pub(in crate::subscription) fn tell(&self, call: impl Fn(&dyn Observer)) {
        if let Some(all) = &self.0 {
            all.iter().for_each(|guarded| guarded.tell(|observer| call(observer)));
        }
    }
}

impl StateListener for Observers {
    fn changed(&self, subscription: &str, from: &SubscriptionState, to: &SubscriptionState) {
        self.tell(|observer| observer.state(&StateSeen { subscription, from, to }));
    }
}

/// Tells the observers of the rebuilds of one subscription.
pub(in crate::subscription) struct RebuildObservers {
    subscription: String,
    observers: Observers,
}

impl RebuildObservers {
    /// Returns the listener to the rebuilds of `subscription`, if there is an observer.
    pub(in crate::subscription) fn of(subscription: &str, observers: &Observers) -> Option<Arc<dyn RebuildListener>> {
        if observers.is_empty() {
            return None;
        }
        Some(Arc::new(Self { subscription: subscription.to_owned(), observers: observers.clone() }))
    }

    fn tell(&self, tracked: &Tracked, step: RebuildStep<'_>) {
        let progress = tracked.uncounted();
        let seen = RebuildSeen {
            subscription: &self.subscription,
            kind: tracked.kind,
            step,
            position: progress.position,
            target: tracked.target,
        };
        self.observers.tell(|observer| observer.rebuild(&seen));
    }
}

impl RebuildListener for RebuildObservers {
    fn began(&self, tracked: &Tracked) {
        self.tell(tracked, RebuildStep::Began);
    }

    fn moved(&self, tracked: &Tracked) {
        self.tell(tracked, RebuildStep::Moved);
    }

    fn ended(&self, tracked: &Tracked, outcome: &Outcome) {
        let step = match outcome {
            // It continues at the next start.
            Outcome::Unfinished => return,
            Outcome::Done(_) => RebuildStep::Done,
            Outcome::Replaced => RebuildStep::Replaced,
            Outcome::Cancelled => RebuildStep::Cancelled,
            Outcome::Failed(reason) => RebuildStep::Failed(reason),
        };
        self.tell(tracked, step);
    }
}

impl fmt::Debug for Observers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.as_ref().map_or(0, |all| all.len());
        f.debug_struct("Observers").field("count", &count).finish()
    }
}

impl fmt::Debug for RebuildObservers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RebuildObservers").field("subscription", &self.subscription).finish_non_exhaustive()
    }
}
