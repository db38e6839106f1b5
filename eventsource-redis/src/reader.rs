//! The reader of a bus: passes the entries of the stream to the subscribers of this process.

use std::sync::Arc;

use eventsource::{EventBus as _, MemoryEventBus, causes};
use tokio::task::JoinHandle;

use crate::RedisError;
use crate::entry::{Entry, EntryId};
use crate::own::Own;
use crate::stream::EventStream;

/// A running reader. It ends when this is dropped.
pub(crate) struct Reader {
    task: JoinHandle<()>,
}

impl Reader {
    /// Reads the entries that are appended after this call.
    pub(crate) async fn start(stream: EventStream, local: MemoryEventBus) -> Result<Self, RedisError> {
        let mut own = Own::new(stream.client());
        let after = stream.end(&mut own).await?;
        Ok(Self { task: tokio::spawn(read(stream, own, after, local)) })
    }

    pub(crate) fn is_running(&self) -> bool {
        !self.task.is_finished()
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn read(stream: EventStream, mut own: Own, mut after: EntryId, local: MemoryEventBus) {
    loop {
        if let Err(error) = read_page(&stream, &mut own, &mut after, &local).await {
            own.pause(&error).await;
        }
    }
}

async fn read_page(
    stream: &EventStream,
    own: &mut Own,
    after: &mut EntryId,
    local: &MemoryEventBus,
) -> Result<(), RedisError> {
    if own.is_closed() {
        // A server that has lost its last entries gives the same ids again: an entry after its end is new.
        *after = stream.end(own).await?.min(*after);
    }
    let entries = stream.read(own, *after).await?;
    let mut events = Vec::with_capacity(entries.len());
    for entry in &entries {
        match Entry(entry).event() {
            Ok(event) => events.push(Arc::new(event)),
            Err(error) => tracing::warn!(stream = stream.key(), %error, "skipping an entry"),
        }
        *after = Entry(entry).id()?;
    }
    if let Err(error) = local.publish(&events).await {
        let error = causes(&error).to_string();
        tracing::warn!(error, "events were not passed to the subscribers of this process");
    }
    Ok(())
}
