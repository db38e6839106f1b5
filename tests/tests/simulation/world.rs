//! One run: processes that come and go on one log, and what is done to them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use eventsource::prelude::*;
use eventsource::projection::{ProjectionKind, Subscriber};
use eventsource::subscription::SubscriptionState;
use eventsource::testing::Random;
use eventsource::testing::faults::{Fault, Faults, FaultyCheckpoints, FaultyEventStore, Point};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::chaos::{Rules, kill, unleash};
use super::projections::{Moved, Noise, Opened, Subject};
use super::script::{Fate, Script};

/// By the paused clock: a run that takes longer hangs.
pub const LONG: Duration = Duration::from_secs(3_600);

/// A process: a manager with its one subscription.
pub struct Process<S: Subject> {
    pub number: usize,
    pub faults: Faults,
    pub manager: SubscriptionManager<FaultyCheckpoints<MemoryCheckpoints>>,
    pub handle: SubscriptionHandle<S>,
    paused: bool,
}

/// What happened in a run.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Each call of a handler: when, and for which position.
    pub trace: Vec<(u64, u64)>,
    /// Whether a rebuild was begun.
    pub has_rebuild: bool,
    /// Whether a second process took the subscription over.
    pub has_takeover: bool,
    /// Whether a commit met a fault.
    pub has_commit_fault: bool,
    /// Whether a letter was left at the end, waiting or dismissed.
    pub has_letter: bool,
}

/// A run.
pub struct World<S: Subject> {
    pub random: Random,
    pub rules: Rules,
    pub store: MemoryEventStore,
    pub checkpoints: MemoryCheckpoints,
    pub mind: Arc<Script>,
    pub processes: Vec<Process<S>>,
    /// How often a process was started, and so may have repeated effects.
    pub starts: usize,
    /// How many processes there ever were.
    pub made: usize,
    /// Whether it was ever reset or rebuilt.
    pub began_anew: bool,
    /// The streams whose letters were asked to be retried or dismissed.
    pub touched: BTreeSet<StreamId>,
    pub dismissed: BTreeSet<Position>,
    trouble: f64,
    /// Whether events of a newer version appear in the log, and processes of old code among those of newer code.
    newer: bool,
    pub streams: u64,
    /// The faults of all processes that there ever were.
    faults: Vec<Faults>,
    has_rebuild: bool,
}

/// Runs a case to its end, and accounts for everything.
pub async fn run<S: Subject>(mut random: Random) -> Outcome {
    let rules = Rules::draw(&mut random);
    let trouble = [0.0, 0.03, 0.1, 0.4][random.below(4) as usize];
    let newer = random.chance(0.4);
    let streams = 1 + random.below(6);
    let steps = 5 + random.below(40);
    let mut world = World::<S> {
        random,
        rules,
        store: MemoryEventStore::new(),
        checkpoints: MemoryCheckpoints::new(),
        mind: Script::new(),
        processes: Vec::new(),
        starts: 0,
        made: 0,
        began_anew: false,
        touched: BTreeSet::new(),
        dismissed: BTreeSet::new(),
        trouble,
        newer,
        streams,
        faults: Vec::new(),
        has_rebuild: false,
    };
    if world.random.chance(0.5) {
        let events = world.random.below(60);
        world.append(events).await;
    }
    world.spawn().await;
    for _ in 0..steps {
        world.step().await;
    }
    let has_letter = world.settle().await;
    Outcome {
        trace: world.mind.trace(),
        has_rebuild: world.has_rebuild,
        has_takeover: world.made > 1,
        has_commit_fault: world.faults.iter().any(|faults| faults.count(Point::Commit) > 0),
        has_letter,
    }
}

pub fn is_fenced(state: &SubscriptionState) -> bool {
    matches!(state, SubscriptionState::Fenced { .. } | SubscriptionState::FencedAgain { .. })
}

impl<S: Subject> World<S> {
    fn stream(&mut self) -> StreamId {
        StreamId::new("Thing", Uuid::from_u128(1 + u128::from(self.random.below(self.streams))))
    }

