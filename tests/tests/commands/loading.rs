//! Loading: one, several, past states, lists.

use std::time::Duration;

use chrono::{DateTime, Utc};
use eventsource::prelude::*;
use eventsource::{AggregateError, AppendError};
use eventsource_tests::wait::eventually;
use uuid::Uuid;

use crate::world::{Backend, deposit, on_every_backend, wallets};

on_every_backend! {
    get_or_none_tells_a_missing_aggregate
    load_many_keeps_the_order_and_tells_the_missing_ones
    past_state_is_loaded_by_version_position_and_time
    past_state_that_never_was_is_an_error
    past_state_is_not_saved_over_later_events
    aggregates_of_a_type_are_listed
}

async fn get_or_none_tells_a_missing_aggregate(backend: impl Backend) {
    let (wallets, id) = (wallets(&backend), Uuid::now_v7());
    assert!(wallets.get_or_none(id).await.unwrap().is_none());
    deposit(&wallets, id, &[10]).await;
    assert_eq!(wallets.get_or_none(id).await.unwrap().unwrap().balance, 10);
}

async fn load_many_keeps_the_order_and_tells_the_missing_ones(backend: impl Backend) {
    let wallets = wallets(&backend);
    let ids: Vec<_> = (0..30).map(|_| Uuid::now_v7()).collect();
    for (n, id) in ids.iter().enumerate().filter(|(n, _)| n % 3 != 1) {
        deposit(&wallets, *id, &[n as u64]).await;
    }
    for order in [ids.clone(), ids.iter().rev().copied().collect(), vec![ids[0], ids[1], ids[0]], Vec::new()] {
        let loaded = wallets.load_many(order.iter().copied()).await.unwrap();
        assert_eq!(loaded.len(), order.len());
        for (id, root) in order.iter().zip(loaded) {
            let n = ids.iter().position(|own| own == id).unwrap();
            let expected = (n % 3 != 1).then_some((*id, n as u64));
            assert_eq!(root.map(|root| (root.id(), root.balance)), expected);
        }
    }
}

/// Deposits 1, 10, 100 and 1,000, which are stored at different times, and returns the positions and times of the events.
async fn history(backend: &impl Backend, id: Uuid) -> Vec<(Position, DateTime<Utc>)> {
    let (wallets, store, stream) = (wallets(backend), backend.store(), StreamId::new("Wallet", id));
    for amount in [1, 10, 100, 1_000] {
        deposit(&wallets, id, &[amount]).await;
        let last = store.read_stream(&stream, ReadStream::backward().limit(1)).await.unwrap()[0].recorded_at();
        eventually("the clock goes on", || async move { Utc::now() > last + Duration::from_micros(10) }).await;
        deposit(&wallets, Uuid::now_v7(), &[7]).await;
    }
    let events = store.read_stream(&stream, ReadStream::forward()).await.unwrap();
    events.iter().map(|event| (event.position(), event.recorded_at())).collect()
}

async fn past_state_is_loaded_by_version_position_and_time(backend: impl Backend) {
    let (wallets, id) = (wallets(&backend), Uuid::now_v7());
    let events = history(&backend, id).await;
    for (n, balance) in [(0, 1), (1, 11), (2, 111), (3, 1_111)] {
        let (position, time) = events[n];
        let version = n as u64 + 1;
        let loaded = wallets.load_at(id, version).await.unwrap();
        assert_eq!((loaded.balance, loaded.version()), (balance, version));
        for loaded in [
            wallets.load_at(id, position).await.unwrap(),
            wallets.load_at(id, Position::new(position.value() + 1)).await.unwrap(),
            wallets.load_at(id, time).await.unwrap(),
            wallets.load_at(id, time + Duration::from_micros(1)).await.unwrap(),
        ] {
            assert_eq!((loaded.balance, loaded.version()), (balance, version));
        }
    }
}

async fn past_state_that_never_was_is_an_error(backend: impl Backend) {
    let (wallets, id) = (wallets(&backend), Uuid::now_v7());
    deposit(&wallets, Uuid::now_v7(), &[1]).await;
    let missing = wallets.load_at(id, 1).await;
    assert!(matches!(missing, Err(AggregateError::NotFound { .. })), "{missing:?}");
    let events = history(&backend, id).await;
    let (position, time) = events[0];
    let early = time - Duration::from_micros(1);
    let ends = [
        wallets.load_at(id, 0).await,
        wallets.load_at(id, Position::new(position.value() - 1)).await,
        wallets.load_at(id, early).await,
    ];
    assert!(ends.iter().all(|end| matches!(end, Err(AggregateError::NotFound { .. }))), "{ends:?}");
    let beyond = wallets.load_at(id, 5).await;
    assert!(matches!(beyond, Err(AggregateError::NoSuchVersion { wanted: 5, actual: 4, .. })), "{beyond:?}");
    assert!(wallets.load_at(id, u64::MAX).await.is_err());
    assert_eq!(wallets.load_at(id, Utc::now() + Duration::from_secs(60)).await.unwrap().version(), 4);
}

async fn past_state_is_not_saved_over_later_events(backend: impl Backend) {
    let (wallets, id) = (wallets(&backend), Uuid::now_v7());
    deposit(&wallets, id, &[1, 2, 3]).await;
    let mut past = wallets.load_at(id, 2).await.unwrap();
    past.record(past.withdraw(3).unwrap());
    let refused = wallets.save(&mut past).await;
    assert!(matches!(refused, Err(AggregateError::Append(AppendError::Conflict { actual: 3, .. }))), "{refused:?}");
}

async fn aggregates_of_a_type_are_listed(backend: impl Backend) {
    let wallets = wallets(&backend);
    let mut ids: Vec<_> = (0..5).map(|_| Uuid::now_v7()).collect();
    for (n, id) in ids.iter().enumerate() {
        deposit(&wallets, *id, &vec![1; n + 1]).await;
    }
    let listed = wallets.list(None, 3).await.unwrap();
    let rest = wallets.list(Some(listed[2].stream.aggregate_id()), 3).await.unwrap();
    ids.sort_unstable();
    assert_eq!(listed.iter().chain(&rest).map(|stored| stored.stream.aggregate_id()).collect::<Vec<_>>(), ids);
    assert_eq!(listed.iter().chain(&rest).map(|stored| stored.version).sum::<u64>(), 15);
}
