//! Dispatch alone, in time. Its instructions are counted by `benches/instructions`.

use std::time::{Duration, Instant};

use eventsource::prelude::*;

use crate::dispatch::{ByHand, batch, decoded, dispatch, free};
use crate::measure::compare;
use crate::settings::Settings;
use crate::table::{Reach, Row, Unit};

/// So many events are handed over at once, again and again.
const BATCH: usize = 1_000;

pub(super) async fn run(settings: Settings) -> Vec<Row> {
    vec![
        measure::<free::Eight>(&settings, "dispatch-8", "8 event types, decoded at no cost", 8).await,
        measure::<free::Forty>(&settings, "dispatch-40", "40 event types, decoded at no cost", 40).await,
        measure::<decoded::Eight>(&settings, "dispatch-decode-8", "8 event types, a number as JSON", 8).await,
        measure::<decoded::Forty>(&settings, "dispatch-decode-40", "40 event types, a number as JSON", 40).await,
        engine(&settings).await,
    ]
}

/// An engine that is assembled at run time, next to `#[projection]`. It keeps its progress, and a copy of its state.
async fn engine(settings: &Settings) -> Row {
    let batches = if settings.tiny { 1 } else { 100 };
    let limit = move || async move {
        let (events, mut projection) = (batch(8, batches * BATCH), decoded::Eight::default());
        let mut unit = MemoryCheckpoints::new().detached();
        let begun = Instant::now();
        dispatch(&mut projection, &events, &mut unit).await;
        time(begun, &projection, batches)
    };
    let ours = move || async move {
        let (events, mut engine) = (batch(8, batches * BATCH), decoded::engine());
        let begun = Instant::now();
        for events in events.chunks(BATCH) {
            engine.process_events(events).await.unwrap();
        }
        time(begun, engine.state(), batches)
    };
    Row {
        name: "dispatch-engine".to_owned(),
        what: "`ProjectionEngine::process_events`, 8 event types, a number as JSON".to_owned(),
        limit: "the same handlers by `#[projection]`".to_owned(),
        reach: Reach::Any,
        unit: Unit::Time,
        count: batches * BATCH,
        pairs: compare(settings, limit, ours).await,
    }
}

async fn measure<P>(settings: &Settings, name: &str, what: &str, types: usize) -> Row
where
    P: EventSubscriber<<MemoryCheckpoints as CheckpointStore>::Unit> + ByHand + Default,
{
    // A tenth of a second or so.
    let batches = if settings.tiny { 1 } else { settings.events.div_ceil(BATCH) * 20 };
    let limit = move || async move {
        let (batch, mut projection) = (batch(types, BATCH), P::default());
        let begun = Instant::now();
        (0..batches).for_each(|_| projection.by_hand(&batch));
        time(begun, &projection, batches)
    };
    let ours = move || async move {
        let (batch, mut projection) = (batch(types, BATCH), P::default());
        let mut unit = MemoryCheckpoints::new().detached();
        let begun = Instant::now();
        for _ in 0..batches {
            dispatch(&mut projection, &batch, &mut unit).await;
        }
        time(begun, &projection, batches)
    };
    Row {
        name: name.to_owned(),
        what: format!("dispatch alone, {what}"),
        limit: "a match on the name that makes the typed view and calls".to_owned(),
        reach: Reach::Any,
        unit: Unit::Time,
        count: batches * BATCH,
        pairs: compare(settings, limit, ours).await,
    }
}

fn time(begun: Instant, projection: &impl ByHand, batches: usize) -> Duration {
    let taken = begun.elapsed();
    assert_eq!(projection.events(), (batches * BATCH) as u64);
    taken
}
