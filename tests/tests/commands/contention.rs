//! Writers that contend for one aggregate: every command ends.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use eventsource::aggregate::ConflictRetry;
use uuid::Uuid;

use crate::world::{Backend, Deposited, Wallets, on_every_backend, wallets};

on_every_backend! {
    sixteen_writers_of_one_aggregate_all_end
    sixteen_repositories_of_one_aggregate_all_end
}

const WRITERS: usize = 16;
const COMMANDS: usize = 10;

/// Clones of one repository take turns.
async fn sixteen_writers_of_one_aggregate_all_end(backend: impl Backend) {
    let wallets = wallets(&backend);
    all_end(backend, || wallets.clone()).await;
}

/// Repositories of their own do not know of each other, as in several processes: they meet conflicts.
async fn sixteen_repositories_of_one_aggregate_all_end(backend: impl Backend) {
    let of_its_own: Vec<_> = (0..WRITERS).map(|_| wallets(&backend)).collect();
    let mut next = of_its_own.into_iter();
    all_end(backend, || next.next().unwrap()).await;
}

async fn all_end(backend: impl Backend, mut repository: impl FnMut() -> Wallets) {
    let (retry, id) = (ConflictRetry::new(1_000, Duration::from_millis(1), Duration::from_millis(250)), Uuid::now_v7());
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let wallets = repository();
            tokio::spawn(async move {
                let mut longest = Duration::ZERO;
                for _ in 0..COMMANDS {
                    let begun = Instant::now();
                    let deposit = wallets.execute(id, |_| Ok::<_, Infallible>(Deposited { amount: 1 }));
                    deposit.retry(retry).await.unwrap();
                    longest = longest.max(begun.elapsed());
                }
                longest
            })
        })
        .collect();
    for writer in writers {
        let longest = writer.await.unwrap();
        assert!(longest < Duration::from_secs(30), "{longest:?}");
    }
    let wallet = wallets(&backend).load(id).await.unwrap();
    assert_eq!((wallet.balance, wallet.version()), ((WRITERS * COMMANDS) as u64, (WRITERS * COMMANDS) as u64));
}
