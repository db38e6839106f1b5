//! The account of a run: each handled event was applied once and in order, or is kept with its reason.

use std::collections::{BTreeMap, BTreeSet};

use eventsource::prelude::*;
use eventsource::projection::{DeadLetter, LetterState, ProjectionKind, Subscriber};
use eventsource::subscription::{FailurePolicy, SubscriptionState};

use super::projections::{Moved, Opened, Subject};
use super::script::Fate;
use super::world::World;

/// A handled event of the log.
struct Logged {
    position: u64,
    stream: StreamId,
    version: u64,
    /// `None` where it cannot be read.
    fate: Option<Fate>,
}

async fn logged(store: &MemoryEventStore) -> Vec<Logged> {
    let filter = EventFilter::types([Opened::NAME, Moved::NAME]);
    let page = store.read_log(Position::START, &filter, PageLimit::events(1_000_000)).await.unwrap();
    let logged = |event: &std::sync::Arc<RecordedEvent>| Logged {
        position: event.position().value(),
        stream: event.stream().clone(),
        version: event.version(),
        fate: serde_json::from_str::<Opened>(event.payload()).ok().map(|event| event.fate),
    };
    page.events.iter().map(logged).collect()
}

/// Accounts for everything that was stored. Returns whether a letter is left, waiting or dismissed.
pub async fn check<S: Subject>(world: &World<S>, cured: bool) -> bool {
    let handle = &world.processes[0].handle;
    let status = handle.inspect().await;
    let kind = <S as Subscriber>::KIND;
    let is_faulted = matches!(status.state, SubscriptionState::Faulted { .. });
    // Where its state is not stored at the end, it goes on from where it was stored before.
    let as_stored = kind == ProjectionKind::DurableMemory && is_faulted;
    let stored = world.checkpoints.load("subject").await.unwrap().map_or(0, |stored| stored.position.value());
    let passed = if as_stored { stored } else { status.position.map_or(0, Position::value) };
    let log = logged(&world.store).await;
    let letters = handle.dead_letters().list().await.unwrap();
    let dismissed = handle.dead_letters().dismissed().await.unwrap();
    let waiting: BTreeMap<_, _> = letters.iter().map(|letter| (letter.stream.clone(), letter)).collect();
    assert_eq!(waiting.len(), letters.len(), "a stream has two letters that wait");
    if !as_stored {
        assert_eq!(status.dead_letters.unwrap(), letters.len(), "the status miscounts the letters");
        assert_eq!(status.events_held.unwrap(), letters.iter().map(|letter| letter.held).sum::<u64>());
    }
    if !is_faulted {
        let end = world.store.head().await.unwrap().value();
        assert_eq!(passed, end, "it had caught up, and stands elsewhere");
    }
    if kind != ProjectionKind::Memory {
        assert_eq!(stored, passed, "the checkpoint is elsewhere than the status says");
    }

    let gone: BTreeSet<u64> = dismissed.iter().map(|letter| letter.position.value()).collect();
    let is_held = |event: &Logged| waiting.get(&event.stream).is_some_and(|letter| event.version >= letter.version);
    let expected: Vec<&Logged> = log
        .iter()
        .filter(|event| event.position <= passed && !gone.contains(&event.position) && !is_held(event))
        .collect();
    for letter in &letters {
        let behind = log.iter().filter(|event| {
            event.stream == letter.stream
                && event.version > letter.version
                && event.position <= passed
                && !gone.contains(&event.position)
        });
        assert_eq!(letter.held, behind.count() as u64, "what waits behind {letter}");
        assert!(letter.position.value() <= passed, "a letter of what was never reached");
    }
    check_reasons(world, &log, &letters, &dismissed, cured);

    let applied = S::applied(handle, &world.checkpoints, &world.mind).await;
    if kind == ProjectionKind::Effects {
        check_effects(world, &log, &expected, &applied);
    } else {
        check_state(world, &log, &expected, &applied);
    }
    !letters.is_empty() || !dismissed.is_empty()
}

