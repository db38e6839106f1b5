//! The metrics are what happened, and their series are those of the table.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::atomic::Ordering;
use std::time::Duration;

use eventsource::metrics::{ALL, Metrics, names};
use eventsource::store::AppendFailure;
use eventsource::store::Observed;
use eventsource::subscription::{CommitFailure, FailureKind, FailurePolicy, RequestAction, RetryPolicy};
use eventsource_tests::domain::Bumped;
use eventsource_tests::ledgers::{Booked, Ledger};
use eventsource_tests::wait::{DEADLINE, eventually};
use uuid::Uuid;

use crate::recorder::Recorded;
use crate::world::*;

const SUMS: (&str, &str) = (names::SUBSCRIPTION, "sums");

fn config() -> SubscriptionConfig {
    SubscriptionConfig::from_beginning().retry(RetryPolicy::never()).on_failure(FailurePolicy::DeadLetter)
}

/// Appends, conflicts, loads, projects, fails, dismisses and rebuilds.
async fn work(recorded: &Recorded) {
    let metrics = Metrics::new();
    let (notes, sums) = (Notes::default(), Sums::default());
    let (inner, checkpoints) = (MemoryEventStore::new(), MemoryCheckpoints::new());
    let store = Observed::new(inner).observer(metrics.clone());
    eventsource::memory::MemoryReadModels::new(&checkpoints).ensure_tables(&sums).await.unwrap();

    // The write side.
    bump_in(&store, 1, &[1, 2]).await;
    let refused = bump_in(&store, 2, &[13]).await;
    bump_in(&store, 2, &[5]).await;
    let stream = StreamId::new("Counter", Uuid::from_u128(1));
    let stale = vec![NewEvent::of(&Bumped { by: 1 }).unwrap()];
    store.append(&stream, ExpectedVersion::NoStream, stale).await.unwrap_err();
    store.append(&stream, ExpectedVersion::Any, Vec::new()).await.unwrap_err();
    store.append(&stream, ExpectedVersion::Any, vec![NewEvent::raw("Secret-4711", 1, "{}")]).await.unwrap();
    let ledgers = AggregateRepository::<Ledger>::new(store.clone(), MemoryEventBus::new());
    for command in 1..=3 {
        ledgers
            .execute(Uuid::from_u128(7), |_: &mut AggregateRoot<Ledger>| Ok::<_, Infallible>(Booked { command }))
            .await
            .unwrap();
    }
    assert_eq!(recorded.value(names::APPEND_EVENTS, &[(names::EVENT_TYPE, "Bumped")]), 4.0);
    assert_eq!(recorded.value(names::APPEND_EVENTS, &[(names::EVENT_TYPE, "Booked")]), 3.0);
    assert_eq!(recorded.value(names::APPEND_EVENTS, &[(names::EVENT_TYPE, names::OTHER)]), 1.0);
    let counter = (names::AGGREGATE_TYPE, "Counter");
    assert_eq!(recorded.values(names::APPEND_DURATION, &[counter]).len(), 4);
    let failed = |kind| recorded.values(names::APPEND_DURATION, &[counter, (names::ERROR_TYPE, kind)]).len();
    assert_eq!((failed("conflict"), failed("refused")), (1, 1));
    assert_eq!(recorded.values(names::LOAD_EVENTS, &[(names::AGGREGATE_TYPE, "Ledger")]), [0.0, 1.0, 2.0]);

    // The read side.
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), checkpoints)
        .with_observer(metrics.clone())
        .with_observer(notes.clone());
    let handle = manager.subscribe(sums.clone(), config()).await.unwrap();
    let sampler = manager.sampler();
    metrics.set(&sampler.sample().await.unwrap());
    assert_eq!(recorded.value(names::STATE, &[SUMS, (names::STATE_NAME, "idle")]), 1.0);
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    bump_in(&store, 3, &[9]).await;
    eventually("the last bump was handled", || async { notes.told(|told| told.handled) == 3 }).await;
    metrics.set(&sampler.sample().await.unwrap());
    let outcome = |outcome| recorded.value(names::EVENTS, &[SUMS, (names::OUTCOME, outcome)]);
    assert_eq!((outcome("handled"), outcome("parked"), outcome("dead_lettered")), (3.0, 1.0, 1.0));
    let head = store.head().await.unwrap().value() as f64;
    assert_eq!((recorded.value(names::POSITION, &[SUMS]), recorded.value(names::LOG_HEAD, &[])), (head, head));
    assert_eq!((recorded.value(names::LAG_EVENTS, &[SUMS]), recorded.value(names::LAG_TIME, &[SUMS])), (0.0, 0.0));
    assert_eq!(recorded.value(names::OWNED, &[SUMS]), 1.0);
    assert_eq!(recorded.value(names::STATE, &[SUMS, (names::STATE_NAME, "live")]), 1.0);
    assert_eq!(recorded.value(names::STATE, &[SUMS, (names::STATE_NAME, "idle")]), 0.0);
    assert_eq!((recorded.value(names::LETTER_COUNT, &[SUMS]), recorded.value(names::LETTER_HELD, &[SUMS])), (1.0, 1.0));
    assert!(recorded.value(names::LETTER_OLDEST_AGE, &[SUMS]) > 0.0);
    assert_eq!(recorded.values(names::DELAY, &[SUMS]).len(), 1);
    notes.told(|told| {
        let attempts = recorded.value(names::ATTEMPTS_FAILED, &[SUMS, (names::ERROR_TYPE, "permanent")]);
        assert_eq!(attempts, told.attempts.len() as f64);
        assert_eq!(recorded.values(names::BATCH_SIZE, &[SUMS]).len(), told.batches);
        assert_eq!(recorded.values(names::READ_DURATION, &[SUMS]).len(), told.pages);
        let handlers = recorded.values(names::PROCESS_DURATION, &[SUMS]).len();
        let failed = recorded.values(names::PROCESS_DURATION, &[SUMS, (names::ERROR_TYPE, "permanent")]).len();
        assert_eq!((handlers + failed, failed), (told.batches, told.batch_failures.len()));
        assert!(!recorded.values(names::COMMIT_DURATION, &[SUMS]).is_empty());
    });

    // An operator.
    let letters = handle.dead_letters();
    letters.retry(Position::new(99)).await.unwrap_err();
    letters.dismiss(refused, "never").await.unwrap();
    eventually("the letter is gone", || async { notes.told(|told| told.handled) == 4 }).await;
    metrics.set(&sampler.sample().await.unwrap());
    let request =
        |action, outcome| recorded.value(names::REQUESTS, &[(names::ACTION, action), (names::OUTCOME, outcome)]);
    assert_eq!((request("retry", "refused"), request("dismiss", "accepted")), (1.0, 1.0));
    assert_eq!(
        (recorded.value(names::LETTER_COUNT, &[SUMS]), recorded.value(names::LETTER_OLDEST_AGE, &[SUMS])),
        (0.0, 0.0)
    );

    handle.pause().await.unwrap();
    handle.resume().await.unwrap();
    handle.restart().await.unwrap();
    for action in ["pause", "resume", "restart"] {
        assert_eq!((request(action, "accepted"), request(action, "refused")), (1.0, 0.0), "{action}");
    }
    handle.caught_up().within(DEADLINE).await.unwrap();

    // A rebuild that waits in its first handler.
    sums.is_held.store(true, Ordering::Relaxed);
    let rebuild = handle.rebuild().await.unwrap();
    let kind = (names::REBUILD_KIND, "in_place");
    metrics.set(&sampler.sample().await.unwrap());
    assert_eq!(recorded.values(names::REBUILD_RATIO, &[SUMS, kind]), [0.0]);
    sums.is_held.store(false, Ordering::Relaxed);
    rebuild.await.unwrap();
    assert_eq!(request("rebuild", "accepted"), 1.0);
    metrics.set(&sampler.sample().await.unwrap());
    assert_eq!(recorded.values(names::REBUILD_TIME_LEFT, &[SUMS, kind]), [0.0]);

    // The end.
    let sampling = tokio::spawn(metrics.sample_every(Duration::from_secs(3_600), &manager));
    manager.stop().await.unwrap();
    metrics.set(&sampler.sample().await.unwrap());
    assert_eq!(recorded.value(names::OWNED, &[SUMS]), 0.0);
    assert_eq!(recorded.value(names::STATE, &[SUMS, (names::STATE_NAME, "stopped")]), 1.0);
    drop((handle, manager));
    tokio::time::timeout(DEADLINE, sampling).await.unwrap().unwrap();
    assert_eq!(recorded.value(names::STATE, &[SUMS, (names::STATE_NAME, "stopped")]), 0.0, "a series is left");
}

