//! The gauges: set from samples of a manager, and not by a scrape.

use std::collections::HashMap;
use std::future::Future;
use std::sync::PoisonError;
use std::time::Duration;

use ::metrics::gauge;

use super::{Metrics, names};
use crate::projection::CheckpointStore;
use crate::subscription::{
    RebuildKind, Sample, SampledRebuild, SampledSubscription, SubscriptionManager, SubscriptionState,
};

/// The series of a subscription that were set.
#[derive(Debug, Default)]
pub(super) struct Known {
    rebuild: Option<RebuildKind>,
}

impl Metrics {
    /// Sets the gauges of the subscriptions of `manager` now, and then each time after `every`, until the manager is
    /// dropped. Spawn the future as a task; 10 s is a good interval.
    ///
    /// Two processes of one program set the same gauges, each with its own view: see [the module](super#gauges).
    pub fn sample_every<C: CheckpointStore>(
        &self,
        every: Duration,
        manager: &SubscriptionManager<C>,
    ) -> impl Future<Output = ()> + Send + use<C> {
        let (metrics, sampler) = (self.clone(), manager.sampler());
        async move {
            while let Some(sample) = sampler.sample().await {
                metrics.set(&sample);
                tokio::select! {
                    () = tokio::time::sleep(every) => {}
                    () = sampler.closed() => {}
                }
            }
            metrics.set(&Sample::default());
        }
    }

    /// Sets the gauges from a sample of a manager. [`sample_every`](Self::sample_every) calls it.
    pub fn set(&self, sample: &Sample) {
        if let Some(head) = sample.head {
            gauge!(names::LOG_HEAD).set(head.value() as f64);
        }
        if let Some(held) = sample.horizon_held {
            gauge!(names::HORIZON_HELD_TIME).set(held);
        }
        let mut known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::take(&mut *known);
        for subscription in &sample.subscriptions {
            let name = &subscription.snapshot.name;
            set_subscription(name, subscription);
            let rebuild = subscription.rebuild.as_ref().map(|rebuild| rebuild.kind);
            known.insert(name.clone(), Known { rebuild });
        }
        clear(&before, &known);
    }
}

/// Sets the gauges of series that are over to zero: a recorder keeps the last value for ever.
fn clear(before: &HashMap<String, Known>, known: &HashMap<String, Known>) {
    for (name, was) in before {
        let now = known.get(name);
        if let Some(kind) = was.rebuild.filter(|_| now.is_none_or(|now| now.rebuild.is_none())) {
            set_rebuild(name, &SampledRebuild::ended(kind));
        }
        if now.is_some() {
            continue;
        }
        set_state(name, None);
        for gauge in [
            names::LAG_EVENTS,
            names::LAG_TIME,
            names::OWNED,
            names::LETTER_COUNT,
            names::LETTER_HELD,
            names::LETTER_OLDEST_AGE,
        ] {
            gauge!(gauge, names::SUBSCRIPTION => name.clone()).set(0.0);
        }
    }
}

fn set_subscription(name: &str, sampled: &SampledSubscription) {
    let set = |gauge: &'static str, value: f64| gauge!(gauge, names::SUBSCRIPTION => name.to_owned()).set(value);
    let snapshot = &sampled.snapshot;
    if let Some(position) = snapshot.position {
        set(names::POSITION, position.value() as f64);
    }
    if let Some(lag) = snapshot.lag {
        set(names::LAG_EVENTS, lag.events as f64);
        set(names::LAG_TIME, lag.time.as_secs_f64());
    }
    set_state(name, Some(&snapshot.state));
    set(names::OWNED, f64::from(u8::from(sampled.has_lease)));
    set(names::LETTER_COUNT, snapshot.dead_letters.unwrap_or_default() as f64);
    set(names::LETTER_HELD, snapshot.events_held.unwrap_or_default() as f64);
    set(names::LETTER_OLDEST_AGE, sampled.oldest_letter.unwrap_or_default().as_secs_f64());
    if let Some(rebuild) = &sampled.rebuild {
        set_rebuild(name, rebuild);
    }
}

/// Sets one series for each state: 1 for `present`, 0 for the others.
fn set_state(name: &str, present: Option<&SubscriptionState>) {
    for state in SubscriptionState::NAMES {
        let is_present = present.is_some_and(|present| present.name() == *state);
        let state = state.replace(' ', "_");
        gauge!(names::STATE, names::SUBSCRIPTION => name.to_owned(), names::STATE_NAME => state)
            .set(f64::from(u8::from(is_present)));
    }
}

fn set_rebuild(name: &str, rebuild: &SampledRebuild) {
    let kind = match rebuild.kind {
        RebuildKind::InPlace => "in_place",
        RebuildKind::SideBySide => "side_by_side",
    };
    let labels = || [(names::SUBSCRIPTION, name.to_owned()), (names::REBUILD_KIND, kind.to_owned())];
    gauge!(names::REBUILD_RATIO, &labels()).set(rebuild.ratio);
    if let Some(left) = rebuild.time_left {
        gauge!(names::REBUILD_TIME_LEFT, &labels()).set(left);
    }
}
