//! What becomes of each event when it is handled: it is written in the event, and remembered across restarts.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use eventsource::DecodeError;
use eventsource::prelude::*;
use eventsource::testing::Random;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

/// What becomes of an event when it is handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fate {
    Fine,
    /// It takes so many milliseconds.
    Slow(u64),
    /// It fails so often, and then no more.
    Transient(u32),
    /// It hangs so often, and then no more.
    Hangs(u32),
    Permanent,
    Panics,
}

impl Fate {
    /// A fate; a failing one more often where there is more `trouble`, from 0 to 1.
    pub fn draw(random: &mut Random, trouble: f64) -> Self {
        if random.chance(0.1) {
            return Self::Slow(1 + random.below(80));
        }
        if !random.chance(trouble) {
            return Self::Fine;
        }
        match random.below(8) {
            0..=2 => Self::Transient(1 + random.below(6) as u32),
            3 => Self::Hangs(1 + random.below(3) as u32),
            4 | 5 => Self::Permanent,
            _ => Self::Panics,
        }
    }

    /// Whether it may be given up that is tried `attempts` times.
    pub fn may_be_given_up(self, attempts: u32) -> bool {
        match self {
            Self::Fine | Self::Slow(_) => false,
            Self::Transient(times) | Self::Hangs(times) => times >= attempts,
            Self::Permanent | Self::Panics => true,
        }
    }
}

/// What all processes of a run know: how often each event was handled, and what that did to the outside world.
#[derive(Debug)]
pub struct Script {
    begun: Instant,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    calls: BTreeMap<u64, u32>,
    cured: bool,
    trace: Vec<(u64, u64)>,
    effects: Vec<(usize, u64)>,
    old: BTreeSet<usize>,
}

/// What a projection knows: the run, and the code of its process.
#[derive(Debug, Clone)]
pub struct Host {
    mind: Arc<Script>,
    /// The process. A state that is read back from where it was stored does not know it, and counts as one of newer code.
    pub process: Option<usize>,
}

impl Host {
    pub fn new(mind: &Arc<Script>, process: usize) -> Self {
        Self { mind: Arc::clone(mind), process: Some(process) }
    }

    pub fn of_this_run() -> Self {
        Self { mind: Script::of_this_run(), process: None }
    }

    /// Decodes `event` as far as the code of the process can: old code knows schema version 1.
    pub fn read(&self, event: &RecordedEvent) -> Result<(), DecodeError> {
        let is_old = self.process.is_some_and(|process| self.mind.is_old(process));
        if !is_old || event.schema_version() == 1 {
            return Ok(());
        }
        Err(DecodeError::Version {
            event_type: event.event_type().to_owned(),
            stored: event.schema_version(),
            known: 1,
            position: event.position(),
            stream: event.stream().clone(),
        })
    }
}

impl Deref for Host {
    type Target = Script;

    fn deref(&self) -> &Script {
        &self.mind
    }
}

thread_local! {
    /// A run has a thread of its own, and a state that is read back from where it was stored finds it here.
    static OF_THIS_RUN: RefCell<Option<Arc<Script>>> = const { RefCell::new(None) };
}

impl Script {
    /// That of the run which begins on this thread.
    pub fn new() -> Arc<Self> {
        let mind = Arc::new(Self { begun: Instant::now(), inner: Mutex::default() });
        OF_THIS_RUN.set(Some(Arc::clone(&mind)));
        mind
    }

    /// That of the run on this thread.
    pub fn of_this_run() -> Arc<Self> {
        OF_THIS_RUN.with_borrow(Clone::clone).expect("a run has begun")
    }

    /// From now on nothing fails but what cannot be decoded.
    pub fn cure(&self) {
        self.inner.lock().unwrap().cured = true;
    }

    /// The process runs old code.
    pub fn set_old(&self, process: usize) {
        self.inner.lock().unwrap().old.insert(process);
    }

    pub fn is_old(&self, process: usize) -> bool {
        self.inner.lock().unwrap().old.contains(&process)
    }

    /// Each call of a handler: when, and for which position.
    pub fn trace(&self) -> Vec<(u64, u64)> {
        self.inner.lock().unwrap().trace.clone()
    }

    /// What was done to the outside world: by which process, and for which position.
    pub fn effects(&self) -> Vec<(usize, u64)> {
        self.inner.lock().unwrap().effects.clone()
    }

    pub fn effect(&self, process: usize, position: u64) {
        self.inner.lock().unwrap().effects.push((process, position));
    }

    /// What happens now to the event at `position`.
    pub fn now(&self, position: u64, fate: Fate) -> Fate {
        let mut inner = self.inner.lock().unwrap();
        let elapsed = self.begun.elapsed().as_micros() as u64;
        inner.trace.push((elapsed, position));
        let calls = inner.calls.entry(position).or_default();
        *calls += 1;
        let over = match fate {
            Fate::Transient(times) | Fate::Hangs(times) => *calls > times,
            Fate::Fine | Fate::Slow(_) | Fate::Permanent | Fate::Panics => false,
        };
        if (over || inner.cured) && !matches!(fate, Fate::Slow(_)) { Fate::Fine } else { fate }
    }
}

/// Lets `fate` happen.
pub async fn meet(fate: Fate) -> Result<(), HandlerError> {
    match fate {
        Fate::Fine => Ok(()),
        Fate::Slow(millis) => {
            sleep(Duration::from_millis(millis)).await;
            Ok(())
        }
        Fate::Transient(_) => Err(HandlerError::transient("failed on purpose, for now")),
        Fate::Permanent => Err(HandlerError::permanent("failed on purpose, for good")),
        Fate::Hangs(_) => std::future::pending().await,
        Fate::Panics => {
            tokio::task::yield_now().await;
            panic!("panicked on purpose")
        }
    }
}
