//! Writers that contend for one aggregate: every command ends.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::world::{Backend, Deposited, on_every_backend, wallets};

on_every_backend! { sixteen_writers_of_one_aggregate_all_end }

async fn sixteen_writers_of_one_aggregate_all_end(backend: impl Backend) {
    const WRITERS: usize = 16;
    const COMMANDS: usize = 10;
    let (wallets, id) = (wallets(&backend), Uuid::now_v7());
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let wallets = wallets.clone();
            tokio::spawn(async move {
                let mut longest = Duration::ZERO;
                for _ in 0..COMMANDS {
                    let begun = Instant::now();
                    wallets.execute(id, |_| Ok::<_, Infallible>(Deposited { amount: 1 })).await.unwrap();
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
    let wallet = wallets.load(id).await.unwrap();
    assert_eq!((wallet.balance, wallet.version()), ((WRITERS * COMMANDS) as u64, (WRITERS * COMMANDS) as u64));
}
