//! Execute: loads, decides, saves, and retries a conflict.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use eventsource::aggregate::{ConflictRetry, ExecuteError};
use eventsource::prelude::*;
use eventsource::{AggregateError, AppendError};
use futures_util::FutureExt as _;
use uuid::Uuid;

use crate::world::{Backend, Deposited, Overdrawn, deposit, deposit_of, on_every_backend, stored, wallets};

on_every_backend! {
    execute_records_what_the_closure_returns_or_records
    execute_answers_version_position_and_stored_events
    closure_that_refuses_or_panics_leaves_nothing
    conflict_is_retried_with_what_the_other_writer_stored
    conflicts_end_when_the_attempts_are_spent
    existing_refuses_an_aggregate_without_events
    event_that_cannot_be_encoded_is_an_error
}

async fn execute_records_what_the_closure_returns_or_records(backend: impl Backend) {
    let (wallets, id) = (wallets(&backend), Uuid::now_v7());
    let never = || Ok::<_, Infallible>(());
    wallets.execute(id, |_| Ok::<_, Infallible>(Deposited { amount: 10 })).await.unwrap();
    wallets.execute(id, |_| Ok::<_, Infallible>(vec![Deposited { amount: 1 }; 3])).await.unwrap();
    wallets.execute(id, |_| Ok::<_, Infallible>([Deposited { amount: 1 }, Deposited { amount: 2 }])).await.unwrap();
    wallets.execute(id, |wallet| Ok::<_, Overdrawn>((Deposited { amount: 5 }, wallet.withdraw(1)?))).await.unwrap();
    wallets.execute(id, |_| Ok::<_, Infallible>(Some(Deposited { amount: 100 }))).await.unwrap();
    wallets
        .execute(id, |wallet| {
            wallet.record(Deposited { amount: 1_000 });
            assert_eq!(wallet.balance, 1_120, "the closure sees what it has recorded");
            never()
        })
        .await
        .unwrap();
    assert_eq!(stored(&backend).await, 10);
    // None, or nothing at all.
    let nothing = wallets.execute(id, |_| Ok::<_, Infallible>(None::<Deposited>)).await.unwrap();
    assert_eq!((nothing.version, nothing.events.len(), nothing.is_repeated), (10, 0, false));
    wallets.execute(id, |_| never()).await.unwrap();
    let new = wallets.execute(Uuid::now_v7(), |_| never()).await.unwrap();
    assert_eq!((new.version, new.position), (0, Position::START));
    assert_eq!(stored(&backend).await, 10);
    assert_eq!(wallets.load(id).await.unwrap().balance, 1_120);
}

async fn execute_answers_version_position_and_stored_events(backend: impl Backend) {
    let (wallets, id, store) = (wallets(&backend), Uuid::now_v7(), backend.store());
    deposit(&wallets, id, &[10, 20]).await;
    let metadata = Metadata::new().actor("alice");
    let done = wallets.execute(id, |wallet| wallet.withdraw(25)).metadata(metadata.clone()).await.unwrap();
    assert_eq!((done.version, done.position), (3, store.head().await.unwrap()));
    assert!(!done.is_repeated && done.publish_error.is_none());
    let stored = store.read_stream(&StreamId::new("Wallet", id), ReadStream::forward().from(3)).await.unwrap();
    assert_eq!(done.events, stored);
    assert_eq!(stored[0].metadata(), &metadata);
    let nothing = wallets.execute(id, |_| Ok::<_, Infallible>(())).await.unwrap();
    assert_eq!((nothing.version, nothing.position), (3, done.position));
}

