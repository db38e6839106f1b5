//! What goes wrong, and where: by script or at random.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::sleep;

use crate::testing::Random;

/// A call in which something can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Point {
    /// [`EventStore::append`](crate::EventStore::append) and
    /// [`EventStore::append_all`](crate::EventStore::append_all)
    Append,
    /// [`EventStore::read_stream`](crate::EventStore::read_stream)
    ReadStream,
    /// [`EventStore::read_log`](crate::EventStore::read_log) and
    /// [`EventStore::read_log_back`](crate::EventStore::read_log_back)
    ReadLog,
    /// [`EventStore::head`](crate::EventStore::head)
    Head,
    /// [`EventStore::log_id`](crate::EventStore::log_id)
    LogId,
    /// [`EventStore::last_event`](crate::EventStore::last_event)
    LastEvent,
    /// [`EventStore::backlog`](crate::EventStore::backlog)
    Backlog,
    /// [`EventStore::event_types_except`](crate::EventStore::event_types_except)
    TypesBeside,
    /// [`EventStore::event`](crate::EventStore::event)
    Event,
    /// [`EventStore::streams`](crate::EventStore::streams)
    Streams,
    /// A wake-up of the event store, where somebody hears of it. [`Fault::Duplicate`] doubles it; any other loses it.
    WakeUpReceiver,
    /// [`CheckpointStore::load`](crate::CheckpointStore::load)
    Load,
    /// [`CheckpointStore::list`](crate::CheckpointStore::list)
    List,
    /// [`CheckpointStore::claim`](crate::CheckpointStore::claim)
    Claim,
    /// [`CheckpointStore::renew`](crate::CheckpointStore::renew)
    Renew,
    /// [`CheckpointStore::dead_letters`](crate::CheckpointStore::dead_letters)
    DeadLetters,
    /// [`CheckpointStore::snapshot`](crate::CheckpointStore::snapshot)
    Snapshot,
    /// [`CheckpointStore::begin`](crate::CheckpointStore::begin)
    Begin,
    /// A handler asks the unit of work for a repository or a connection: what goes wrong there is judged like a statement of
    /// the handler. [`Fault::Fail`] is an outage, as a statement timeout is; [`Fault::Stale`] a stale connection.
    Statement,
    /// [`UnitOfWork::commit`](crate::projection::UnitOfWork::commit)
    Commit,
    /// [`UnitOfWork::clear`](crate::projection::UnitOfWork::clear)
    Clear,
}

/// What goes wrong in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing is done, and an error is returned.
    Fail,
    /// It is done, but an error is returned: a broken connection.
    LoseAnswer,
    /// It is done after this time.
    Delay(Duration),
    /// It is done, and the answer comes after this time. Who gives up waiting meanwhile does not know.
    DelayAnswer(Duration),
    /// Nothing is done, and the caller panics.
    Panic,
    /// Nothing is done, because the connection keeps the plan of a table as it was before a migration. At other points than
    /// [`Point::Statement`] it is as [`Fault::Fail`].
    Stale,
    /// A wake-up is heard twice. At other points it changes nothing.
    Duplicate,
}

/// The error of a call that went wrong on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a fault was injected at {point:?}: {fault}")]
#[non_exhaustive]
pub struct Injected {
    /// Where.
    pub point: Point,
    /// What.
    pub fault: Fault,
}

/// What goes wrong, shared by all the stores that it was given to. A clone is the same.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<Plan>>);

#[derive(Debug, Default)]
struct Plan {
    script: HashMap<Point, VecDeque<(Fault, usize)>>,
    odds: Vec<(Point, Fault, f64)>,
    random: Option<Random>,
    count: HashMap<Point, u64>,
}

impl Faults {
    /// Nothing goes wrong, until it is said.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Things go wrong at random, from this seed, as often as [`often`](Self::often) says.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        let faults = Self::default();
        faults.plan().random = Some(Random::new(seed));
        faults
    }

    /// At `point`, `fault` happens with this probability, from 0 to 1. Of several, the first that is drawn happens.
    /// Only on [seeded](Self::seeded) faults.
    #[must_use]
    pub fn often(self, point: Point, fault: Fault, probability: f64) -> Self {
        self.plan().odds.push((point, fault, probability));
        self
    }

    /// The next so many calls at `point` meet `fault`, after those that are said already. Scripts come before chance.
    pub fn next(&self, point: Point, fault: Fault, calls: usize) {
        self.plan().script.entry(point).or_default().push_back((fault, calls));
    }

    /// Nothing is scripted for `point` any more.
    pub fn forget(&self, point: Point) {
        self.plan().script.remove(&point);
    }

    /// How many scripted faults are still to happen at `point`.
    #[must_use]
    pub fn left(&self, point: Point) -> usize {
        let plan = self.plan();
        let calls = plan.script.get(&point).into_iter().flatten().map(|(_, calls)| *calls);
        calls.fold(0, usize::saturating_add)
    }

    /// How many faults have happened at `point`.
    #[must_use]
    pub fn count(&self, point: Point) -> u64 {
        self.plan().count.get(&point).copied().unwrap_or_default()
    }

    /// From now on nothing goes wrong.
    pub fn switch_off(&self) {
        let mut plan = self.plan();
        plan.script.clear();
        plan.odds.clear();
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What goes wrong in a call at `point` that begins now.
    pub(super) fn draw(&self, point: Point) -> Option<Fault> {
        let plan = &mut *self.plan();
        let fault = plan.scripted(point).or_else(|| {
            let random = plan.random.as_mut()?;
            let mut odds = plan.odds.iter().filter(|(at, ..)| *at == point);
            odds.find(|(_, _, probability)| random.chance(*probability)).map(|(_, fault, _)| *fault)
        })?;
        *plan.count.entry(point).or_default() += 1;
        Some(fault)
    }

    /// `call`, with what goes wrong in it.
    pub(super) async fn around<T, E>(
        &self,
        point: Point,
        call: impl Future<Output = Result<T, E>> + Send,
        error: impl FnOnce(Injected) -> E + Send,
    ) -> Result<T, E> {
        let Some(fault) = self.draw(point) else { return call.await };
        let injected = Injected { point, fault };
        match fault {
            Fault::Fail | Fault::Stale => Err(error(injected)),
            Fault::LoseAnswer => {
                call.await?;
                Err(error(injected))
            }
            Fault::Delay(time) => {
                sleep(time).await;
                call.await
            }
            Fault::DelayAnswer(time) => {
                let answer = call.await;
                sleep(time).await;
                answer
            }
            #[expect(clippy::panic, reason = "whoever asked for the fault wants to see what becomes of a panic")]
            Fault::Panic => panic!("{injected}"),
            Fault::Duplicate => call.await,
        }
    }
}

impl Plan {
    fn scripted(&mut self, point: Point) -> Option<Fault> {
        let script = self.script.get_mut(&point)?;
        while script.front().is_some_and(|(_, calls)| *calls == 0) {
            script.pop_front();
        }
        let (fault, calls) = script.front_mut()?;
        *calls -= 1;
        Some(*fault)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fail => "nothing was done",
            Self::LoseAnswer => "the answer was lost",
            Self::Delay(_) => "it was done late",
            Self::DelayAnswer(_) => "the answer came late",
            Self::Panic => "the store panicked",
            Self::Stale => "the plan of the connection does not hold any more",
            Self::Duplicate => "it was doubled",
        })
    }
}
