//! Retrying dead letters: each order that was placed is a letter, and what followed waits behind it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use eventsource::prelude::*;
use eventsource::projection::{CheckpointUpdate, Claim, DeadLetter, LetterChange, fingerprint};

use crate::limits::read_postgres::PAGE;
use crate::table::{Reach, Row};

/// The row of a database.
pub(super) fn row(database: &str, limit: &str, count: usize) -> Row {
    Row {
        name: format!("letters-{}", database.to_lowercase()),
        what: format!(
            "dead letters, and what waits behind them, retried into a {database} table, a statement an event"
        ),
        limit: limit.to_owned(),
        reach: Reach::Any,
        count,
        ..Row::default()
    }
}

/// From `retry_all` until it is answered, after every event of the log was passed behind a letter.
pub(super) async fn retry_all<S, C, P>(store: S, checkpoints: C, projection: P) -> Duration
where
    S: EventStore,
    C: CheckpointStore,
    P: EventSubscriber<C::Unit>,
{
    // A new checkpoint.
    static RUNS: AtomicU64 = AtomicU64::new(0);
    let name = format!("retried-{}", RUNS.fetch_add(1, Ordering::Relaxed));
    let events = park_all(&store, &checkpoints, &name, &fingerprint(&projection)).await;
    let manager = SubscriptionManager::new(store, MemoryEventBus::new(), checkpoints);
    let config = SubscriptionConfig::default().name(name);
    let subscription = manager.subscribe(projection, config).await.unwrap();
    manager.start().await.unwrap();
    subscription.caught_up().await.unwrap();
    let begun = Instant::now();
    let retried = subscription.dead_letters().retry_all().await.unwrap();
    let taken = begun.elapsed();
    assert_eq!((retried.applied, retried.left), (events, Vec::new()));
    manager.stop().await.unwrap();
    taken
}

/// Moves a new checkpoint to the head, with a letter for the first event of each stream. Returns how many events there are.
async fn park_all<C: CheckpointStore>(store: &dyn EventStore, checkpoints: &C, name: &str, print: &str) -> u64 {
    let mut letters: BTreeMap<StreamId, DeadLetter> = BTreeMap::new();
    let (mut head, mut events) = (Position::START, 0);
    loop {
        let page = store.read_log(head, &EventFilter::all(), PageLimit::events(PAGE)).await.unwrap();
        if page.events.is_empty() {
            break;
        }
        head = page.horizon;
        events += page.events.len() as u64;
        for event in &page.events {
            let letter = letters.entry(event.stream().clone());
            letter.and_modify(|letter| letter.held += 1).or_insert_with(|| {
                DeadLetter::new(name, event, &HandlerError::permanent("the row is locked for ever"), 1)
            });
        }
    }
    let epoch = checkpoints.claim(&Claim::new(name, print, Position::START)).await.unwrap().epoch;
    let mut changes: Vec<_> = letters.into_values().map(LetterChange::Keep).collect();
    while !changes.is_empty() {
        let next = changes.split_off(changes.len().min(PAGE));
        let step = CheckpointUpdate::new(name, epoch, Position::START, Position::START).letters(changes);
        checkpoints.detached().commit(&step).await.unwrap();
        changes = next;
    }
    checkpoints.detached().commit(&CheckpointUpdate::new(name, epoch, Position::START, head)).await.unwrap();
    events
}
