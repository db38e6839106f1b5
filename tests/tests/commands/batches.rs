//! Several aggregates that are saved in one transaction.

use eventsource::prelude::*;
use eventsource::{AggregateError, AggregateRepository, AppendError};
use uuid::Uuid;

use crate::world::{Backend, Deposited, Owner, OwnerNamed, deposit, on_every_backend, stored, wallets};

on_every_backend! {
    aggregates_of_different_types_are_saved_together
    refused_aggregate_leaves_the_others_unsaved
    aggregate_added_twice_is_refused
    batch_without_events_saves_nothing
    transfers_in_opposite_directions_keep_the_sum
}

async fn aggregates_of_different_types_are_saved_together(backend: impl Backend) {
    let wallets = wallets(&backend);
    let owners = AggregateRepository::<Owner>::new(backend.store(), MemoryEventBus::new());
    let (mut wallet, mut other) = (wallets.create_new(Uuid::now_v7()), wallets.create_new(Uuid::now_v7()));
    let mut owner = owners.create_new(wallet.id());
    wallet.record([Deposited { amount: 5 }, Deposited { amount: 6 }]);
    owner.record(OwnerNamed { name: "Ada".to_owned() });
    let batch = wallets.batch().with(&mut wallet).with(&mut other).with(&mut owner);
    let saved = batch.metadata(Metadata::new().actor("alice")).save().await.unwrap();
    assert_eq!(saved.iter().map(|saved| saved.version).collect::<Vec<_>>(), [2, 0, 1]);
    let head = backend.store().head().await.unwrap();
    assert_eq!(saved.iter().map(|saved| saved.position).max(), Some(head));
    assert!(wallet.uncommitted().is_empty() && owner.uncommitted().is_empty());
    let loaded = owners.load(owner.id()).await.unwrap();
    assert_eq!((loaded.name.as_str(), wallets.load(wallet.id()).await.unwrap().balance), ("Ada", 11));
    let log = backend.store().read_log(Position::START, &EventFilter::all(), PageLimit::events(10)).await.unwrap();
    assert!(log.events.len() == 3 && log.events.iter().all(|event| event.metadata().get_actor() == Some("alice")));
    // They go on as after any save.
    wallet.record(wallet.withdraw(1).unwrap());
    assert_eq!(wallets.save(&mut wallet).await.unwrap().version, 3);
}

async fn refused_aggregate_leaves_the_others_unsaved(backend: impl Backend) {
    let (wallets, ids) = (wallets(&backend), [(); 3].map(|()| Uuid::now_v7()));
    for id in ids {
        deposit(&wallets, id, &[10]).await;
    }
    for stale in 0..3 {
        let mut roots = Vec::new();
        for id in ids {
            roots.push(wallets.load(id).await.unwrap());
        }
        deposit(&wallets, ids[stale], &[1]).await;
        let count = stored(&backend).await;
        for root in &mut roots {
            root.record(root.withdraw(1).unwrap());
        }
        let refused = wallets.save_all(&mut roots).await;
        let Err(AggregateError::Append(AppendError::Conflict { stream, .. })) = refused else { panic!("{refused:?}") };
        assert_eq!(stream.aggregate_id(), ids[stale]);
        assert!(roots.iter().all(|root| root.uncommitted().len() == 1), "they keep their events");
        assert_eq!(stored(&backend).await, count);
        // Without the stale one they are saved.
        drop(roots.remove(stale));
        wallets.save_all(&mut roots).await.unwrap();
    }
}

async fn aggregate_added_twice_is_refused(backend: impl Backend) {
    let (wallets, id) = (wallets(&backend), Uuid::now_v7());
    let (mut one, mut other) = (wallets.create_new(id), wallets.create_new(id));
    one.record(Deposited { amount: 1 });
    other.record(Deposited { amount: 2 });
    let refused = wallets.batch().with(&mut one).with(&mut other).save().await;
    assert!(matches!(refused, Err(AggregateError::Append(AppendError::StreamTwice { .. }))), "{refused:?}");
    assert_eq!(stored(&backend).await, 0);
}

async fn batch_without_events_saves_nothing(backend: impl Backend) {
    let (wallets, id) = (wallets(&backend), Uuid::now_v7());
    assert!(wallets.batch().save().await.unwrap().is_empty());
    deposit(&wallets, id, &[1, 2]).await;
    let mut root = wallets.load(id).await.unwrap();
    let saved = wallets.save_all([&mut root]).await.unwrap();
    assert_eq!((saved.len(), saved[0].version), (1, 2));
    assert_eq!(stored(&backend).await, 2);
}

async fn transfers_in_opposite_directions_keep_the_sum(backend: impl Backend) {
    let (wallets, ids) = (wallets(&backend), [Uuid::now_v7(), Uuid::now_v7()]);
    for id in ids {
        deposit(&wallets, id, &[1_000]).await;
    }
    let writers: Vec<_> = (0..4)
        .map(|n| {
            let (wallets, mut ids) = (wallets.clone(), ids);
            ids.rotate_left(n % 2);
            tokio::spawn(async move {
                let mut done = 0;
                while done < 10 {
                    let (mut from, mut to) = (wallets.load(ids[0]).await.unwrap(), wallets.load(ids[1]).await.unwrap());
                    from.record(from.withdraw(1).unwrap());
                    to.record(Deposited { amount: 1 });
                    match wallets.save_all([&mut from, &mut to]).await {
                        Ok(_) => done += 1,
                        Err(AggregateError::Append(AppendError::Conflict { .. })) => tokio::task::yield_now().await,
                        Err(error) => panic!("{error}"),
                    }
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    for id in ids {
        let wallet = wallets.load(id).await.unwrap();
        assert_eq!((wallet.balance, wallet.version()), (1_000, 41));
    }
}
