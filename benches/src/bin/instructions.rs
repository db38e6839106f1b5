//! Dispatches events, for `benches/instructions` to count by how many instructions.
//!
//! `instructions ours|hand|payload free|decoded 8|40 BATCHES`

use eventsource::prelude::*;
use eventsource_benches::dispatch::{ByHand, batch, decoded, dispatch, free};

const BATCH: usize = 1_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [way, decoding, types, batches] = &arguments[..] else {
        panic!("instructions ours|hand|payload free|decoded 8|40 BATCHES")
    };
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
