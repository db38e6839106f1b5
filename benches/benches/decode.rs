//! Decoding, and encoding, 1,000 orders' events: through the library, and with serde alone.

use std::hint::black_box;
use std::sync::Arc;

use chrono::DateTime;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use eventsource::prelude::*;
use eventsource_benches::domain::{Change, ORDER, OrderPlaced, Orders};

const EVENTS: u64 = 1_000;

fn placed() -> Vec<Arc<RecordedEvent>> {
    let facts = Orders::new(4_000).filter(|fact| matches!(fact.change, Change::Placed(_)));
    let record = |(n, fact): (u64, eventsource_benches::domain::Fact)| {
        let stream = StreamId::new(ORDER, fact.order);
        Arc::new(fact.new_event().record(stream, 1, Position::new(n), DateTime::UNIX_EPOCH))
    };
    (1..=EVENTS).zip(facts).map(record).collect()
}

fn decoding(criterion: &mut Criterion) {
    let events = placed();
    let mut group = criterion.benchmark_group("decode");
    group.throughput(Throughput::Elements(EVENTS));
    group.bench_function("serde", |bencher| {
        bencher.iter(|| {
            for event in &events {
                black_box(serde_json::from_str::<OrderPlaced>(event.payload()).unwrap());
            }
        });
    });
    group.bench_function("ours", |bencher| {
        bencher.iter(|| {
            for event in &events {
                black_box(Event::<OrderPlaced>::decode(event).unwrap());
            }
        });
    });
    group.finish();
}

fn encoding(criterion: &mut Criterion) {
    let orders: Vec<OrderPlaced> =
        placed().iter().map(|event| serde_json::from_str(event.payload()).unwrap()).collect();
    let mut group = criterion.benchmark_group("encode");
    group.throughput(Throughput::Elements(EVENTS));
    group.bench_function("serde", |bencher| {
        bencher.iter(|| orders.iter().for_each(|order| drop(black_box(serde_json::to_string(order).unwrap()))));
    });
    group.bench_function("ours", |bencher| {
        bencher.iter(|| orders.iter().for_each(|order| drop(black_box(NewEvent::of(order).unwrap()))));
    });
    group.finish();
}

criterion_group!(benches, decoding, encoding);
criterion_main!(benches);
