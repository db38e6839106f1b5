//! The listeners of a notifier in this process, and the task that receives wake-ups for them.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use eventsource::bus::Wake;
use eventsource::causes;
use futures_util::StreamExt as _;
use redis::aio::{PubSubSink, PubSubStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::link::retries;
use crate::{RedisClient, RedisError};

/// After how much silence the task pings the server.
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
    link_state: watch::Sender<PubSubState>,
}

#[derive(Default)]
struct Wakes {
    next: u64,
    all: BTreeMap<u64, Wake>,
}

/// Whether the task receives wake-ups.
#[derive(Debug, Clone, Default)]
enum PubSubState {
    #[default]
    Connecting,
    Connected,
    Lost(RedisError),
}

impl Listeners {
    /// Adds a listener. Returns its number when the task receives wake-ups.
    pub(crate) async fn add(&self, client: &RedisClient, wake: Wake) -> Result<u64, RedisError> {
        let id = self.register(client, wake);
        let mut state = self.registered.link_state.subscribe();
        let connected = client.link().in_time(async {
            match state.wait_for(|state| !matches!(state, PubSubState::Connecting)).await.as_deref() {
                Ok(PubSubState::Lost(error)) => Err(error.clone()),
                _ => Ok(id),
            }
        });
        let connected = connected.await;
        if connected.is_err() {
            self.remove(id);
        }
        connected
    }

    /// Removes a listener. Ends the task with the last one.
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
        // Dropped without a lock: dropping it may end another subscription.
        drop(removed);
    }

    /// Adds the listener, and starts the task if it does not run.
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
            self.registered.link_state.send_replace(PubSubState::Connecting);
            *task = Some(tokio::spawn(receive(client.clone(), Arc::clone(&self.registered))));
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

/// Receives wake-ups for ever. Connects again with backoff.
async fn receive(client: RedisClient, registered: Arc<Registered>) {
    let server = client.link().server();
    let mut retries = retries();
    loop {
        let lost = match subscribe(&client).await {
            Ok((sink, stream)) => {
                retries.reset();
                // Wake-ups before the connection were lost.
                registered.wake_all();
                registered.link_state.send_replace(PubSubState::Connected);
                tracing::debug!(server, "receiving wake-ups from Redis");
                receive_on(&client, sink, stream, &registered).await
            }
            Err(error) => error,
        };
        let before = registered.link_state.send_replace(PubSubState::Lost(lost.clone()));
        if matches!(before, PubSubState::Connected) {
            let error = causes(&lost).to_string();
            tracing::warn!(server, error, "no wake-ups from Redis: subscriptions poll until it is back");
        }
        retries.wait().await;
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

/// Wakes the listeners until the connection is lost, and returns the error.
async fn receive_on(
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
