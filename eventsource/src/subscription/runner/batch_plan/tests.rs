//! The plan alone, and against a model that applies one event after another.

use proptest::collection::vec;
use proptest::prelude::*;

use super::{BatchPlan, Step};

type Plan = BatchPlan<u32, u8>;

fn events(plan: &Plan) -> Option<std::ops::Range<usize>> {
    plan.step().map(|step| step.events)
}

#[test]
fn page_without_a_failure_is_one_batch() {
    let mut plan = Plan::new(5, 5);
    assert_eq!(plan.step(), Some(Step { events: 0..5, failed: None }));
    plan.applied(5);
    assert_eq!(plan.step(), None);
    assert_eq!(Plan::new(0, 5).step(), None);
}

#[test]
fn failed_event_runs_alone_after_the_events_before_it() {
    let mut plan = Plan::new(5, 5);
    plan.fail(2, 1);
    assert_eq!(events(&plan), Some(0..2));
    plan.applied(2);
    assert_eq!(plan.step(), Some(Step { events: 2..3, failed: Some(&1) }));
    plan.gave_up(2);
    assert_eq!(plan.step(), Some(Step { events: 3..5, failed: None }));
}

#[test]
fn failed_event_runs_alone_at_once_if_the_events_before_it_stay_applied() {
    let mut plan = Plan::new(5, 5);
    plan.fail(2, 1);
    plan.kept(2);
    assert_eq!(plan.step(), Some(Step { events: 2..3, failed: Some(&1) }));
    assert_eq!(plan.take_failure(2), Some(1));
    plan.fail(2, 2);
    plan.applied(3);
    assert_eq!(plan.step(), Some(Step { events: 3..5, failed: None }));
}

#[test]
fn batch_without_a_known_cause_is_halved_and_grows_again() {
    let mut plan = Plan::new(10, 10);
    plan.halve(&(0..10));
    assert_eq!(events(&plan), Some(0..5));
    plan.halve(&(0..5));
    assert_eq!(events(&plan), Some(0..3));
    plan.applied(3);
    assert_eq!(events(&plan), Some(3..9));
    plan.applied(9);
    assert_eq!(events(&plan), Some(9..10));
}

#[test]
fn suspect_is_reached_by_a_batch_that_ends_before_it_and_runs_alone() {
    let mut plan = Plan::new(6, 6);
    plan.suspect(3, Some(7));
    assert_eq!(events(&plan), Some(0..3));
    plan.applied(3);
    assert_eq!(plan.step(), Some(Step { events: 3..4, failed: None }));
    assert_eq!((plan.obstruction(3), plan.obstruction(4)), (Some(7), None));
    plan.applied(4);
    assert_eq!(events(&plan), Some(4..6));
    assert_eq!(plan.obstruction(3), None);
}

#[test]
fn outages_are_counted_in_a_row() {
    let mut plan = Plan::new(2, 1);
    assert_eq!((plan.outage(), plan.outage()), (1, 2));
    plan.applied(1);
    assert_eq!(plan.outage(), 1);
}

#[test]
fn plan_that_goes_one_by_one_stays_so() {
    let mut plan = Plan::new(4, 4);
    plan.go_one_by_one();
    for index in 0..4 {
        assert_eq!(events(&plan), Some(index..index + 1));
        plan.applied(index + 1);
    }
    assert_eq!(plan.step(), None);
}

/// How an event behaves.
#[derive(Debug, Clone)]
struct Script {
    /// How often its handler fails before it succeeds.
    fails: u32,
    /// How many outages its handler meets.
    outages: u32,
    /// How many commits of batches that contain it are undone.
    undone: u32,
    /// Whether a batch that contains it and others is refused, without naming it.
    refused: bool,
    /// Whether it fails because of an earlier event of its batch.
    fails_in_company: bool,
}

/// How an event ended.
#[derive(Debug, Clone, Copy, PartialEq)]
struct End {
    given_up: bool,
    /// How many failures counted.
    failures: u32,
}

/// The largest number of attempts.
const ATTEMPTS: u32 = 3;

