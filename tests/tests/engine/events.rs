//! The events of these tests, and a log of them.

use std::sync::Arc;

use eventsource::prelude::*;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Debug, Clone, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Account", name = "AccountOpened", aliases("AccountCreated"))]
pub struct Opened {
    pub owner: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Account", name = "MoneyDeposited")]
pub struct Deposited {
    pub cents: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Account", name = "AccountClosed")]
pub struct Closed {}

pub fn account() -> StreamId {
    StreamId::new("Account", Uuid::from_u128(7))
}

/// Appends a deposit of each amount.
pub async fn deposit(store: &dyn EventStore, amounts: impl IntoIterator<Item = u64>) -> Vec<Arc<RecordedEvent>> {
    let events = amounts.into_iter().map(|cents| NewEvent::of(&Deposited { cents }).unwrap()).collect();
    store.append(&account(), ExpectedVersion::Any, events).await.unwrap().events().to_vec()
}

/// A log in memory with a deposit of each amount.
pub async fn deposits(amounts: impl IntoIterator<Item = u64>) -> Vec<Arc<RecordedEvent>> {
    deposit(&MemoryEventStore::new(), amounts).await
}
