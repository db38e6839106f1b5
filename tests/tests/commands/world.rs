//! A wallet, and the backends.

use eventsource::prelude::*;
use eventsource::store::StreamAppend;
use eventsource::{AggregateRepository, aggregate};
pub(crate) use eventsource_tests::backend::{Backend, Memory, Postgres, Sqlite};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Wallet")]
pub(crate) struct Deposited {
    pub(crate) amount: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Wallet")]
pub(crate) struct Withdrawn {
    pub(crate) amount: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Owner")]
pub(crate) struct OwnerNamed {
    pub(crate) name: String,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Overdrawn {
    pub(crate) missing: u64,
}

#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Wallet {
    pub(crate) balance: u64,
}

#[aggregate]
impl Wallet {
    pub(crate) fn withdraw(&self, amount: u64) -> Result<Withdrawn, Overdrawn> {
        match self.balance.checked_sub(amount) {
            Some(_) => Ok(Withdrawn { amount }),
            None => Err(Overdrawn { missing: amount - self.balance }),
        }
    }

    #[applies(Deposited)]
    fn deposited(&mut self, event: &Deposited) {
        self.balance += event.amount;
    }

    #[applies(Withdrawn)]
    fn withdrawn(&mut self, event: &Withdrawn) {
        self.balance -= event.amount;
    }
}

#[derive(Debug, Default)]
pub(crate) struct Owner {
    pub(crate) name: String,
}

#[aggregate]
impl Owner {
    #[applies(OwnerNamed)]
    fn named(&mut self, event: &OwnerNamed) {
        self.name.clone_from(&event.name);
    }
}

pub(crate) type Wallets = AggregateRepository<Wallet>;

pub(crate) fn wallets(backend: &impl Backend) -> Wallets {
    AggregateRepository::new(backend.store(), MemoryEventBus::new())
}

/// Deposits these amounts, each an event, in a wallet, which may be new.
pub(crate) async fn deposit(wallets: &Wallets, id: Uuid, amounts: &[u64]) {
    let mut wallet = wallets.load_or_create(id).await.unwrap();
    wallet.record(amounts.iter().map(|amount| Deposited { amount: *amount }).collect::<Vec<_>>());
    wallets.save(&mut wallet).await.unwrap();
}

/// The number of events in the log.
pub(crate) async fn stored(backend: &impl Backend) -> usize {
    let store = backend.store();
    store.read_log(Position::START, &EventFilter::all(), PageLimit::events(100_000)).await.unwrap().events.len()
}

/// An append by another writer.
pub(crate) fn deposit_of(id: Uuid, amount: u64) -> StreamAppend {
    let event = NewEvent::of(&Deposited { amount }).unwrap();
    StreamAppend::new(StreamId::new("Wallet", id), ExpectedVersion::Any, vec![event])
}

/// A test of each case on each backend.
macro_rules! on_every_backend {
    ($($case:ident)*) => {
        mod memory {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                super::$case($crate::world::Memory::open().await).await;
            })*
            use $crate::world::Backend as _;
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                super::$case($crate::world::Postgres::open().await).await;
            })*
            use $crate::world::Backend as _;
        }
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                super::$case($crate::world::Sqlite::open().await).await;
            })*
            use $crate::world::Backend as _;
        }
    };
}
pub(crate) use on_every_backend;
