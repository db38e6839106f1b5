//! The listeners of a notifier in this process, and the task that hears wake-ups for them.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use eventsource::bus::Wake;
use futures_util::StreamExt as _;
use redis::aio::{PubSubSink, PubSubStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::backoff::Backoff;
use crate::{RedisClient, RedisError};

/// How long the connection is silent before the server is asked whether it is still there.
const SILENCE: Duration = Duration::from_secs(5);

/// The listeners of a notifier.
#[derive(Default)]
pub(crate) struct Listeners {
    registered: Arc<Registered>,
    task: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Default)]
struct Registered {
    wakes: Mutex<Wakes>,
    hearing: watch::Sender<Hearing>,
}

#[derive(Default)]
struct Wakes {
    next: u64,
    all: BTreeMap<u64, Wake>,
}

/// Whether the task hears wake-ups.
#[derive(Debug, Clone, Default)]
enum Hearing {
    #[default]
    Connecting,
    Connected,
    Lost(RedisError),
}

impl Listeners {
    /// Adds a listener, and returns its number once wake-ups are heard.
    pub(crate) async fn add(&self, client: &RedisClient, wake: Wake) -> Result<u64, RedisError> {
        let id = self.register(client, wake);
        let mut hearing = self.registered.hearing.subscribe();
        let connected = client.link().in_time(async {
            match hearing.wait_for(|hearing| !matches!(hearing, Hearing::Connecting)).await.as_deref() {
                Ok(Hearing::Lost(error)) => Err(error.clone()),
                _ => Ok(id),
            }
        });
        let connected = connected.await;
        if connected.is_err() {
            self.remove(id);
        }
        connected
    }

    /// Takes a listener out. The task ends with the last one.
    pub(crate) fn remove(&self, id: u64) {
        let mut task = self.task();
        let (removed, is_empty) = {
            let mut wakes = self.registered.wakes();
            (wakes.all.remove(&id), wakes.all.is_empty())
        };
        if is_empty && let Some(task) = task.take() {
            task.abort();
        }
        drop(task);
        // Dropped without a lock: what it holds may end another subscription.
        drop(removed);
    }

    /// Notes the listener, and starts the task if it does not run.
    fn register(&self, client: &RedisClient, wake: Wake) -> u64 {
        let mut task = self.task();
        let id = {
            let mut wakes = self.registered.wakes();
            wakes.next += 1;
            let id = wakes.next;
            wakes.all.insert(id, wake);
            id
        };
        if task.as_ref().is_none_or(JoinHandle::is_finished) {
            self.registered.hearing.send_replace(Hearing::Connecting);
            *task = Some(tokio::spawn(hear(client.clone(), Arc::clone(&self.registered))));
        }
        id
    }

    fn task(&self) -> MutexGuard<'_, Option<JoinHandle<()>>> {
        self.task.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        if let Some(task) = self.task().take() {
            task.abort();
        }
    }
}

impl Registered {
    fn wakes(&self) -> MutexGuard<'_, Wakes> {
        self.wakes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake_all(&self) {
        let all: Vec<_> = self.wakes().all.values().cloned().collect();
        all.iter().for_each(|wake| wake());
    }
}

/// Hears wake-ups for ever, on connections that are made again with backoff.
async fn hear(client: RedisClient, registered: Arc<Registered>) {
    let server = client.link().server();
    let mut backoff = Backoff::default();
    loop {
        let lost = match subscribe(&client).await {
            Ok((sink, stream)) => {
                backoff = Backoff::default();
                // What was announced before was not heard.
                registered.wake_all();
                registered.hearing.send_replace(Hearing::Connected);
                tracing::debug!(server, "wake-ups by Redis are heard");
                hear_on(&client, sink, stream, &registered).await
            }
            Err(error) => error,
        };
        let before = registered.hearing.send_replace(Hearing::Lost(lost.clone()));
        if matches!(before, Hearing::Connected) {
            tracing::warn!(server, error = %lost, "no wake-ups by Redis: subscriptions poll until it is back");
        }
        sleep(backoff.next()).await;
    }
}

async fn subscribe(client: &RedisClient) -> Result<(PubSubSink, PubSubStream), RedisError> {
    let link = client.link();
    link.in_time(async {
        let subscribed = async {
            let (mut sink, stream) = link.client().get_async_pubsub().await?.split();
            sink.subscribe(client.options().channel()).await?;
            Ok((sink, stream))
        };
        subscribed.await.map_err(|source| link.failure(source))
    })
    .await
}

/// Wakes the listeners until the connection is lost, and returns how.
async fn hear_on(
    client: &RedisClient,
    mut sink: PubSubSink,
    mut stream: PubSubStream,
    registered: &Registered,
) -> RedisError {
    let link = client.link();
    loop {
        tokio::select! {
            message = stream.next() => match message {
                Some(_) => registered.wake_all(),
                None => return link.failure(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            },
            () = sleep(SILENCE) => {
                let ping = async { sink.ping::<redis::Value>().await.map_err(|source| link.failure(source)) };
                if let Err(error) = link.in_time(ping).await {
                    return error;
                }
            }
        }
    }
}
