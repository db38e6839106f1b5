//! Folds of a projection over a part of the log.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use eventsource::aggregate;
use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
use eventsource::fold::{Aggregates, Bound, FoldError, Scope, project, project_from};
use eventsource::prelude::*;
use eventsource::testing::faults::{Fault, Faults, FaultyEventStore, Point};
use eventsource_tests::backend::{Backend, Memory, Postgres, Sqlite};
use eventsource_tests::domain::{Bumped, Seen, bump, note};
use uuid::Uuid;

async fn fold_takes_the_part_that_is_asked_for<B: Backend>() {
    let backend = B::open().await;
    let store = backend.store();
    let tenth = bump(&store, 1..=10).await;
    note(&store, 3).await;
    let between = eventsource::event::now();
    let other = StreamId::new("Counter", Uuid::from_u128(2));
    let foreign = NewEvent::of(&Bumped { by: 100 }).unwrap().with_metadata(Metadata::new().tenant("acme"));
    // The clock of the database is not the clock of the test: the event is stored in a later millisecond by both.
    eventsource_tests::wait::eventually("the clock moves on", || async { eventsource::event::now() > between }).await;
    let last = store.append(&other, ExpectedVersion::Any, vec![foreign]).await.unwrap();

    let sum = |seen: &Seen| seen.numbers().iter().sum::<u64>();
    let whole = project::<Seen>(&store).page(3).run().await.unwrap();
    assert_eq!((sum(&whole.state), whole.events, whole.position), (155, 11, last.position()));
    let early = project::<Seen>(&store).until(tenth).page(4).run().await.unwrap();
    assert_eq!((sum(&early.state), early.position), (55, tenth));
    let stored = last.events()[0].recorded_at();
    let at_the_time = project::<Seen>(&store).until(stored).run().await.unwrap();
    assert_eq!(sum(&at_the_time.state), 155);
    let before = project::<Seen>(&store).until(stored - chrono::TimeDelta::microseconds(1)).run().await.unwrap();
    assert_eq!(sum(&before.state), 55);
    let stream = project::<Seen>(&store).of(&other).run().await.unwrap();
    assert_eq!(sum(&stream.state), 100);
    let part = StreamId::new("Counter", Uuid::from_u128(1));
    let part = project::<Seen>(&store).of(part).until(tenth).page(3).run().await.unwrap();
    assert_eq!(part.state.numbers(), (1..=10).collect::<Vec<_>>());
    let after = |start: Bound| project::<Seen>(&store).after(start).page(2);
    assert_eq!(after(tenth.into()).run().await.unwrap().state.numbers(), [100]);
    assert_eq!(after(between.into()).run().await.unwrap().state.numbers(), [100]);
    assert_eq!(after(stored.into()).run().await.unwrap().events, 0, "what was stored at the instant comes before it");
    let (fourth, seventh) = (whole.state.bumps[3].0, whole.state.bumps[6].0);
    let middle = after(fourth.into()).until(seventh).run().await.unwrap();
    assert_eq!((middle.state.numbers(), middle.position), (vec![5, 6, 7], seventh));
    let stream = StreamId::new("Counter", Uuid::from_u128(1));
    assert_eq!(after(seventh.into()).of(stream).run().await.unwrap().state.numbers(), [8, 9, 10]);
    for end in [fourth, seventh] {
        let empty = after(seventh.into()).until(end).run().await.unwrap();
        assert_eq!((empty.events, empty.position), (0, Position::START), "until {end}");
    }
    assert_eq!(after(Position::new(u64::MAX).into()).run().await.unwrap().events, 0);
    let tenant = project::<Seen>(&store).of(EventFilter::all().tenant("acme")).run().await.unwrap();
    assert_eq!(sum(&tenant.state), 100);
    let none = project::<Seen>(&store).of(EventFilter::types(["Noted"])).page(1).run().await.unwrap();
    assert_eq!((none.events, none.position), (0, Position::START));
}

