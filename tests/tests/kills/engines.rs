//! A process whose engines follow the log is killed at random moments, again and again: its handlers are called for every
//! event at least once and in order, and the progress that an engine has stored is never ahead of what its handlers wrote.

use std::time::Duration;

use eventsource::engine::{ProjectionState, ProjectionStateStore};
use eventsource::postgres::PostgresProjectionStates;
use eventsource::prelude::*;
use eventsource::sqlite::SqliteProjectionStates;
use eventsource::testing::Random;
use eventsource_tests::child::Child;
use eventsource_tests::domain::Bumped;
use eventsource_tests::engines::{BATCH, CREATE, Digest};
use eventsource_tests::soak::Rounds;

use crate::world::{Backend, Postgres, Sql, Sqlite, eventually};

/// The handlers of the engine that writes rows.
const HANDLERS: [&str; 2] = [
    "SELECT coalesce(string_agg(CAST(position AS TEXT), ',' ORDER BY number), '') FROM {schema}.engine_calls \
     WHERE handler = 1",
    "SELECT coalesce(string_agg(CAST(position AS TEXT), ',' ORDER BY number), '') FROM {schema}.engine_calls \
     WHERE handler = 2",
];

struct World<B, S> {
    backend: B,
    states: S,
    random: Random,
    /// The positions of the events that have a handler, and a fold of them.
    log: Vec<u64>,
    digest: Digest,
    kills: usize,
}

impl<B: Sql, S: ProjectionStateStore> World<B, S> {
    async fn new(backend: B, states: S) -> Self {
        backend.execute(CREATE).await;
        let (random, digest) = (Random::from_environment(), Digest::default());
        Self { backend, states, random, log: Vec::new(), digest, kills: 0 }
    }

    fn start(&self, how: &[&str]) -> Child {
        let how = how.iter().map(|&how| how.to_owned());
        Child::start(env!("CARGO_BIN_EXE_engine_child"), self.backend.arguments().into_iter().chain(how))
    }

    /// Appends events until so many are to be handled.
    async fn fill(&mut self, events: usize) {
        let progress = self.progress("calls").await.map_or(0, |progress| progress.position.value());
        while self.log.iter().rev().take_while(|position| **position > progress).count() < events {
            self.append(10).await;
        }
    }

    /// Appends events with and without a handler.
    async fn append(&mut self, events: u64) {
        let events = (0..events).map(|_| match self.random.chance(0.2) {
            true => NewEvent::raw("Unhandled", 1, "{}"),
            false => NewEvent::of(&Bumped { by: self.random.below(1_000) }).unwrap(),
        });
        let stream = StreamId::new("Counter", uuid::Uuid::from_u128(1));
        let events = events.collect();
        let appended = self.backend.store().append(&stream, ExpectedVersion::Any, events).await.unwrap();
        for event in appended.events().iter().filter(|event| event.event_type() == Bumped::NAME) {
            self.log.push(event.position().value());
            self.digest.add(event.position(), Event::<Bumped>::decode(event).unwrap().by);
        }
    }

    /// The positions for which each handler has written a row, in the order of the calls.
    async fn calls(&self) -> Vec<Vec<u64>> {
        let mut calls = Vec::new();
        for handler in HANDLERS {
            let positions = self.backend.ask(handler).await;
            calls.push(positions.split(',').filter_map(|position| position.parse().ok()).collect());
        }
        calls
    }

    /// How many rows are written.
    async fn rows(&self) -> String {
        self.backend.ask("SELECT count(*) FROM {schema}.engine_calls").await
    }

    async fn progress(&self, engine: &str) -> Option<ProjectionState> {
        self.states.load(engine).await.unwrap()
    }