async fn closure_that_refuses_or_panics_leaves_nothing(backend: impl Backend) {
    let (wallets, id) = (wallets(&backend), Uuid::now_v7());
    deposit(&wallets, id, &[10]).await;
    let refused = wallets
        .execute(id, |wallet| {
            wallet.record(Deposited { amount: 1 });
            wallet.withdraw(12)
        })
        .await;
    let Err(ExecuteError::Refused(error)) = refused else { panic!("{refused:?}") };
    assert_eq!(error, Overdrawn { missing: 1 });
    let panicking = wallets.execute(id, |wallet| -> Result<(), Infallible> {
        wallet.record(Deposited { amount: 1 });
        panic!("on purpose")
    });
    assert!(AssertUnwindSafe(panicking.into_future()).catch_unwind().await.is_err());
    assert_eq!(stored(&backend).await, 1);
    wallets.execute(id, |wallet| wallet.withdraw(10)).await.unwrap();
}

async fn conflict_is_retried_with_what_the_other_writer_stored(backend: impl Backend) {
    let (wallets, id, store) = (wallets(&backend), Uuid::now_v7(), backend.store());
    deposit(&wallets, id, &[10]).await;
    let mut balances = Vec::new();
    let done = wallets
        .execute(id, |wallet| {
            balances.push(wallet.balance);
            if balances.len() < 4 {
                let (store, append) = (store.clone(), deposit_of(id, 1));
                // Another writer comes between the load and the save.
                tokio::task::block_in_place(|| {
                    tokio::runtime::Handle::current().block_on(store.append_all(vec![append])).unwrap();
                });
            }
            wallet.withdraw(wallet.balance)
        })
        .await
        .unwrap();
    assert_eq!(balances, [10, 11, 12, 13]);
    assert_eq!((done.version, wallets.load(id).await.unwrap().balance), (5, 0));
}

async fn conflicts_end_when_the_attempts_are_spent(backend: impl Backend) {
    let (wallets, id, store) = (wallets(&backend), Uuid::now_v7(), backend.store());
    for (retry, attempts) in [
        (ConflictRetry::never(), 1),
        (ConflictRetry::new(0, Duration::ZERO, Duration::ZERO), 1),
        (ConflictRetry::new(3, Duration::from_millis(1), Duration::from_millis(2)), 3),
    ] {
        let mut calls = 0;
        let ended = wallets
            .execute(id, |_| {
                calls += 1;
                let store = store.clone();
                tokio::task::block_in_place(|| {
                    let append = store.append_all(vec![deposit_of(id, 1)]);
                    tokio::runtime::Handle::current().block_on(append).unwrap();
                });
                Ok::<_, Infallible>(Deposited { amount: 100 })
            })
            .retry(retry)
            .await;
        let Err(error @ ExecuteError::Contended { attempts: made, .. }) = ended else { panic!("{ended:?}") };
        assert_eq!((made, calls), (attempts, attempts), "{error}");
        let source = std::error::Error::source(&error).unwrap();
        assert!(source.to_string().contains("version") && !error.to_string().contains(&source.to_string()));
    }
    assert_eq!(wallets.load(id).await.unwrap().balance, 5);
}

async fn existing_refuses_an_aggregate_without_events(backend: impl Backend) {
    let (wallets, id) = (wallets(&backend), Uuid::now_v7());
    let command = || wallets.execute(id, |_| Ok::<_, Infallible>(Deposited { amount: 1 }));
    let refused = command().existing().await;
    assert!(matches!(refused, Err(ExecuteError::Aggregate(AggregateError::NotFound { .. }))), "{refused:?}");
    assert_eq!(command().await.unwrap().version, 1);
    assert_eq!(command().existing().await.unwrap().version, 2);
}

async fn event_that_cannot_be_encoded_is_an_error(backend: impl Backend) {
    let (wallets, id) = (wallets(&backend), Uuid::now_v7());
    let refused = wallets
        .execute(id, |_| Ok::<_, Infallible>(Deposited { amount: 1 }))
        .metadata(Metadata::new().entry("ratio", f64::NAN))
        .await;
    assert!(
        matches!(refused, Err(ExecuteError::Aggregate(AggregateError::Append(AppendError::Unstorable { .. })))),
        "{refused:?}"
    );
    assert_eq!(stored(&backend).await, 0);
}
