//! The subscriber behind its lock: the runner applies events to it, and the handle reads it.

mod apply_each;

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, OnceLock};

use tokio::sync::RwLock;

use self::apply_each::apply_each;
use super::inside;
use super::subscription_shared::SubscriptionShared;
use crate::event::RecordedEvent;
use crate::panics;
use crate::projection::{Delivered, EventSubscriber, HandlerError, Inspected, NoTruncateHook, Subscriber, UnitOfWork};
use crate::store::Verdict;

/// The subscriber behind its lock.
///
/// A view is a clone of the inner `Arc`. The runner holds the lock for a batch. If a view is still held then, the
/// runner continues with a copy: no reader blocks the runner, and a view never changes.
pub(super) struct SharedSubscriber<P> {
    current: RwLock<Arc<P>>,
    /// Set before the first view is handed out, which needs `P: Clone`.
    copy: OnceLock<fn(&P) -> P>,
    /// The projection as it was subscribed, if it can be kept.
    pristine: Option<Pristine<P>>,
}

/// A memory projection as it was subscribed. It shares nothing with the current one.
enum Pristine<P> {
    Copy(P),
    /// The stored state of a durable memory projection. A clone would share what is behind an `Arc`.
    State {
        state: Vec<u8>,
        /// A value that can be given the state.
        seed: Option<P>,
    },
}

impl<P: Subscriber> Pristine<P> {
    fn of(subscriber: &P) -> Option<Self> {
        let facts = P::KIND.facts();
        if facts.stores_state() {
            let state = catch_unwind(AssertUnwindSafe(|| (subscriber.snapshot(), subscriber.pristine())));
            let (state, seed) = state.ok()?;
            return Some(Self::State { state: state.ok()?, seed });
        }
        if facts.keeps_state { subscriber.pristine().map(Self::Copy) } else { None }
    }

    /// Returns another projection as it was subscribed.
    fn copy(&self) -> Option<P> {
        match self {
            Self::Copy(copy) => copy.pristine(),
            Self::State { state, seed } => {
                let mut copy = seed.as_ref()?.pristine()?;
                copy.restore(state).ok()?;
                Some(copy)
            }
        }
    }
}

/// An outage that prevented an event from being applied. It does not count as a failure of the handler.
#[derive(Debug)]
pub(super) struct Met {
    pub(super) verdict: Verdict,
    pub(super) error: HandlerError,
}

/// How the application of a batch ended.
pub(super) enum Applied {
    All,
    /// The event at `index` failed; those before it were applied.
    Failed {
        index: usize,
        error: HandlerError,
        /// Whether the handler of an earlier event may be the cause: see [`UnitOfWork::is_shared`].
        shared: bool,
    },
    /// The event at `index` met an outage; those before it were applied.
    Outage {
        index: usize,
        met: Met,
    },
}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A subscriber with its type erased. Costs one boxed future for each batch.
pub(super) trait ErasedSubscriber<U: UnitOfWork>: Send + Sync {
    /// Applies `events`, in order, until one fails.
    fn apply<'a>(
        &'a self,
        core: &'a SubscriptionShared,
        events: &'a [Arc<RecordedEvent>],
        from: Delivered,
        unit: &'a mut U,
    ) -> Boxed<'a, Applied>;

    /// Returns why its handlers must not be called in a dry run.
    fn not_tried(&self) -> Boxed<'_, Option<String>>;

    /// Returns another subscriber, with the state that this one was subscribed with. It shares nothing with this one.
    fn apart(&self) -> Boxed<'_, Option<Arc<dyn ErasedSubscriber<U>>>>;

    /// Returns the state, for operators.
    fn inspect(&self) -> Boxed<'_, Option<Inspected>>;

    /// Runs the truncate hook.
    fn truncate<'a>(&'a self, unit: &'a mut U) -> Boxed<'a, Result<(), HandlerError>>;

    /// Returns the state to store.
    fn snapshot(&self) -> Boxed<'_, Result<Vec<u8>, HandlerError>>;

    /// Restores a stored state. If that fails, the state is unknown.
    fn restore<'a>(&'a self, state: &'a [u8]) -> Boxed<'a, Result<(), HandlerError>>;

    /// Empties the projection: by the truncate hook, or from the copy that was made when it was subscribed.
    fn restart_empty<'a>(&'a self, unit: &'a mut U) -> Boxed<'a, Result<(), HandlerError>>;
}

impl<P: Subscriber> SharedSubscriber<P> {
    pub(super) fn new(subscriber: P) -> Self {
        let pristine = Pristine::of(&subscriber);
        Self { current: RwLock::new(Arc::new(subscriber)), copy: OnceLock::new(), pristine }
    }
}

impl<P> SharedSubscriber<P> {
    /// Returns the state between two batches.
    pub(super) async fn view(&self) -> Arc<P>
    where
        P: Clone,
    {
        self.copy.get_or_init(|| P::clone);
        inside::before_reading(&self.current).await;
        Arc::clone(&*self.current.read().await)
    }

    /// Calls `look` with the state between two batches.
    pub(super) async fn with<T>(&self, look: impl FnOnce(&P) -> T) -> T {
        inside::before_reading(&self.current).await;
        look(&**self.current.read().await)
    }