#[tokio::test]
async fn fold_takes_the_part_that_is_asked_for_in_memory() {
    fold_takes_the_part_that_is_asked_for::<Memory>().await;
}

#[tokio::test]
async fn fold_takes_the_part_that_is_asked_for_on_sqlite() {
    fold_takes_the_part_that_is_asked_for::<Sqlite>().await;
}

#[tokio::test]
async fn fold_takes_the_part_that_is_asked_for_on_postgres() {
    fold_takes_the_part_that_is_asked_for::<Postgres>().await;
}

#[tokio::test]
async fn fold_tells_its_progress_after_each_page() {
    let store = MemoryEventStore::new();
    let last = bump(&store, 0..10).await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let observed = Arc::clone(&told);
    let fold = project::<Seen>(&store).page(4).progress(move |progress| observed.lock().unwrap().push(progress));
    fold.run().await.unwrap();
    let told: Vec<_> = told.lock().unwrap().iter().map(|progress| (progress.position, progress.events)).collect();
    assert_eq!(told.last(), Some(&(last, 10)));
    assert_eq!(told.iter().map(|(_, events)| *events).collect::<Vec<_>>(), [4, 8, 10]);
}

#[tokio::test]
async fn fold_ends_where_the_log_ended_when_it_began() {
    let store = MemoryEventStore::new();
    bump(&store, 0..10).await;
    let appending = store.clone();
    let fold = project::<Seen>(&store).page(2).progress(move |_| {
        let store = appending.clone();
        tokio::spawn(async move { bump(&store, [1]).await });
    });
    assert_eq!(fold.run().await.unwrap().events, 10);
}

#[tokio::test]
async fn fold_of_an_engine_and_of_a_handler_that_fails() {
    let store = MemoryEventStore::new();
    bump(&store, 1..=4).await;
    let engine = || ProjectionEngine::new("sum", MemoryProjectionStates::new()).with_state(0);
    let sum = engine().update::<Bumped>(|sum, event| *sum += event.by);
    assert_eq!(*project_from(sum, &store).run().await.unwrap().state.state(), 10);

    let called = Arc::new(Mutex::new(Vec::new()));
    let calls = Arc::clone(&called);
    let failing = engine().update::<Bumped>(move |_, event| {
        calls.lock().unwrap().push(event.by);
        if event.by == 3 { Err(HandlerError::permanent("three is refused")) } else { Ok(()) }
    });
    let error = project_from(failing, &store).run().await.unwrap_err();
    assert!(
        matches!(&error, FoldError::Handler { projection, event_type, position, stream, .. }
            if projection == "sum" && event_type == "Bumped" && position.value() == 3
                && stream.aggregate_type() == "Counter"),
        "{error:?}"
    );
    // The engine makes its state what it was before the event, with the events before it.
    assert_eq!(*called.lock().unwrap(), [1, 2, 3, 1, 2], "no later event is handed over");
    assert!(error.to_string().contains("three is refused"), "{error}");
}

/// Each page takes 10 ms, so that the fold is dropped while it waits for its third one.
#[tokio::test(start_paused = true)]
async fn fold_that_is_cancelled_reads_nothing_further() {
    let store = MemoryEventStore::new();
    bump(&store, 1..=10).await;
    let faults = Faults::new();
    let slow = FaultyEventStore::new(store, &faults);
    let stream = StreamId::new("Counter", Uuid::from_u128(1));
    for (scope, point) in [(Scope::from(EventFilter::all()), Point::ReadLog), (stream.into(), Point::ReadStream)] {
        faults.next(point, Fault::Delay(Duration::from_millis(10)), 100);
        let fold = project::<Seen>(&slow).of(scope.clone()).page(2);
        tokio::time::timeout(Duration::from_millis(25), fold.run()).await.unwrap_err();
        assert_eq!(faults.count(point), 3, "{point:?}");
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(faults.count(point), 3, "{point:?} after the fold was dropped");
        let whole = project::<Seen>(&slow).of(scope).page(2).run().await.unwrap();
        assert_eq!(whole.state.numbers(), (1..=10).collect::<Vec<_>>());
        faults.switch_off();
    }
}