#[tokio::test]
async fn metrics_are_what_happened_and_their_series_are_those_of_the_table() {
    let recorded = Recorded::default();
    let _recording = metrics::set_default_local_recorder(&recorded);
    work(&recorded).await;

    let described = recorded.described();
    let emitted = recorded.series();
    for metric in ALL {
        assert_eq!(described.get(metric.name).map(|(kind, _)| (*kind).to_owned()), Some(metric.kind.to_string()));
        let series: Vec<_> = emitted.iter().filter(|series| series.name == metric.name).collect();
        assert!(!series.is_empty(), "nothing was written to {}", metric.name);
        let kind = metric.kind.to_string();
        for found in series {
            assert_eq!(found.kind, kind, "{found:?}");
            let is_declared = |key: &String| metric.labels.contains(&key.as_str());
            assert!(found.labels.keys().all(is_declared), "{found:?} has a label that is not in the table");
        }
    }
    let declared: BTreeSet<_> = ALL.iter().map(|metric| metric.name).collect();
    assert!(emitted.iter().all(|series| declared.contains(series.name.as_str())), "{emitted:?}");
}

#[tokio::test]
async fn labels_have_no_ids_and_no_texts_of_errors() {
    let recorded = Recorded::default();
    let _recording = metrics::set_default_local_recorder(&recorded);
    work(&recorded).await;

    let states = SubscriptionState::NAMES.iter().map(|state| state.replace(' ', "_"));
    let kinds = FailureKind::ALL.iter().map(|kind| kind.as_str());
    let kinds = kinds.chain(CommitFailure::ALL.iter().map(|failure| failure.as_str()));
    let kinds = kinds.chain(AppendFailure::ALL.iter().map(|failure| failure.as_str()));
    let kinds = kinds.chain(RequestAction::ALL.iter().map(|action| action.as_str()));
    let others = [
        "sums",
        "Counter",
        "Ledger",
        "Bumped",
        "Booked",
        names::OTHER,
        "handled",
        "parked",
        "dead_lettered",
        "skipped",
        "accepted",
        "refused",
        "in_place",
        "side_by_side",
    ];
    let allowed: BTreeSet<String> = states.chain(kinds.chain(others).map(str::to_owned)).collect();
    let values: BTreeSet<String> =
        recorded.series().into_iter().flat_map(|series| series.labels.into_values()).collect();
    let strange: Vec<_> = values.difference(&allowed).collect();
    assert!(strange.is_empty(), "{strange:?}");
}