    /// Returns the state for writing. Copies it if a view is held.
    fn make_mut<'a>(&self, current: &'a mut Arc<P>) -> Option<&'a mut P> {
        if Arc::get_mut(current).is_none() {
            let copy = self.copy.get()?;
            *current = Arc::new(copy(current));
        }
        Arc::get_mut(current)
    }
}

impl<U: UnitOfWork, P: EventSubscriber<U>> ErasedSubscriber<U> for SharedSubscriber<P> {
    fn apply<'a>(
        &'a self,
        core: &'a SubscriptionShared,
        events: &'a [Arc<RecordedEvent>],
        from: Delivered,
        unit: &'a mut U,
    ) -> Boxed<'a, Applied> {
        Box::pin(async move {
            let mut current = self.current.write().await;
            let done = AtomicUsize::new(0);
            let held = unit.held_lock();
            let work = async {
                let subscriber = self.make_mut(&mut current).ok_or_else(shared)?;
                if !P::KIND.facts().is_transactional {
                    subscriber.begin_batch(from);
                }
                let applied = apply_each(core, subscriber, events, unit, &done).await;
                subscriber.end_batch().await;
                applied
            };
            let work = inside::handling(core.handler_id(), inside::writing(&self.current, work));
            let result = match held {
                Some(lock) => catch_panic(lock.scope(work)).await,
                None => catch_panic(work).await,
            }
            .flatten();
            let index = done.into_inner();
            match result {
                Ok(()) => Applied::All,
                Err(error) => {
                    let remedy = unit.remedy(error.source());
                    let verdict = match error.is_outage() {
                        true => Some(Verdict::Outage),
                        false => unit.verdict(error.source()),
                    };
                    let error = error.with_remedy(remedy);
                    match verdict {
                        Some(verdict) if verdict.is_outage() => Applied::Outage { index, met: Met { verdict, error } },
                        verdict => {
                            let shared = index > 0 && unit.is_shared() && !error.is_cut_off();
                            Applied::Failed { index, error: error.judged(verdict), shared }
                        }
                    }
                }
            }
        })
    }

    fn not_tried(&self) -> Boxed<'_, Option<String>> {
        Box::pin(async move { self.current.read().await.not_tried().map(Into::into) })
    }

    fn apart(&self) -> Boxed<'_, Option<Arc<dyn ErasedSubscriber<U>>>> {
        Box::pin(async move {
            let copy = catch_unwind(AssertUnwindSafe(|| self.pristine.as_ref()?.copy())).ok()??;
            Some(Arc::new(Self::new(copy)) as Arc<dyn ErasedSubscriber<U>>)
        })
    }

    fn inspect(&self) -> Boxed<'_, Option<Inspected>> {
        Box::pin(async move {
            let current = self.current.read().await;
            catch_unwind(AssertUnwindSafe(|| current.inspect())).ok()?
        })
    }

    fn truncate<'a>(&'a self, unit: &'a mut U) -> Boxed<'a, Result<(), HandlerError>> {
        Box::pin(async move {
            let mut current = self.current.write().await;
            let subscriber = self.make_mut(&mut current).ok_or_else(shared)?;
            let held = unit.held_lock();
            let work = inside::writing(&self.current, async { subscriber.truncate(unit).await });
            match held {
                Some(lock) => catch_panic(lock.scope(work)).await,
                None => catch_panic(work).await,
            }
            .flatten()
        })
    }

    fn snapshot(&self) -> Boxed<'_, Result<Vec<u8>, HandlerError>> {
        Box::pin(async move {
            let current = self.current.read().await;
            catch_unwind(AssertUnwindSafe(|| current.snapshot()))
                .unwrap_or_else(|panic| Err(HandlerError::from_panic(&*panic)))
        })
    }

    fn restore<'a>(&'a self, state: &'a [u8]) -> Boxed<'a, Result<(), HandlerError>> {
        Box::pin(async move {
            let mut current = self.current.write().await;
            let subscriber = self.make_mut(&mut current).ok_or_else(shared)?;
            catch_unwind(AssertUnwindSafe(|| subscriber.restore(state)))
                .unwrap_or_else(|panic| Err(HandlerError::from_panic(&*panic)))
        })
    }

    fn restart_empty<'a>(&'a self, unit: &'a mut U) -> Boxed<'a, Result<(), HandlerError>> {
        Box::pin(async move {
            match self.truncate(unit).await {
                Err(error) if error.is_caused_by::<NoTruncateHook>() => match self.pristine.as_ref().ok_or(error)? {
                    Pristine::Copy(copy) => {
                        let copy = copy.pristine().ok_or_else(|| HandlerError::permanent(NoTruncateHook))?;
                        *self.current.write().await = Arc::new(copy);
                        Ok(())
                    }
                    Pristine::State { state, .. } => ErasedSubscriber::<U>::restore(self, state).await,
                },
                truncated => truncated,
            }
        })
    }
}

/// Runs `work`, and turns a panic into an error.
pub(super) async fn catch_panic<T>(work: impl Future<Output = T>) -> Result<T, HandlerError> {
    panics::catch(work).await.map_err(|panic| HandlerError::from_panic(&*panic))
}

/// Cannot happen: only `view` hands out views, and it sets `copy` first.
#[cold]
fn shared() -> HandlerError {
    HandlerError::permanent("a reader holds the projection, and it cannot be copied")
}
