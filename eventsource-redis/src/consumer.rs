//! The task of one consumer of a group.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use eventsource::bus::BusSubscriber;
use eventsource::{EventFilter, RecordedEvent, causes};
use futures_util::FutureExt as _;
use redis::Pipeline;
use redis::streams::{StreamAutoClaimReply, StreamId as EntryParts};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::RedisError;
use crate::entry::{Entry, field};
use crate::group_settings::{Begin, GroupSettings};
use crate::link::retries;
use crate::own::Own;
use crate::stream::{BLOCK, entries};

/// How many entries a consumer reads at once.
const PAGE: usize = 16;

pub(crate) struct Consumer {
    group: GroupSettings,
    name: String,
    filter: EventFilter,
    subscriber: Arc<dyn BusSubscriber>,
    own: Own,
    /// Closed when the subscription is dropped.
    stopped: watch::Receiver<()>,
    /// When it looks next for entries that a dead consumer has not acknowledged.
    claims_at: Instant,
}

/// How the handling of an entry ended.
enum Outcome {
    Handled,
    /// The entry goes to the stream of failed entries.
    Failed(String),
    /// The consumer was stopped first: the entry stays unacknowledged.
    Stopped,
}

impl Consumer {
    pub(crate) fn new(
        group: &GroupSettings,
        name: String,
        filter: EventFilter,
        subscriber: Arc<dyn BusSubscriber>,
        stopped: watch::Receiver<()>,
    ) -> Self {
        let own = Own::new(&group.client);
        Self { group: group.clone(), name, filter, subscriber, own, stopped, claims_at: Instant::now() }
    }

    /// Handles entries until it is stopped.
    pub(crate) async fn run(mut self) {
        while !self.is_stopped() {
            let mut stopped = self.stopped.clone();
            let read = tokio::select! {
                biased;
                _ = stopped.changed() => return,
                read = self.read() => read,
            };
            match read {
                Ok(entries) => self.handle_all(&entries).await,
                Err(error) => tokio::select! {
                    biased;
                    _ = stopped.changed() => return,
                    () = self.own.pause(&error) => {}
                },
            }
        }
    }

    /// Creates the group and the stream, if they do not exist.
    pub(crate) async fn make_group(&mut self) -> Result<(), RedisError> {
        let mut make = redis::cmd("XGROUP");
        make.arg("CREATE").arg(self.stream()).arg(&self.group.name);
        make.arg(if self.group.begins_at == Begin::End { "$" } else { "0" }).arg("MKSTREAM");
        match self.own.run::<redis::Value>(&make, Duration::ZERO).await {
            Err(RedisError::Refused { code, .. }) if code == "BUSYGROUP" => Ok(()),
            made => made.map(drop),
        }
    }

    /// Reads entries that a dead consumer has not acknowledged; otherwise new entries.
    async fn read(&mut self) -> Result<Vec<EntryParts>, RedisError> {
        if self.own.is_closed() {
            // A server that has lost its data has lost the group as well.
            self.make_group().await?;
        }
        if Instant::now() >= self.claims_at {
            let claimed = self.claim().await?;
            if !claimed.is_empty() {
                return Ok(claimed);
            }
            self.claims_at = Instant::now() + self.group.claim_after / 2;
        }
        let block = BLOCK.min(self.group.claim_after / 2).max(Duration::from_millis(1));
        let mut read = redis::cmd("XREADGROUP");
        read.arg("GROUP").arg(&self.group.name).arg(&self.name).arg("COUNT").arg(PAGE);
        read.arg("BLOCK").arg(block.as_millis() as u64).arg("STREAMS").arg(self.stream()).arg(">");
        Ok(entries(self.own.run(&read, block).await?))
    }

    async fn claim(&mut self) -> Result<Vec<EntryParts>, RedisError> {
        let mut claim = redis::cmd("XAUTOCLAIM");
        claim.arg(self.stream()).arg(&self.group.name).arg(&self.name);
        claim.arg(self.group.claim_after.as_millis() as u64).arg("0").arg("COUNT").arg(PAGE);
        let claimed: StreamAutoClaimReply = self.own.run(&claim, Duration::ZERO).await?;
        Ok(claimed.claimed)
    }

    async fn handle_all(&mut self, entries: &[EntryParts]) {
        for entry in entries {
            let settled = match self.handle(entry).await {
                Outcome::Handled => self.acknowledge(entry, None).await,
                Outcome::Failed(error) => self.acknowledge(entry, Some(error)).await,
                Outcome::Stopped => return,
            };
            if let Err(error) = settled {
                // This consumer or another one handles it again after `claim_after`.
                let error = causes(&error).to_string();
                tracing::warn!(
                    group = self.group.name,
                    entry = entry.id,
                    error,
                    "an event was handled, but not acknowledged"
                );
            }
        }
    }

    async fn handle(&mut self, entry: &EntryParts) -> Outcome {
        let event = match Entry(entry).event() {
            Ok(event) if !self.filter.matches(&event) => return Outcome::Handled,
            Ok(event) => Arc::new(event),
            Err(error) => return Outcome::Failed(error.to_string()),
        };
        let mut retries = retries();
        for attempt in 1.. {
            if self.is_stopped() {
                return Outcome::Stopped;
            }
            let Err(error) = self.receive(Arc::clone(&event)).await else { return Outcome::Handled };
            let group = &self.group.name;
            tracing::warn!(group, event_id = %event.id(), attempt, error, "a subscriber of a consumer group failed");
            if attempt >= self.group.attempts {
                return Outcome::Failed(error);
            }
            tokio::select! {
                biased;
                _ = self.stopped.changed() => return Outcome::Stopped,
                () = retries.wait() => {}
            }
        }
        Outcome::Stopped
    }

    async fn receive(&self, event: Arc<RecordedEvent>) -> Result<(), String> {
        let received = AssertUnwindSafe(async { self.subscriber.receive(event).await }).catch_unwind().await;
        match received {
            Ok(received) => received.map_err(|error| error.to_string()),
            Err(_) => Err("the subscriber panicked".to_owned()),
        }
    }

    /// Acknowledges the entry. Adds a failed entry to the stream of failed entries in the same transaction.
    async fn acknowledge(&self, entry: &EntryParts, failed: Option<String>) -> Result<(), RedisError> {
        let mut settle = Pipeline::with_capacity(2);
        settle.atomic();
        if let Some(error) = failed {
            let kept = settle.cmd("XADD").arg(self.group.client.options().failed_stream(&self.group.name)).arg("*");
            kept.arg("entry").arg(&entry.id).arg("error").arg(error);
            for (name, value) in &entry.map {
                kept.arg(name).arg(redis::from_redis_value_ref::<Vec<u8>>(value).unwrap_or_default());
            }
            kept.ignore();
            tracing::error!(
                group = self.group.name,
                entry = entry.id,
                id = entry.get::<String>(field::ID),
                "an event was given up"
            );
        }
        settle.cmd("XACK").arg(self.stream()).arg(&self.group.name).arg(&entry.id).ignore();
        self.group.client.link().run(&settle).await
    }

    fn is_stopped(&self) -> bool {
        self.stopped.has_changed().is_err()
    }

    fn stream(&self) -> String {
        self.group.client.options().stream()
    }
}