    /// Checks what the killed process left. Returns whether it was killed between a write and the save of the progress.
    async fn check(&self) -> bool {
        let progress = self.progress("calls").await.map_or(0, |progress| progress.position.value());
        let checkpoint = self.backend.checkpoints().load("calls").await.unwrap();
        let checkpoint = checkpoint.map_or(0, |checkpoint| checkpoint.position.value());
        let passed = self.log.partition_point(|position| *position <= progress);
        let committed = self.log.partition_point(|position| *position <= checkpoint);
        assert!(committed <= passed, "the checkpoint {checkpoint} is ahead of the stored progress {progress}");
        let calls = self.calls().await;
        for (handler, calls) in calls.iter().enumerate() {
            let mut furthest = 0;
            let mut repeats = 0;
            let mut before = 0;
            for position in calls {
                let next = self.log.partition_point(|logged| logged < position) + 1;
                assert_eq!(self.log.get(next - 1), Some(position), "handler {handler} was called for no event");
                if next <= before {
                    repeats += 1;
                } else {
                    assert_eq!(next, before + 1, "handler {handler} passed over an event: {calls:?}");
                }
                before = next;
                furthest = furthest.max(next);
            }
            assert!(passed <= furthest, "the progress {progress} is ahead of handler {handler}: {calls:?}");
            // What a kill repeats is the batch whose progress was not saved.
            assert!(repeats <= self.kills, "handler {handler} went back {repeats} times in {} kills", self.kills);
            let repeated = calls.len() - furthest;
            assert!(repeated <= self.kills * BATCH, "{repeated} calls were repeated in {} kills", self.kills);
        }
        calls.iter().flatten().any(|position| *position > progress)
    }

    /// Lets a process do the rest, and compares all that it leaves with the log.
    async fn finish(&mut self, how: &str) {
        let mut last = self.start(&[how, "once"]);
        assert_eq!(last.line(), format!("{} {}", self.digest.events, self.digest.value), "{how}: a fold of the log");
        last.finish();
        assert!(!self.check().await, "{how}: the progress is behind at the end");
        for calls in self.calls().await {
            let distinct: std::collections::BTreeSet<_> = calls.into_iter().collect();
            assert_eq!(distinct.into_iter().collect::<Vec<_>>(), self.log, "{how}: every event was handled");
        }
        let last = self.log.last().copied().map(Position::new);
        for engine in ["calls", "digest"] {
            let progress = self.progress(engine).await.unwrap();
            assert!(progress.health.is_healthy(), "{how}: {progress:?}");
            assert_eq!(Some(progress.position), last, "{how}: the progress of `{engine}`");
        }
        assert_eq!(self.progress("digest").await.unwrap().events_processed, self.digest.events);
    }
}

/// A database that tells when the sessions of a killed process have ended: until then it may still do what was sent.
trait Ends: Sql {
    async fn has_ended(&self) -> bool;
}

impl Ends for Sqlite {
    async fn has_ended(&self) -> bool {
        true
    }
}

impl Ends for Postgres {
    async fn has_ended(&self) -> bool {
        let sessions = "SELECT count(*) FROM pg_stat_activity WHERE application_name = '{schema}'";
        self.ask(sessions).await == "0"
    }
}

/// Kills 12 times, and 300 times in a soak. Some of the kills have to fall between a write and the save of the progress.
async fn killed<B: Ends>(backend: B, states: impl ProjectionStateStore) {
    let mut world = World::new(backend, states).await;
    let (mut rounds, mut between) = (Rounds::at_least(12).in_soak(300), 0);
    while rounds.another() {
        world.fill(120).await;
        let how = if world.random.chance(0.5) { "subscribed" } else { "by-hand" };
        let before = world.rows().await;
        let mut child = world.start(&[how]);
        eventually("a handler is called", || async { world.rows().await != before }).await;
        tokio::time::sleep(world.random.delay(Duration::from_millis(30))).await;
        child.kill();
        world.kills += 1;
        eventually("the killed process is gone", || world.backend.has_ended()).await;
        between += usize::from(world.check().await);
    }
    let kills = world.kills;
    println!("engines: {kills} kills, {between} of them between a write and the save of the progress");
    assert!(between > 0, "none of {kills} kills fell between a write and the save of the progress");
    for how in ["subscribed", "by-hand"] {
        world.append(10).await;
        world.finish(how).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn engines_of_a_killed_process_handle_every_event_in_order_on_sqlite() {
    let backend = Sqlite::open().await;
    let states = SqliteProjectionStates::new(&backend.db);
    killed(backend, states).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn engines_of_a_killed_process_handle_every_event_in_order_on_postgres() {
    let backend = Postgres::open().await;
    let states = PostgresProjectionStates::new(&backend.db);
    killed(backend, states).await;
}
