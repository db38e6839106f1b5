//! The stream of events: appends, trims by age, and reads.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use eventsource::RecordedEvent;
use redis::Pipeline;
use redis::streams::{StreamId as EntryParts, StreamRangeReply, StreamReadReply};

use crate::entry::{Entry, EntryId, fields};
use crate::link::{Connection, Link};
use crate::own::Own;
use crate::{RedisClient, RedisError};

/// How many entries are read at once.
const PAGE: usize = 500;

/// How long a read waits for an entry.
pub(crate) const BLOCK: Duration = Duration::from_secs(1);

/// The stream of events. Clones share it.
#[derive(Clone)]
pub(crate) struct EventStream {
    client: RedisClient,
    key: Arc<str>,
    /// The clock of the server at its last entry, in milliseconds.
    clock: Arc<AtomicU64>,
}

impl EventStream {
    pub(crate) fn new(client: &RedisClient) -> Self {
        Self { client: client.clone(), key: client.options().stream().into(), clock: Arc::default() }
    }

    pub(crate) fn client(&self) -> &RedisClient {
        &self.client
    }

    pub(crate) fn link(&self) -> &Link {
        self.client.link()
    }

    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// Appends the events, all or none. They may be appended twice if the connection is lost.
    pub(crate) async fn append(&self, events: &[Arc<RecordedEvent>]) -> Result<(), RedisError> {
        let ids = self.link().run(&self.entries(events)?).await?;
        self.note_clock(ids);
        Ok(())
    }

    /// Appends the events, all or none, on this connection, without connecting again.
    pub(crate) async fn append_on(&self, on: &Connection, events: &[Arc<RecordedEvent>]) -> Result<(), RedisError> {
        let ids = self.link().run_on(on, &self.entries(events)?).await?;
        self.note_clock(ids);
        Ok(())
    }

    /// Returns the last entry, on this connection.
    pub(crate) async fn last_on(&self, on: &Connection) -> Result<Option<EntryParts>, RedisError> {
        let mut last = Pipeline::with_capacity(1);
        last.cmd("XREVRANGE").arg(&*self.key).arg("+").arg("-").arg("COUNT").arg(1);
        let (last,): (StreamRangeReply,) = self.link().run_on(on, &last).await?;
        Ok(last.ids.into_iter().next())
    }

    /// Returns the id of the last entry.
    pub(crate) async fn end(&self, own: &mut Own) -> Result<EntryId, RedisError> {
        let mut last = redis::cmd("XREVRANGE");
        last.arg(&*self.key).arg("+").arg("-").arg("COUNT").arg(1);
        let last: StreamRangeReply = own.run(&last, Duration::ZERO).await?;
        last.ids.first().map_or(Ok(EntryId::default()), |last| Entry(last).id())
    }

    /// Reads the entries after `after`. Waits up to [`BLOCK`] for the first of them.
    pub(crate) async fn read(&self, own: &mut Own, after: EntryId) -> Result<Vec<EntryParts>, RedisError> {
        let mut read = redis::cmd("XREAD");
        read.arg("COUNT").arg(PAGE).arg("BLOCK").arg(BLOCK.as_millis() as u64);
        read.arg("STREAMS").arg(&*self.key).arg(after.to_string());
        Ok(entries(own.run(&read, BLOCK).await?))
    }

    /// Returns the commands that append the events and remove entries that are too old.
    fn entries(&self, events: &[Arc<RecordedEvent>]) -> Result<Pipeline, RedisError> {
        let clock = self.clock.load(Ordering::Relaxed);
        let max_age = self.client.options().max_age.map(|age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX));
        let oldest = max_age.and_then(|age| clock.checked_sub(age)).filter(|oldest| *oldest > 0);
        let mut pipeline = Pipeline::with_capacity(events.len());
        pipeline.atomic();
        for event in events {
            let fields = fields(event)?;
            let entry = pipeline.cmd("XADD").arg(&*self.key);
            if let Some(oldest) = oldest {
                entry.arg("MINID").arg("~").arg(oldest);
            }
            entry.arg("*").arg(&fields);
        }
        Ok(pipeline)
    }

    fn note_clock(&self, ids: Vec<String>) {
        if let Some(Ok(id)) = ids.last().map(|id| id.parse::<EntryId>()) {
            self.clock.store(id.millis, Ordering::Relaxed);
        }
    }
}

/// Returns the entries of a reply. The reply has one stream at most, and is nil if no entry came in time.
pub(crate) fn entries(reply: Option<StreamReadReply>) -> Vec<EntryParts> {
    reply.into_iter().flat_map(|reply| reply.keys).flat_map(|key| key.ids).collect()
}