/// Whatever is kept is kept for a reason, and by the policy.
fn check_reasons<S: Subject>(
    world: &World<S>,
    log: &[Logged],
    letters: &[DeadLetter],
    dismissed: &[DeadLetter],
    cured: bool,
) {
    let rules = &world.rules;
    let fates: BTreeMap<_, _> = log.iter().map(|event| (event.position, event.fate)).collect();
    for letter in letters.iter().chain(dismissed) {
        let fate = fates.get(&letter.position.value()).expect("a letter of no event");
        assert_ne!(letter.state, LetterState::Released, "what was released has not followed: {letter}");
        let asked = world.dismissed.contains(&letter.position);
        // Two processes wait for each other's transaction, which may take longer than a handler may.
        let alone = world.made == 1;
        // Memory that was cut off is replayed first: a requested retry waits for that.
        let cut_off = matches!(<S as Subscriber>::KIND, ProjectionKind::Memory | ProjectionKind::DurableMemory)
            && matches!(fate, Some(Fate::Hangs(_)))
            && world.touched.contains(&letter.stream);
        let reason = fate.is_none_or(|fate| fate.may_be_given_up(rules.attempts)) || !alone || asked || cut_off;
        assert!(reason, "it was given up without a reason, being {fate:?}: {letter}");
        if letter.parks() {
            assert!(rules.has(FailurePolicy::DeadLetter), "no policy keeps letters");
            assert!(!cured || fate.is_none(), "all was cured and retried, and this waits: {letter}");
        } else {
            assert!(rules.has(FailurePolicy::Skip) || asked, "it was not dismissed: {letter}");
        }
    }
}

/// Once each; in order within a stream; in order everywhere, but for streams that were retried.
fn check_state<S: Subject>(world: &World<S>, log: &[Logged], expected: &[&Logged], applied: &[u64]) {
    let mut sorted = applied.to_vec();
    sorted.sort_unstable();
    let wanted: Vec<u64> = expected.iter().map(|event| event.position).collect();
    assert_eq!(sorted, wanted, "what is applied is not what was to be applied");
    in_order(world, log, applied);
}

fn in_order<S: Subject>(world: &World<S>, log: &[Logged], applied: &[u64]) {
    let events: BTreeMap<u64, &Logged> = log.iter().map(|event| (event.position, event)).collect();
    let mut versions: BTreeMap<&StreamId, u64> = BTreeMap::new();
    let mut last = 0;
    for position in applied {
        let event = events[position];
        let before = versions.insert(&event.stream, event.version).unwrap_or_default();
        assert!(before < event.version, "{}: {} after {before}", event.stream, event.version);
        if !world.touched.contains(&event.stream) {
            assert!(last < *position, "{position} was applied after {last}");
            last = *position;
        }
    }
}

/// Once or more; repeated only from a checkpoint on, and only after a new start.
fn check_effects<S: Subject>(world: &World<S>, log: &[Logged], expected: &[&Logged], applied: &[u64]) {
    let wanted: BTreeSet<u64> = expected.iter().map(|event| event.position).collect();
    let mut seen = BTreeSet::new();
    let first: Vec<u64> = applied.iter().copied().filter(|position| seen.insert(*position)).collect();
    let missing: Vec<_> = wanted.difference(&seen).collect();
    assert!(missing.is_empty(), "effects that never happened: {missing:?}");
    let streams: BTreeMap<u64, &StreamId> = log.iter().map(|event| (event.position, &event.stream)).collect();
    let surplus = seen.difference(&wanted).find(|position| !world.touched.contains(streams[position]));
    assert_eq!(surplus, None, "an effect of what was not to be applied");
    if !world.began_anew {
        in_order(world, log, &first);
    } else if world.made == 1 {
        // A skipped event may be applied by a later replay, after its successors: the last time counts.
        let mut last: Vec<u64> = applied.iter().rev().copied().filter(|position| seen.remove(position)).collect();
        last.retain(|position| wanted.contains(position));
        last.reverse();
        in_order(world, log, &last);
    }
    if world.starts == 1 && !world.began_anew {
        assert_eq!(first.len(), applied.len(), "effects were repeated without a restart");
    }
}
