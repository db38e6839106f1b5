//! Which calls fail, and how: by script or at random.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::sleep;

use super::{Fault, Injected, Point};
use crate::testing::Random;

/// Decides which calls fail. All clones, and all stores that it was given to, share the same plan.
///
/// ```
/// use eventsource::testing::faults::{Fault, Faults, Point};
///
/// let faults = Faults::new();
/// faults.next(Point::Commit, Fault::Fail, 2);
/// assert_eq!((faults.left(Point::Commit), faults.count(Point::Commit)), (2, 0));
/// ```
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
    /// Creates a plan without faults. [`next`](Self::next) adds some.
    ///
    /// ```
    /// use eventsource::testing::faults::{Fault, Faults, Point};
    ///
    /// let faults = Faults::new();
    /// faults.next(Point::Append, Fault::LoseAnswer, 1);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a plan that injects faults at random from this seed. [`often`](Self::often) sets the probabilities.
    ///
    /// ```
    /// use eventsource::testing::faults::{Fault, Faults, Point};
    ///
    /// let faults = Faults::seeded(42).often(Point::ReadLog, Fault::Fail, 0.1);
    /// # let _ = faults;
    /// ```
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        let faults = Self::default();
        faults.plan().random = Some(Random::new(seed));
        faults
    }

    /// Injects `fault` at `point` with this probability, from 0 to 1. If several faults are set for a point, each is
    /// drawn in the order of the calls of `often`, and the first that is drawn happens. It has an effect only on
    /// [seeded](Self::seeded) plans.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use eventsource::testing::faults::{Fault, Faults, Point};
    ///
    /// let faults = Faults::seeded(42)
    ///     .often(Point::Commit, Fault::LoseAnswer, 0.05)
    ///     .often(Point::Commit, Fault::Delay(Duration::from_secs(3)), 0.05);
    /// # let _ = faults;
    /// ```
    #[must_use]
    pub fn often(self, point: Point, fault: Fault, probability: f64) -> Self {
        self.plan().odds.push((point, fault, probability));
        self
    }

    /// Injects `fault` into the next `calls` calls at `point`, after the faults that are already scripted for it.
    /// Scripted faults come before random ones.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// use eventsource::testing::faults::{Fault, Faults, FaultyEventStore, Point};
    /// use eventsource::{EventLog, MemoryEventStore};
    ///
    /// let faults = Faults::new();
    /// let store = FaultyEventStore::new(MemoryEventStore::new(), &faults);
    /// faults.next(Point::Head, Fault::Fail, 2);
    /// assert!(store.head().await.is_err());
    /// assert!(store.head().await.is_err());
    /// assert!(store.head().await.is_ok());
    /// # });
    /// ```
    pub fn next(&self, point: Point, fault: Fault, calls: usize) {
        self.plan().script.entry(point).or_default().push_back((fault, calls));
    }

    /// Removes all scripted faults for `point`.
    ///
    /// ```
    /// use eventsource::testing::faults::{Fault, Faults, Point};
    ///
    /// let faults = Faults::new();
    /// faults.next(Point::Commit, Fault::Fail, usize::MAX);
    /// faults.forget(Point::Commit);
    /// assert_eq!(faults.left(Point::Commit), 0);
    /// ```
    pub fn forget(&self, point: Point) {
        self.plan().script.remove(&point);
    }

    /// Returns how many scripted faults are still to come at `point`.
    ///
    /// ```
    /// use eventsource::testing::faults::{Fault, Faults, Point};
    ///
    /// let faults = Faults::new();
    /// faults.next(Point::Commit, Fault::Fail, 2);
    /// faults.next(Point::Commit, Fault::LoseAnswer, 1);
    /// assert_eq!(faults.left(Point::Commit), 3);
    /// ```
    #[must_use]
    pub fn left(&self, point: Point) -> usize {
        let plan = self.plan();
        let calls = plan.script.get(&point).into_iter().flatten().map(|(_, calls)| *calls);
        calls.fold(0, usize::saturating_add)
    }

    /// Returns how many faults have happened at `point`.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// use eventsource::testing::faults::{Fault, Faults, FaultyEventStore, Point};
    /// use eventsource::{EventLog, MemoryEventStore};
    ///
    /// let faults = Faults::new();
    /// let store = FaultyEventStore::new(MemoryEventStore::new(), &faults);
    /// faults.next(Point::Head, Fault::Fail, 1);
    /// let _ = store.head().await;
    /// assert_eq!(faults.count(Point::Head), 1);
    /// # });
    /// ```
    #[must_use]
    pub fn count(&self, point: Point) -> u64 {
        self.plan().count.get(&point).copied().unwrap_or_default()
    }

    /// Removes all faults, scripted and random.
    ///
    /// ```
    /// use eventsource::testing::faults::{Fault, Faults, Point};
    ///
    /// let faults = Faults::seeded(42).often(Point::ReadLog, Fault::Fail, 0.5);
    /// // … the test runs with faults …
    /// faults.switch_off();
    /// // … and checks that everything recovers.
    /// # assert_eq!(faults.left(Point::ReadLog), 0);
    /// ```
    pub fn switch_off(&self) {
        let mut plan = self.plan();
        plan.script.clear();
        plan.odds.clear();
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Draws the fault for a call at `point` that begins now.
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

    /// Runs `call`, with the fault that is drawn for it.
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
            #[expect(clippy::panic, reason = "the test asked for a panic")]
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