fn script() -> impl Strategy<Value = Script> {
    let rarely = |most: u32| prop_oneof![4 => Just(0), 1 => 1..=most];
    (rarely(ATTEMPTS + 1), rarely(2), rarely(2), prop::bool::weighted(0.1), prop::bool::weighted(0.1)).prop_map(
        |(fails, outages, undone, refused, fails_in_company)| Script {
            fails,
            outages,
            undone,
            refused,
            fails_in_company,
        },
    )
}

/// Applies one event after another.
fn naive(scripts: &[Script]) -> Vec<End> {
    let end = |script: &Script| End { given_up: script.fails >= ATTEMPTS, failures: script.fails.min(ATTEMPTS) };
    scripts.iter().map(end).collect()
}

/// What happened to a batch.
enum Outcome {
    Applied,
    Undone,
    InParts,
    InCompany(usize),
    Failed(usize),
    Outage(usize),
}

fn apply(scripts: &mut [Script], batch: std::ops::Range<usize>) -> Outcome {
    for index in batch.clone() {
        let script = &mut scripts[index];
        if script.fails_in_company && index > batch.start {
            return Outcome::InCompany(index);
        }
        if script.outages > 0 {
            script.outages -= 1;
            return Outcome::Outage(index);
        }
        if script.fails > 0 {
            script.fails -= 1;
            return Outcome::Failed(index);
        }
    }
    if batch.len() > 1 && scripts[batch.clone()].iter().any(|script| script.refused) {
        return Outcome::InParts;
    }
    match scripts[batch].iter_mut().find(|script| script.undone > 0) {
        Some(script) => {
            script.undone -= 1;
            Outcome::Undone
        }
        None => Outcome::Applied,
    }
}

/// Applies the events in the batches of a plan. `keeps` says whether the events before a failed one stay applied.
fn planned(mut scripts: Vec<Script>, most: usize, keeps: bool) -> Vec<End> {
    let len = scripts.len();
    let mut plan = Plan::new(len, most);
    let mut failures = vec![0; len];
    let mut ends = Vec::new();
    for _ in 0..100 * (len + 1) {
        let Some(Step { events: batch, failed }) = plan.step() else { return ends };
        assert!(!batch.is_empty() && batch.len() <= most && batch.start == ends.len(), "{batch:?}");
        if let Some(failed) = failed {
            assert_eq!(batch.len(), 1, "an event that has failed runs alone");
            assert_eq!(*failed, failures[batch.start]);
            if *failed >= ATTEMPTS {
                ends.push(End { given_up: true, failures: *failed });
                plan.gave_up(batch.start);
                continue;
            }
        }
        let keep = |ends: &mut Vec<End>, until: usize| {
            let from = ends.len();
            ends.extend(failures[from..until].iter().map(|failures| End { given_up: false, failures: *failures }));
        };
        match apply(&mut scripts, batch.clone()) {
            Outcome::Applied => {
                keep(&mut ends, batch.end);
                plan.applied(batch.end);
            }
            Outcome::Undone => {
                plan.outage();
                match batch.len() {
                    1 => plan.suspect(batch.start, plan.obstruction(batch.start)),
                    _ => plan.halve(&batch),
                }
            }
            Outcome::InParts => plan.halve(&batch),
            Outcome::InCompany(index) => plan.suspect(index, None),
            Outcome::Failed(index) => {
                if keeps {
                    keep(&mut ends, index);
                    plan.kept(index);
                }
                failures[index] = plan.take_failure(index).unwrap_or_default() + 1;
                plan.fail(index, failures[index]);
            }
            Outcome::Outage(index) => {
                if keeps {
                    keep(&mut ends, index);
                    plan.kept(index);
                }
                plan.outage();
                plan.suspect(index, plan.obstruction(index));
            }
        }
    }
    panic!("the plan does not end: {plan:?}");
}

proptest! {
    #[test]
    fn every_event_ends_once_in_order_and_with_as_many_attempts_as_alone(
        scripts in vec(script(), 0..30),
        most in 1..30_usize,
        keeps: bool,
    ) {
        prop_assert_eq!(planned(scripts.clone(), most, keeps), naive(&scripts));
    }
}
