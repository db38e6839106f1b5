//! Dispatch, a batch of 1,000 events of 8 and of 40 types: through the library, and through a match by hand.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use eventsource::prelude::*;
use eventsource_benches::dispatch::{ByHand, batch, decoded, dispatch, free};

const BATCH: usize = 1_000;

fn both<P>(criterion: &mut Criterion, name: &str, types: usize)
where
    P: EventSubscriber<<MemoryCheckpoints as CheckpointStore>::Unit> + ByHand + Default,
{
    let batch = batch(types, BATCH);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(BATCH as u64));
    group.bench_function("by hand", |bencher| {
        let mut projection = P::default();
        bencher.iter(|| projection.by_hand(black_box(&batch)));
    });
    group.bench_function("by hand, the payload alone", |bencher| {
        let mut projection = P::default();
        bencher.iter(|| projection.by_payload(black_box(&batch)));
    });
    group.bench_function("ours", |bencher| {
        let (mut projection, mut unit) = (P::default(), MemoryCheckpoints::new().detached());
        bencher.iter(|| runtime.block_on(dispatch(&mut projection, black_box(&batch), &mut unit)));
    });
    group.finish();
}

fn dispatching(criterion: &mut Criterion) {
    both::<free::Eight>(criterion, "dispatch, 8 types", 8);
    both::<free::Forty>(criterion, "dispatch, 40 types", 40);
    both::<decoded::Eight>(criterion, "decode and dispatch, 8 types", 8);
    both::<decoded::Forty>(criterion, "decode and dispatch, 40 types", 40);
}

criterion_group!(benches, dispatching);
criterion_main!(benches);
