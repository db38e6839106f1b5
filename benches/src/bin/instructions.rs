//! Dispatches events, and runs subscriptions, for `benches/instructions` to count by how many instructions.
//!
//! `instructions ours|hand|payload free|decoded 8|40 BATCHES`, or
//! `instructions subscription unobserved|observed BATCHES`

use std::time::Duration;

use eventsource::prelude::*;
use eventsource::subscription::Observer;
use eventsource_benches::dispatch::{ByHand, batch, decoded, dispatch, free};
use uuid::Uuid;

const BATCH: usize = 1_000;

const USAGE: &str = "instructions ours|hand|payload free|decoded 8|40 BATCHES, or \
                     instructions subscription unobserved|observed BATCHES";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [what, observed, batches] = &arguments[..] {
        assert_eq!(what, "subscription", "{USAGE}");
        return subscribe(observed == "observed", batches.parse().unwrap());
    }
    let [way, decoding, types, batches] = &arguments[..] else { panic!("{USAGE}") };
    let (types, batches) = (types.parse().unwrap(), batches.parse().unwrap());
    match (&decoding[..], types) {
        ("free", 8) => run(free::Eight::default(), way, types, batches),
        ("free", 40) => run(free::Forty::default(), way, types, batches),
        ("decoded", 8) => run(decoded::Eight::default(), way, types, batches),
        ("decoded", 40) => run(decoded::Forty::default(), way, types, batches),
        _ => panic!("there is no such projection"),
    }
}

fn run<P>(mut projection: P, way: &str, types: usize, batches: usize)
where
    P: EventSubscriber<<MemoryCheckpoints as CheckpointStore>::Unit> + ByHand,
{
    let batch = batch(types, BATCH);
    match way {
        "hand" => return (0..batches).for_each(|_| projection.by_hand(&batch)),
        "payload" => return (0..batches).for_each(|_| projection.by_payload(&batch)),
        _ => {}
    }
    let mut unit = MemoryCheckpoints::new().detached();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for _ in 0..batches {
        runtime.block_on(dispatch(&mut projection, &batch, &mut unit));
    }
}

/// Does nothing.
struct Nothing;

impl Observer for Nothing {}

/// Runs a subscription over batches of one event, with an observer or without one.
fn subscribe(is_observed: bool, batches: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let store = MemoryEventStore::new();
        let events = (0..batches).map(|_| NewEvent::raw("CustomerRegistered", 1, "{}")).collect();
        let stream = StreamId::new("Shop", Uuid::from_u128(1));
        store.append(&stream, ExpectedVersion::NoStream, events).await.unwrap();
        let mut manager = SubscriptionManager::new(store, MemoryEventBus::new(), MemoryCheckpoints::new());
        if is_observed {
            manager = manager.with_observer(Nothing);
        }
        let config = SubscriptionConfig::from_beginning().batch_size(1).poll_interval(Duration::from_secs(60));
        let handle = manager.subscribe(free::Eight::default(), config).await.unwrap();
        manager.start().await.unwrap();
        handle.caught_up().await.unwrap();
        assert_eq!(handle.read().await.events, batches as u64);
        manager.stop().await.unwrap();
    });
}
