//! A unit of work with fault injection, and what handlers get from it.

use std::error::Error;
use std::sync::Arc;

use super::{Fault, Faults, Injected, Point};
use crate::event::RecordedEvent;
use crate::projection::{
    CheckpointError, CheckpointReset, CheckpointUpdate, CommitError, HandlerError, Inject, RawConnection, UnitOfWork,
};
use crate::read_model::{ReadModel, Repository};
use crate::store::{ReentrancyMark, Verdict};

/// Wraps a unit of work and injects faults into its calls. Handlers get the repositories and connections of the wrapped
/// unit.
///
/// If handlers ask for a type of your own, implement [`Inject`] for this unit as well, through [`inner`](Self::inner):
///
/// ```
/// use eventsource::HandlerError;
/// use eventsource::memory::MemoryUnit;
/// use eventsource::projection::Inject;
/// use eventsource::testing::faults::FaultyUnit;
///
/// struct Mailer;
///
/// impl Inject<MemoryUnit> for Mailer {
///     type Guard = Box<Self>;
///     async fn inject(_: &mut MemoryUnit) -> Result<Box<Self>, HandlerError> { Ok(Box::new(Mailer)) }
/// }
///
/// impl Inject<FaultyUnit<MemoryUnit>> for Mailer {
///     type Guard = Box<Self>;
///     async fn inject(unit: &mut FaultyUnit<MemoryUnit>) -> Result<Box<Self>, HandlerError> {
///         Mailer::inject(unit.inner()).await
///     }
/// }
/// ```
#[derive(Debug)]
pub struct FaultyUnit<U> {
    inner: U,
    faults: Faults,
}

impl<U> FaultyUnit<U> {
    pub(super) const fn new(inner: U, faults: Faults) -> Self {
        Self { inner, faults }
    }

    /// Returns the wrapped unit of work.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// use eventsource::projection::{CheckpointStore, UnitOfWork};
    /// use eventsource::testing::faults::{Faults, FaultyCheckpoints};
    /// use eventsource::MemoryCheckpoints;
    ///
    /// let mut unit = FaultyCheckpoints::new(MemoryCheckpoints::new(), &Faults::new()).detached();
    /// assert!(unit.inner().is_intact());
    /// # });
    /// ```
    pub const fn inner(&mut self) -> &mut U {
        &mut self.inner
    }
}

impl<U: UnitOfWork> UnitOfWork for FaultyUnit<U> {
    async fn commit(self, step: &CheckpointUpdate) -> Result<(), CommitError> {
        let Self { inner, faults } = self;
        faults.around(Point::Commit, inner.commit(step), |injected| failed("commit")(injected).into()).await
    }

    async fn clear(self, clear: &CheckpointReset) -> Result<(), CommitError> {
        let Self { inner, faults } = self;
        let error = |injected| failed("clear a checkpoint")(injected).into();
        faults.around(Point::Clear, inner.clear(clear), error).await
    }

    async fn rollback(self) {
        self.inner.rollback().await;
    }

    fn begin_batch(&mut self, events: &[Arc<RecordedEvent>]) {
        self.inner.begin_batch(events);
    }

    fn begin_event(&mut self, event: &RecordedEvent) {
        self.inner.begin_event(event);
    }

    fn is_intact(&self) -> bool {
        self.inner.is_intact()
    }

    fn is_shared(&self) -> bool {
        self.inner.is_shared()
    }

    fn held_lock(&self) -> Option<ReentrancyMark> {
        self.inner.held_lock()
    }

    fn verdict(&self, error: &(dyn Error + 'static)) -> Option<Verdict> {
        let causes = std::iter::successors(Some(error), |error| (*error).source());
        let injected =
            causes.filter_map(|cause| cause.downcast_ref::<Injected>()).find(|at| at.point == Point::Statement);
        match injected {
            Some(Injected { fault: Fault::Stale, .. }) => Some(Verdict::StaleConnection),
            Some(_) => Some(Verdict::Outage),
            None => self.inner.verdict(error),
        }
    }

    fn remedy(&self, error: &(dyn Error + 'static)) -> Option<&'static str> {
        self.inner.remedy(error)
    }
}

/// Returns what the wrapped unit of work lends, unless a statement is to fail.
async fn inject<U: UnitOfWork, T: Inject<U>>(unit: &mut FaultyUnit<U>) -> Result<T::Guard, HandlerError> {
    let lent = T::inject(&mut unit.inner);
    unit.faults.around(Point::Statement, lent, HandlerError::permanent).await
}

// One implementation for everything that `U` provides would overlap with types that every unit of work provides.
#[diagnostic::do_not_recommend]
impl<U: UnitOfWork, M: ReadModel> Inject<FaultyUnit<U>> for Repository<M>
where
    Self: Inject<U>,
{
    type Guard = <Self as Inject<U>>::Guard;

    async fn inject(unit: &mut FaultyUnit<U>) -> Result<Self::Guard, HandlerError> {
        inject::<U, Self>(unit).await
    }
}

#[diagnostic::do_not_recommend]
impl<U: UnitOfWork, C: RawConnection> Inject<FaultyUnit<U>> for C
where
    C: Inject<U>,
{
    type Guard = <C as Inject<U>>::Guard;

    async fn inject(unit: &mut FaultyUnit<U>) -> Result<Self::Guard, HandlerError> {
        inject::<U, C>(unit).await
    }
}

pub(super) fn failed(action: &'static str) -> impl FnOnce(Injected) -> CheckpointError {
    move |injected| CheckpointError::Failed { action: action.into(), source: Box::new(injected) }
}