/// Dropped a little later each time, so that it is met before, in and after each of its reads.
async fn fold_that_is_cancelled_leaves_nothing_behind<B: Backend>() {
    let backend = B::open().await;
    let store = backend.store();
    bump(&store, 1..=50).await;
    for micros in (0..100).map(|n| n * 50) {
        let cancelled = tokio::time::timeout(Duration::from_micros(micros), project::<Seen>(&store).page(2).run());
        if let Ok(whole) = cancelled.await {
            assert_eq!(whole.unwrap().events, 50);
        }
    }
    let whole = project::<Seen>(&store).page(2).run().await.unwrap();
    assert_eq!(whole.state.numbers(), (1..=50).collect::<Vec<_>>());
}

#[tokio::test]
async fn fold_that_is_cancelled_leaves_nothing_behind_in_memory() {
    fold_that_is_cancelled_leaves_nothing_behind::<Memory>().await;
}

#[tokio::test]
async fn fold_that_is_cancelled_leaves_nothing_behind_on_sqlite() {
    fold_that_is_cancelled_leaves_nothing_behind::<Sqlite>().await;
}

#[tokio::test]
async fn fold_that_is_cancelled_leaves_nothing_behind_on_postgres() {
    fold_that_is_cancelled_leaves_nothing_behind::<Postgres>().await;
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Counter(u64);

#[aggregate]
impl Counter {
    #[applies(Bumped)]
    fn bumped(&mut self, event: &Bumped) {
        self.0 += event.by;
    }
}

async fn aggregates_are_folded_over_the_log_a_stream_and_up_to_a_position<B: Backend>() {
    let backend = B::open().await;
    let store = backend.store();
    let (first, second) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let append = async |id: Uuid, by: u64| {
        let event = vec![NewEvent::of(&Bumped { by }).unwrap()];
        store.append(&StreamId::new("Counter", id), ExpectedVersion::Any, event).await.unwrap().position()
    };
    append(first, 1).await;
    let middle = append(second, 10).await;
    note(&store, 1).await;
    append(first, 2).await;
    let whole = project::<Aggregates<Counter>>(&store).page(2).run().await.unwrap();
    assert_eq!(whole.state.iter().collect::<Vec<_>>(), [(first, &Counter(3)), (second, &Counter(10))]);
    let early = project::<Aggregates<Counter>>(&store).until(middle).run().await.unwrap().state;
    assert_eq!((early.get(first), early.get(second)), (Some(&Counter(1)), Some(&Counter(10))));
    let one = project::<Aggregates<Counter>>(&store).of(StreamId::new("Counter", second)).run().await.unwrap().state;
    assert_eq!((one.get(first), one.get(second)), (None, Some(&Counter(10))));
}

#[tokio::test]
async fn aggregates_are_folded_in_memory() {
    aggregates_are_folded_over_the_log_a_stream_and_up_to_a_position::<Memory>().await;
}

#[tokio::test]
async fn aggregates_are_folded_on_sqlite() {
    aggregates_are_folded_over_the_log_a_stream_and_up_to_a_position::<Sqlite>().await;
}

#[tokio::test]
async fn aggregates_are_folded_on_postgres() {
    aggregates_are_folded_over_the_log_a_stream_and_up_to_a_position::<Postgres>().await;
}

/// The aggregate that the event was for stays as it was.
#[tokio::test]
async fn fold_of_aggregates_names_an_event_that_none_declares() {
    let store = MemoryEventStore::new();
    let stream = StreamId::new("Counter", Uuid::from_u128(1));
    let events = vec![NewEvent::of(&Bumped { by: 1 }).unwrap(), NewEvent::raw("Forgotten", 1, "{}")];
    store.append(&stream, ExpectedVersion::Any, events).await.unwrap();
    let error = project::<Aggregates<Counter>>(&store).run().await.unwrap_err().to_string();
    assert!(error.contains("`Forgotten` at position 2") && error.contains("does not declare"), "{error}");
}
