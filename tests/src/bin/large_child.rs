//! `large_child sqlite FILE WHAT EVENTS` or `large_child postgres URL SCHEMA WHAT EVENTS`: appends so many events of 1 MiB
//! (`append`), or applies them in two subscriptions (`project`), or loads their aggregate (`load`), or folds them (`fold`),
//! or replays them into an engine from the log (`replay`) or from an iterator (`replay-events`), or applies them in an
//! engine that is subscribed (`engine`). It prints how many it has seen, and its own peak memory in KiB.

use std::error::Error;
use std::sync::Arc;

use eventsource::engine::{MemoryProjectionStates, Owned, ProjectionEngine};
use eventsource::event::RecordedParts;
use eventsource::fold::project as fold;
use eventsource::postgres::{PostgresCheckpoints, PostgresDatabase, PostgresEventStore, PostgresOptions};
use eventsource::prelude::*;
use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase, SqliteEventStore};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const MIB: usize = 1024 * 1024;

#[derive(Debug, Clone, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Archive")]
struct FileStored {
    content: String,
}

#[derive(Debug, Default)]
struct Archive {
    bytes: usize,
}

#[aggregate]
impl Archive {
    #[applies(FileStored)]
    fn stored(&mut self, event: &FileStored) {
        self.bytes += event.content.len();
    }
}

#[derive(Debug, Clone, Default)]
struct Bytes(usize);

#[projection(memory)]
impl Bytes {
    #[handles(FileStored)]
    fn stored(&mut self, event: &FileStored) {
        self.0 += event.content.len();
    }
}

type Outcome = Result<usize, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let seen = match arguments[..] {
        ["sqlite", file, what, events] => {
            let db = SqliteDatabase::open(file).await?;
            run(SqliteEventStore::new(&db), SqliteCheckpoints::new(&db), what, events.parse()?).await?
        }
        ["postgres", url, schema, what, events] => {
            let db = PostgresDatabase::open_with(PostgresOptions::new(url)?.schema(schema)).await?;
            run(PostgresEventStore::new(&db), PostgresCheckpoints::new(&db), what, events.parse()?).await?
        }
        _ => return Err("usage: large_child sqlite FILE|postgres URL SCHEMA WHAT EVENTS".into()),
    };
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no peak")?;
    println!("{} {}", seen / MIB, peak.trim().trim_end_matches(" kB"));
    Ok(())
}

async fn run<C: CheckpointStore>(store: impl EventStore + Clone, checkpoints: C, what: &str, events: usize) -> Outcome {
    match what {
        "append" => append(store, events).await,
        "project" => project(store, checkpoints).await,
        "fold" => Ok(fold::<Bytes>(&store).run().await?.state.0),
        "replay" => {
            let mut engine = engine();
            engine.replay_log(&store).await?;
            Ok(*engine.state())
        }
        "replay-events" => {
            let mut engine = engine();
            engine.replay((0..events).map(large)).await?;
            Ok(*engine.state())
        }
        "engine" => {
            let manager = SubscriptionManager::new(store, MemoryEventBus::new(), checkpoints);
            let bytes = manager.subscribe(engine(), SubscriptionConfig::default()).await?;
            manager.start().await?;
            bytes.caught_up().await?;
            let seen = *bytes.read().await.state();
            manager.stop().await?;
            Ok(seen)
        }
        _ => {
            let archives = AggregateRepository::<Archive>::new(store, MemoryEventBus::new());
            Ok(archives.load(Uuid::nil()).await?.bytes)
        }
    }
}

fn engine() -> ProjectionEngine<Owned<usize>> {
    ProjectionEngine::new("bytes", MemoryProjectionStates::new())
        .with_state(0)
        .update::<FileStored>(|bytes, event| *bytes += event.content.len())
}

/// An event that was never stored, as a file of events would give it.
fn large(before: usize) -> Arc<RecordedEvent> {
    let number = before as u64 + 1;
    let stream = (StreamId::new("Archive", Uuid::nil()), number);
    let payload = format!(r#"{{"content":"{}"}}"#, "x".repeat(MIB));
    let (position, now) = (Position::new(number), eventsource::event::now());
    Arc::new(RecordedParts::new(Uuid::now_v7(), position, stream, FileStored::NAME, payload, now).into())
}

/// In sixteen tasks, so that appends come together.
async fn append(store: impl EventStore + Clone, events: usize) -> Outcome {
    let (mut tasks, content) = (tokio::task::JoinSet::new(), "x".repeat(MIB));
    for part in 0..16 {
        let (store, content) = (store.clone(), content.clone());
        let count = events / 16 + usize::from(part < events % 16);
        tasks.spawn(async move {
            let stream = StreamId::new("Archive", Uuid::nil());
            for _ in 0..count {
                let event = NewEvent::of(&FileStored { content: content.clone() }).unwrap();
                store.append(&stream, ExpectedVersion::Any, vec![event]).await.unwrap();
            }
            count
        });
    }
    Ok(tasks.join_all().await.into_iter().sum::<usize>() * MIB)
}

async fn project<C: CheckpointStore>(store: impl EventStore, checkpoints: C) -> Outcome {
    let manager = SubscriptionManager::new(store, MemoryEventBus::new(), checkpoints);
    let one = manager.subscribe(Bytes::default(), SubscriptionConfig::default().name("one")).await?;
    let two = manager.subscribe(Bytes::default(), SubscriptionConfig::default().name("two")).await?;
    manager.start().await?;
    one.caught_up().await?;
    two.caught_up().await?;
    let (one, two) = (one.read().await.0, two.read().await.0);
    manager.stop().await?;
    if one == two { Ok(one) } else { Err(format!("{one} and {two} bytes").into()) }
}
