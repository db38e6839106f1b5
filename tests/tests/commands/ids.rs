//! Command ids: a command is stored once, however often it is executed.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use eventsource::AggregateRepository;
use eventsource::aggregate::ExecuteError;
use eventsource::prelude::*;
use uuid::Uuid;

use crate::world::{Backend, Deposited, Overdrawn, Owner, OwnerNamed, deposit, on_every_backend, stored, wallets};

on_every_backend! {
    repeated_command_answers_the_first_result
    repeated_command_gets_its_first_answer
    command_id_of_another_aggregate_is_refused
    command_without_events_is_decided_again
    command_executed_at_the_same_time_is_stored_once
    command_is_the_cause_of_its_events
}

async fn repeated_command_answers_the_first_result(backend: impl Backend) {
    let (wallets, id) = (wallets(&backend), Uuid::now_v7());
    deposit(&wallets, id, &[10]).await;
    for events in [1, 2, 250] {
        let command = Uuid::now_v7();
        let deposits = || vec![Deposited { amount: 1 }; events];
        assert!(wallets.executed(command).await.unwrap().is_none());
        let first = wallets.execute(id, |_| Ok::<_, Infallible>(deposits())).command_id(command).await.unwrap();
        assert_eq!((first.events.len(), first.is_repeated), (events, false));
        // Later commands, and one of the same events right behind it.
        wallets.execute(id, |_| Ok::<_, Infallible>(deposits())).command_id(Uuid::now_v7()).await.unwrap();
        deposit(&wallets, id, &[5]).await;
        let count = stored(&backend).await;
        for _ in 0..2 {
            // A repository of another process.
            let wallets = crate::world::wallets(&backend);
            let again = wallets
                .execute(id, |_| -> Result<(), Infallible> { panic!("the closure is called again") })
                .command_id(command)
                .await
                .unwrap();
            assert_eq!((again.version, again.position), (first.version, first.position));
            assert_eq!(again.events, first.events);
            assert!(again.is_repeated);
        }
        let executed = wallets.executed(command).await.unwrap().unwrap();
        assert_eq!((executed.version, executed.position), (first.version, first.position));
        assert_eq!(stored(&backend).await, count);
    }
}

async fn repeated_command_gets_its_first_answer(backend: impl Backend) {
    let (wallets, id, command) = (wallets(&backend), Uuid::now_v7(), Uuid::now_v7());
    deposit(&wallets, id, &[10]).await;
    let first = wallets.execute(id, |wallet| wallet.withdraw(10)).command_id(command).await.unwrap();
    let again = wallets.execute(id, |wallet| wallet.withdraw(10)).command_id(command).await.unwrap();
    assert_eq!((again.version, again.position), (first.version, first.position));
    let other = wallets.execute(id, |wallet| wallet.withdraw(10)).command_id(Uuid::now_v7()).await;
    assert!(matches!(other, Err(ExecuteError::Refused(Overdrawn { missing: 10 }))), "{other:?}");
}

async fn command_id_of_another_aggregate_is_refused(backend: impl Backend) {
    let (wallets, id, command) = (wallets(&backend), Uuid::now_v7(), Uuid::now_v7());
    let owners = AggregateRepository::<Owner>::new(backend.store(), MemoryEventBus::new());
    wallets.execute(id, |_| Ok::<_, Infallible>(Deposited { amount: 1 })).command_id(command).await.unwrap();
    let other = Uuid::now_v7();
    let refused = wallets.execute(other, |_| Ok::<_, Infallible>(Deposited { amount: 1 })).command_id(command).await;
    let Err(error @ ExecuteError::CommandUsed { .. }) = refused else { panic!("{refused:?}") };
    for part in [command, id, other] {
        assert!(error.to_string().contains(&part.to_string()), "{error}");
    }
    // Also where only the type differs.
    let named = OwnerNamed { name: "Ada".to_owned() };
    let refused = owners.execute(id, |_| Ok::<_, Infallible>(named.clone())).command_id(command).await;
    assert!(matches!(refused, Err(ExecuteError::CommandUsed { .. })), "{refused:?}");
    assert_eq!(stored(&backend).await, 1);
}

async fn command_without_events_is_decided_again(backend: impl Backend) {
    let (wallets, id, command) = (wallets(&backend), Uuid::now_v7(), Uuid::now_v7());
    let nothing = wallets.execute(id, |_| Ok::<_, Infallible>(())).command_id(command).await.unwrap();
    assert_eq!((nothing.version, nothing.is_repeated), (0, false));
    let done = wallets.execute(id, |_| Ok::<_, Infallible>(Deposited { amount: 1 })).command_id(command).await.unwrap();
    assert_eq!((done.version, done.is_repeated), (1, false));
}

async fn command_executed_at_the_same_time_is_stored_once(backend: impl Backend) {
    let (wallets, calls) = (wallets(&backend), Arc::new(AtomicUsize::new(0)));
    for round in 1..=10_u64 {
        let (id, command) = (Uuid::now_v7(), Uuid::now_v7());
        deposit(&wallets, id, &[10]).await;
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let (wallets, calls) = (wallets.clone(), Arc::clone(&calls));
                tokio::spawn(async move {
                    let withdraw = |wallet: &mut AggregateRoot<_>| {
                        calls.fetch_add(1, Ordering::SeqCst);
                        crate::world::Wallet::withdraw(wallet, 10)
                    };
                    wallets.execute(id, withdraw).command_id(command).await.unwrap()
                })
            })
            .collect();
        let mut answers = Vec::new();
        for task in tasks {
            answers.push(task.await.unwrap());
        }
        assert!(answers.iter().all(|answer| (answer.version, answer.position) == (2, answers[0].position)));
        assert_eq!(answers.iter().filter(|answer| !answer.is_repeated).count(), 1);
        assert_eq!(stored(&backend).await as u64, round * 2);
    }
}

async fn command_is_the_cause_of_its_events(backend: impl Backend) {
    let (wallets, id) = (wallets(&backend), Uuid::now_v7());
    let [one, other, cause] = [(); 3].map(|()| Uuid::now_v7());
    let deposited = || Ok::<_, Infallible>(Deposited { amount: 1 });
    let done = wallets.execute(id, |_| deposited()).command_id(one).await.unwrap();
    assert_eq!(done.events[0].metadata(), &Metadata::new().causation_id(one));
    let metadata = Metadata::new().causation_id(cause).actor("alice");
    let done = wallets.execute(id, |_| deposited()).metadata(metadata.clone()).command_id(other).await.unwrap();
    assert_eq!(done.events[0].metadata(), &metadata);
    let done = wallets.execute(id, |_| deposited()).await.unwrap();
    assert_eq!(done.events[0].metadata(), &Metadata::new());
}
