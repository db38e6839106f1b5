//! A wallet, and the backends.

use eventsource::aggregate::{MemorySnapshots, SnapshotStore};
use eventsource::postgres::PostgresSnapshots;
use eventsource::prelude::*;
use eventsource::sqlite::SqliteSnapshots;
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

#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

/// A backend that keeps snapshots.
pub(crate) trait Snapshotting: Backend {
    type Snapshots: SnapshotStore + Clone;

    /// Its snapshots.
    fn snapshots(&self) -> Self::Snapshots;
}

/// In memory, with snapshots.
#[derive(Debug, Default)]
pub(crate) struct WithSnapshots(Memory, MemorySnapshots);

impl Backend for WithSnapshots {
    type Checkpoints = <Memory as Backend>::Checkpoints;
    type Store = <Memory as Backend>::Store;

    async fn open() -> Self {
        Self::default()
    }

    fn checkpoints(&self) -> Self::Checkpoints {
        self.0.checkpoints()
    }

    fn store(&self) -> Self::Store {
        self.0.store()
    }

    fn rows<M: ReadModel>(&self) -> ReadRepository<M> {
        self.0.rows()
    }

    async fn create_table<M: ReadModel>(&self) {}

    async fn ensure_tables<P: Subscriber>(&self, _: &P) {}
}

impl Snapshotting for WithSnapshots {
    type Snapshots = MemorySnapshots;

    fn snapshots(&self) -> MemorySnapshots {
        self.1.clone()
    }
}

impl Snapshotting for Postgres {
    type Snapshots = PostgresSnapshots;

    fn snapshots(&self) -> PostgresSnapshots {
        PostgresSnapshots::new(&self.db)
    }
}

impl Snapshotting for Sqlite {
    type Snapshots = SqliteSnapshots;

    fn snapshots(&self) -> SqliteSnapshots {
        SqliteSnapshots::new(&self.db)
    }
}

/// A test of each case on each backend.
macro_rules! on_every_backend {
    ($($case:ident)*) => {
        mod memory { $crate::world::on_backend!(Memory $($case)*); }
        mod postgres { $crate::world::on_backend!(Postgres $($case)*); }
        mod sqlite { $crate::world::on_backend!(Sqlite $($case)*); }
    };
}

/// A test of each case on each backend, with a store of snapshots.
macro_rules! on_every_snapshotting_backend {
    ($($case:ident)*) => {
        mod memory { $crate::world::on_backend!(WithSnapshots $($case)*); }
        mod postgres { $crate::world::on_backend!(Postgres $($case)*); }
        mod sqlite { $crate::world::on_backend!(Sqlite $($case)*); }
    };
}

macro_rules! on_backend {
    ($backend:ident $($case:ident)*) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            super::$case(<$crate::world::$backend as $crate::world::Backend>::open().await).await;
        })*
    };
}
pub(crate) use {on_backend, on_every_backend, on_every_snapshotting_backend};
