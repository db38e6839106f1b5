//! A Redis server of a test's own, and clients of it.
#![allow(dead_code, reason = "each test file uses a part")]

use std::sync::Arc;
use std::time::Duration;

use eventsource::prelude::*;
use eventsource::testing::contract::{BusServerFixture, EventBusFixture, NotifierFixture};
use eventsource::{EventBus, Notifier};
use eventsource_redis::{RedisClient, RedisEventBus, RedisNotifier, RedisOptions};
use eventsource_tests::redis::{Keeps, Server};
use redis::streams::{StreamId as Entry, StreamRangeReply};

/// A Redis server, and clients of it.
pub struct World {
    pub server: Server,
}

impl World {
    /// A server that keeps what it has confirmed.
    pub fn start() -> Self {
        Self::that_keeps(Keeps::Everything)
    }

    pub fn that_keeps(keeps: Keeps) -> Self {
        Self { server: Server::that_keeps(keeps) }
    }

    pub fn options(&self) -> RedisOptions {
        RedisOptions::new(self.server.url()).prefix("shop").timeout(Duration::from_secs(5))
    }

    /// A plain Redis client.
    pub async fn plain(&self) -> redis::aio::MultiplexedConnection {
        redis::Client::open(self.server.url()).unwrap().get_multiplexed_async_connection().await.unwrap()
    }

    /// All entries of a stream, as a plain Redis client reads them.
    pub async fn entries(&self, stream: &str) -> Vec<Entry> {
        let mut plain = self.plain().await;
        let all: StreamRangeReply =
            redis::cmd("XRANGE").arg(stream).arg("-").arg("+").query_async(&mut plain).await.unwrap();
        all.ids
    }

    /// The positions of the events in the stream, in its order.
    pub async fn positions(&self) -> Vec<u64> {
        self.entries("shop:events").await.iter().map(|entry| entry.get("position").unwrap()).collect()
    }

    /// A client with a connection of its own.
    pub fn client(&self) -> RedisClient {
        RedisClient::open(self.options()).unwrap()
    }
}

impl EventBusFixture for World {
    fn connect(&self) -> Arc<dyn EventBus> {
        Arc::new(RedisEventBus::new(&self.client()))
    }
}

impl NotifierFixture for World {
    fn connect(&self) -> Arc<dyn Notifier> {
        Arc::new(RedisNotifier::new(&self.client()))
    }
}

impl BusServerFixture for World {
    fn kill(&self) {
        self.server.kill();
    }

    fn start(&self) {
        self.server.resume();
    }
}

/// Appends so many events, each to a stream of its own, and returns them as stored.
pub async fn append(store: &dyn EventStore, count: usize) -> Vec<Arc<RecordedEvent>> {
    let mut events = Vec::new();
    for n in 0..count {
        let stream = StreamId::new("Order", uuid::Uuid::now_v7());
        let event = NewEvent::raw("OrderPlaced", 1, format!(r#"{{"n": {n}}}"#));
        let event = event.with_metadata(Metadata::new().tenant("acme"));
        events.extend_from_slice(store.append(&stream, ExpectedVersion::NoStream, vec![event]).await.unwrap().events());
    }
    events
}
