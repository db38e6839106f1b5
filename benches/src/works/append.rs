//! What is appended, and the library's way of appending it, whatever the store.

use std::sync::Arc;
use std::time::{Duration, Instant};

use eventsource::prelude::*;
use uuid::Uuid;

use crate::domain::{Fact, ORDER, Orders};

/// One append: these events to this stream, which is at this version.
#[derive(Debug)]
pub(super) struct Append {
    pub(super) stream: Uuid,
    pub(super) before: u64,
    pub(super) facts: Vec<Fact>,
}

/// What each client appends, in its order.
#[derive(Debug)]
pub(super) struct Appends(Vec<Vec<Append>>);

impl Appends {
    /// An event an append; the events of one order come from one client.
    pub(super) fn singly(events: usize, clients: usize) -> Self {
        let mut all: Vec<Vec<Append>> = (0..clients).map(|_| Vec::new()).collect();
        for fact in Orders::new(events) {
            let client = (fact.order.as_u128() % clients as u128) as usize;
            all[client].push(Append { stream: fact.order, before: fact.before, facts: vec![fact] });
        }
        Self(all)
    }

    /// A hundred events an append, each time to a new stream, by one client.
    pub(super) fn by_hundreds(events: usize) -> Self {
        let facts: Vec<_> = Orders::new(events).collect();
        let append = |facts: &[Fact]| Append { stream: Uuid::now_v7(), before: 0, facts: facts.to_vec() };
        Self(vec![facts.chunks(100).map(append).collect()])
    }

    pub(super) fn clients(&self) -> usize {
        self.0.len()
    }

    pub(super) fn of(&self, client: usize) -> &[Append] {
        &self.0[client]
    }

    pub(super) fn events(&self) -> usize {
        self.0.iter().flatten().map(|append| append.facts.len()).sum()
    }
}

/// Appends everything, all clients at once.
pub(super) async fn append_all(store: impl EventStore + Clone, appends: &Arc<Appends>) -> Duration {
    let begun = Instant::now();
    let clients = (0..appends.clients()).map(|client| {
        let (store, appends) = (store.clone(), Arc::clone(appends));
        tokio::spawn(async move {
            for append in appends.of(client) {
                let stream = StreamId::new(ORDER, append.stream);
                let expected = match append.before {
                    0 => ExpectedVersion::NoStream,
                    version => ExpectedVersion::Exact(version),
                };
                let events = append.facts.iter().map(Fact::new_event).collect();
                store.append(&stream, expected, events).await.unwrap();
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
    begun.elapsed()
}
