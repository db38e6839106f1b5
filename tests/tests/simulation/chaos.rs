//! What is drawn at random for a run: how the subscription is configured, and what goes wrong in its stores.

use std::time::Duration;

use eventsource::prelude::*;
use eventsource::subscription::{FailureLimit, FailurePolicy, RetryPolicy};
use eventsource::testing::Random;
use eventsource::testing::faults::{Fault, Faults, Point};

/// How the subscription of a run is configured, and what of that the account needs to know.
#[derive(Debug, Clone)]
pub struct Rules {
    pub config: SubscriptionConfig,
    pub attempts: u32,
    pub transient: FailurePolicy,
    pub permanent: FailurePolicy,
    /// While a rebuild goes on.
    pub rebuilding: Option<FailurePolicy>,
    pub limited: bool,
}

fn millis(random: &mut Random, from: u64, to: u64) -> Duration {
    Duration::from_millis(from + random.below(to - from))
}

fn policy(random: &mut Random) -> FailurePolicy {
    match random.below(10) {
        0..=6 => FailurePolicy::DeadLetter,
        7 | 8 => FailurePolicy::Skip,
        _ => FailurePolicy::Stop,
    }
}

impl Rules {
    pub fn draw(random: &mut Random) -> Self {
        let attempts = 1 + random.below(4) as u32;
        let (transient, permanent) = (policy(random), policy(random));
        let rebuilding = if random.chance(0.3) { Some(policy(random)) } else { None };
        let retry = RetryPolicy::new(attempts, millis(random, 1, 100), millis(random, 100, 2_000));
        let limited = random.chance(0.2);
        let limit = if limited {
            FailureLimit::new(2 + random.below(6) as usize, millis(random, 0, 60_000))
        } else {
            FailureLimit::none()
        };
        let batch_size = if random.chance(0.5) { 1 + random.below(4) } else { 1 + random.below(40) };
        let config =
            rebuilding.into_iter().fold(SubscriptionConfig::default(), SubscriptionConfig::on_failure_in_rebuild);
        let config = config
            .batch_size(batch_size as usize)
            .poll_interval(millis(random, 50, 1_000))
            .handler_timeout(millis(random, 200, 1_500))
            .snapshot_every(1 + random.below(20))
            .lease(millis(random, 200, 4_000))
            .retry(retry)
            .on_transient_failure(transient)
            .on_permanent_failure(permanent)
            .failure_limit(limit)
            .seed(random.number());
        Self { config, attempts, transient, permanent, rebuilding, limited }
    }

    /// Whether some failure makes the subscription fault.
    pub fn may_fault(&self) -> bool {
        self.limited || self.has(FailurePolicy::Stop)
    }

    /// Whether some failure is met with `policy`.
    pub fn has(&self, policy: FailurePolicy) -> bool {
        [Some(self.transient), Some(self.permanent), self.rebuilding].contains(&Some(policy))
    }
}

/// Lets things go wrong in the stores of one process from now on.
pub fn unleash(faults: &Faults, random: &mut Random) {
    use Point::*;
    if random.chance(0.2) {
        return;
    }
    let mut plan = faults.clone();
    for point in
        [ReadStream, ReadLog, Head, WakeUpReceiver, Load, Claim, Renew, DeadLetters, Snapshot, Begin, Commit, Clear]
    {
        if random.chance(0.4) {
            continue;
        }
        let often = [0.01, 0.05, 0.15][random.below(3) as usize];
        plan = plan.often(point, Fault::Fail, often).often(point, Fault::LoseAnswer, often);
        plan = plan.often(point, Fault::Delay(millis(random, 1, 2_000)), often / 2.0);
        plan = plan.often(point, Fault::DelayAnswer(millis(random, 1, 2_000)), often / 2.0);
        // Who asks from outside is not to panic.
        if matches!(point, ReadStream | ReadLog | Claim | Renew | Snapshot | Begin | Commit) && random.chance(0.3) {
            plan = plan.often(point, Fault::Panic, 0.01);
        }
    }
    if random.chance(0.5) {
        // A statement timeout, and a table that was migrated: no event is to blame for either.
        plan = plan.often(Statement, Fault::Fail, 0.03).often(Statement, Fault::Stale, 0.03);
    }
    drop(plan.often(WakeUpReceiver, Fault::Duplicate, 0.2));
}

/// The process is dead: its stores do nothing more, and each call panics.
pub fn kill(faults: &Faults) {
    use Point::*;
    for point in [
        Append,
        ReadStream,
        ReadLog,
        Head,
        LogId,
        LastEvent,
        Backlog,
        Load,
        List,
        Claim,
        Renew,
        DeadLetters,
        Snapshot,
        Begin,
    ] {
        faults.forget(point);
        faults.next(point, Fault::Panic, usize::MAX);
    }
    for point in [Commit, Clear] {
        faults.forget(point);
        faults.next(point, Fault::Panic, usize::MAX);
    }
}