    async fn append(&mut self, events: u64) {
        for _ in 0..events {
            let stream = self.stream();
            let fate = Fate::draw(&mut self.random, self.trouble);
            let event = match self.random.below(20) {
                0..=8 => NewEvent::of(&Opened { fate }).unwrap(),
                9..=11 if self.newer => NewEvent::of(&Moved { fate }).unwrap(),
                9..=16 => NewEvent::raw("Moved", 1, serde_json::to_string(&Moved { fate }).unwrap()),
                17 if self.trouble > 0.0 => NewEvent::raw("Moved", 1, r#"{"fate":"unheard of"}"#),
                _ => NewEvent::of(&Noise { fate }).unwrap(),
            };
            self.store.append(&stream, ExpectedVersion::Any, vec![event]).await.unwrap();
        }
    }

    /// A new process of old or newer code, started.
    async fn spawn(&mut self) {
        if self.newer && self.random.chance(0.4) {
            self.mind.set_old(self.made);
        }
        let faults = Faults::seeded(self.random.number());
        let process = self.subscribe(faults).await;
        unleash(&process.faults, &mut self.random);
        self.launch(process).await;
    }

    /// A new process of newer code, started, in whose stores nothing goes wrong.
    pub(super) async fn spawn_calm(&mut self) {
        let process = self.subscribe(Faults::new()).await;
        self.launch(process).await;
    }

    /// A new process, which is not started yet.
    async fn subscribe(&mut self, faults: Faults) -> Process<S> {
        let manager = SubscriptionManager::new(
            FaultyEventStore::new(self.store.clone(), &faults),
            MemoryEventBus::new(),
            FaultyCheckpoints::new(self.checkpoints.clone(), &faults),
        );
        self.faults.push(faults.clone());
        let number = self.made;
        let handle = manager.subscribe(S::make(&self.mind, number), self.rules.config.clone()).await.unwrap();
        Process { number, faults, manager, handle, paused: false }
    }

    async fn launch(&mut self, process: Process<S>) {
        process.manager.start().await.unwrap();
        (self.starts, self.made) = (self.starts + 1, self.made + 1);
        self.processes.push(process);
    }

    /// A process that was always alone is never fenced: it finds out what its commits did.
    pub(super) async fn assert_not_fenced(&self) {
        if self.made > 1 {
            return;
        }
        let state = self.processes[0].handle.inspect().await.state;
        assert!(!is_fenced(&state), "no other process could fence it: {state:?}");
    }

    async fn step(&mut self) {
        self.assert_not_fenced().await;
        let at = self.random.below(self.processes.len() as u64) as usize;
        match self.random.below(29) {
            0..=7 => {
                let events = 1 + self.random.below(8);
                self.append(events).await;
            }
            8..=13 => {
                let longest = [10, 300, 3_000, 20_000][self.random.below(4) as usize];
                sleep(self.random.delay(Duration::from_millis(longest))).await;
            }
            14 => {
                let stopped = timeout(LONG, self.processes[at].manager.stop()).await;
                // A stop may find that its last checkpoint cannot be saved, and says so.
                let _ = stopped.expect("a stop ends");
                self.processes[at].paused = false;
                sleep(self.random.delay(Duration::from_secs(5))).await;
                self.start(at).await;
            }
            15 => self.start(at).await,
            16 => {
                let killed = self.processes.remove(at);
                kill(&killed.faults);
                drop(killed);
                self.spawn().await;
            }
            17 if S::SHARED && self.processes.len() < 2 => self.spawn().await,
            17 | 18 if self.processes.len() > 1 => {
                let stopped = self.processes.remove(at);
                let _ = timeout(LONG, stopped.manager.stop()).await.expect("a stop ends");
            }
            19 => {
                let process = &mut self.processes[at];
                process.paused = true;
                // One that has ended cannot be paused.
                let _ = timeout(LONG, process.manager.pause("subject")).await.expect("a pause comes");
            }
            20 => self.resume(at).await,
            21 | 22 => {
                let patience = self.random.delay(Duration::from_secs(30));
                self.ask(at, patience).await;
            }
            23 if self.processes.len() > 1 => self.freeze(at).await,
            24 => self.reset(at).await,
            25 | 26 => self.rebuild(at).await,
            _ => tokio::task::yield_now().await,
        }
    }

    pub(super) async fn start(&mut self, at: usize) {
        self.starts += 1;
        timeout(LONG, self.processes[at].manager.start()).await.expect("a start returns").unwrap();
    }

    pub(super) async fn resume(&mut self, at: usize) {
        self.processes[at].paused = false;
        let _ = self.processes[at].manager.resume("subject").await;
    }

    /// Asks for a retry or a dismissal. The caller may give up waiting.
    async fn ask(&mut self, at: usize, patience: Duration) {
        let dead_letters = self.processes[at].handle.dead_letters();
        let Ok(letters) = dead_letters.list().await else { return };
        if letters.is_empty() {
            return;
        }
        let letter = letters[self.random.below(letters.len() as u64) as usize].clone();
        let answer = match self.random.below(4) {
            0 => {
                // Streams that are parked between the list and the retry are retried as well.
                self.touched.extend((1..=self.streams).map(|n| StreamId::new("Thing", Uuid::from_u128(n.into()))));
                timeout(patience, dead_letters.retry_all()).await
            }
            1 => {
                self.touched.insert(letter.stream.clone());
                timeout(patience, dead_letters.retry(letter.position)).await
            }
            2 => {
                self.touched.insert(letter.stream.clone());
                timeout(patience, dead_letters.retry_stream(&letter.stream)).await
            }
            _ => {
                self.touched.insert(letter.stream.clone());
                self.dismissed.insert(letter.position);
                timeout(patience, dead_letters.dismiss(letter.position, "enough of it")).await
            }
        };
        if let Ok(Ok(retried)) = answer {
            assert!(retried.left.len() <= self.streams as usize);
        }
    }

    /// From now on everything is applied again: effects are repeated, and an event that fails now may not have failed before.
    fn restart_empty(&mut self) {
        self.began_anew = true;
        if <S as Subscriber>::KIND == ProjectionKind::Effects {
            self.touched.extend((1..=self.streams).map(|n| StreamId::new("Thing", Uuid::from_u128(n.into()))));
        }
    }

    /// Stopped, reset and started again, while others may run. Where the store fails nothing was changed, or all.
    async fn reset(&mut self, at: usize) {
        let process = &self.processes[at];
        let _ = timeout(LONG, process.manager.stop()).await.expect("a stop ends");
        let handle = process.handle.clone();
        // In a task of its own: a store that panics does so in it.
        let reset = tokio::spawn(async move { handle.reset().await });
        let _ = timeout(LONG, reset).await.expect("a reset ends");
        self.restart_empty();
        self.start(at).await;
    }

    /// Asks for a rebuild in place. The caller may give up waiting, or cancel it.
    async fn rebuild(&mut self, at: usize) {
        self.restart_empty();
        // It is started where it does not run.
        self.starts += 1;
        let patience = self.random.delay(Duration::from_secs(30));
        let asked = timeout(patience, self.processes[at].handle.rebuild()).await;
        let Ok(Ok(rebuild)) = asked else { return };
        self.has_rebuild = true;
        match self.random.below(3) {
            0 => {}
            1 => drop(timeout(patience, rebuild).await),
            _ => {
                sleep(self.random.delay(Duration::from_millis(200))).await;
                let _ = timeout(LONG, rebuild.cancel()).await.expect("a cancelled rebuild ends");
            }
        }
    }

    /// A process stands still in the middle of what it is asked for, and loses its lease; another one is asked the same.
    async fn freeze(&mut self, at: usize) {
        let faults = &self.processes[at].faults;
        faults.next(Point::Renew, Fault::Fail, 100);
        faults.next(Point::Begin, Fault::Delay(Duration::from_secs(30)), 1);
        self.ask(at, Duration::from_secs(1)).await;
        sleep(Duration::from_secs(10)).await;
        let other = (at + 1) % self.processes.len();
        self.ask(other, Duration::from_secs(10)).await;
    }
}
