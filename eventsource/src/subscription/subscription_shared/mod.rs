//! The part of a subscription that its handle, its runner and the manager share.

mod versions;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::config::{RestartPolicy, StartFrom, SubscriptionConfig};
use super::in_memory::InMemory;
use super::inside::{HandlerId, is_handler_of};
use super::log::SharedLog;
use super::observer::{Generation, Observers, RequestAction, RequestSeen};
use super::requests::Requests;
use super::{Failure, InsideHandler, ManagerError, StopReason, SubscriptionState};
use crate::backoff::Chance;
use crate::causes::with_causes;
use crate::event::{EventFilter, Position, RecordedEvent};
use crate::projection::generation::next_checkpoint;
use crate::projection::operations::Pause;
use crate::projection::{KindFacts, ProjectionKind, Table};
use crate::store::{EventLog, LogStall, WakeUpSender};
use crate::subscription::failure::restarts::{NextRestart, Restarts};
use crate::subscription::log::catalogue::Catalogue;
use crate::subscription::rebuild::tracked::Rebuilds;
use crate::subscription::state::bell::StateBell;
use crate::subscription::state::progress::{Interruption, Progress};
use crate::trace::{self, SharedBridge};

pub(super) use self::versions::newer_version;

/// The part of a subscription that its handle, its runner and the manager share.
pub(super) struct SubscriptionShared {
    pub(super) name: String,
    pub(super) kind: ProjectionKind,
    /// What follows from the kind.
    pub(super) facts: KindFacts,
    pub(super) filter: EventFilter,
    pub(super) fingerprint: String,
    /// The name of the projection, and its version.
    pub(super) projection: (String, u32),
    /// The tables of the read models that the projection declares.
    pub(super) tables: Vec<&'static Table>,
    /// Whether the projection says that it can be emptied.
    pub(super) has_truncate_hook: Option<bool>,
    /// The subscription whose next generation is built under this name.
    pub(super) next_of: Option<Arc<Self>>,
    pub(super) config: SubscriptionConfig,
    pub(super) store: Arc<dyn EventLog>,
    /// The event types that the program knows.
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) log: Arc<SharedLog>,
    pub(super) bus_wake_ups: Arc<WakeUpSender>,
    pub(super) progress: Progress,
    pub(super) control: watch::Sender<Control>,
    /// The reason of a pause.
    pub(super) pause_reason: PauseReason,
    /// The checkpoint of a memory projection.
    pub(super) in_memory: InMemory,
    /// The requests to the runner.
    pub(super) requests: Requests,
    pub(super) restarts: Restarts,
    /// The last rebuild.
    pub(super) rebuilds: Rebuilds,
    /// The observers of the manager.
    pub(super) observers: Observers,
    /// Connects spans with a tracer.
    pub(super) traces: Option<SharedBridge>,
    /// The name under which this manager owns checkpoints, for operators and standbys.
    pub(super) owner: Arc<str>,
    /// The source of the jitter of delays.
    pub(super) chance: Chance,
    /// The end of the log at the first start, for a subscription that starts there.
    pub(super) end_at_start: OnceLock<Position>,
    /// Shared with the task that renews the lease, so that it is known whether there is one.
    pub(super) ownership: Arc<()>,
}

/// The reason of a pause, as the operator gave it.
#[derive(Default)]
pub(super) struct PauseReason(Mutex<Option<Arc<str>>>);

/// The command to the runner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Control {
    Run,
    Pause,
    Stop(StopReason),
}

impl std::fmt::Debug for SubscriptionShared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subscription").field("name", &self.name).field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl SubscriptionShared {
    /// Creates the shared part of the runner that builds the next generation of `live`.
    pub(super) fn of_next(live: &Arc<Self>) -> Self {
        Self {
            name: next_checkpoint(&live.name),
            kind: live.kind,
            facts: live.facts,
            filter: live.filter.clone(),
            fingerprint: live.fingerprint.clone(),
            projection: live.projection.clone(),
            tables: live.tables.clone(),
            has_truncate_hook: live.has_truncate_hook,
            next_of: Some(Arc::clone(live)),
            // The runner of the present generation begins the next one again.
            config: live.config.clone().restart(RestartPolicy::never()),
            store: Arc::clone(&live.store),
            catalogue: Arc::clone(&live.catalogue),
            log: Arc::clone(&live.log),
            bus_wake_ups: Arc::clone(&live.bus_wake_ups),
            progress: Progress::new(&next_checkpoint(&live.name), None, &StateBell::default()),
            control: watch::Sender::new(Control::Run),
            pause_reason: PauseReason::default(),
            in_memory: InMemory::default(),
            requests: Requests::default(),
            restarts: Restarts::default(),
            rebuilds: Rebuilds::default(),
            observers: live.observers.clone(),
            traces: live.traces.clone(),
            owner: Arc::clone(&live.owner),
            chance: Chance::new(live.config.seed),
            end_at_start: OnceLock::new(),
            ownership: Arc::default(),
        }
    }

    /// Changes the command from `from` to `to`. Another command, such as a stop, stays.
    pub(super) fn tell(&self, from: Control, to: Control) -> Result<(), ManagerError> {
        self.require_running()?;
        self.control.send_if_modified(|control| {
            let change = *control == from;
            if change {
                *control = to;
            }
            change
        });
        Ok(())
    }

    /// Fails if the subscription does not run.
    pub(super) fn require_running(&self) -> Result<(), ManagerError> {
        let state = self.progress.snapshot().state;
        match state.is_running() {
            true => Ok(()),
            false => Err(ManagerError::NotRunning { subscription: self.name.clone(), state }),
        }
    }

    /// Pauses the runner, if it runs, because an operator wants this stored pause.
    pub(super) fn obey(&self, pause: &Pause) {
        self.set_pause_reason((!pause.reason.is_empty()).then(|| pause.reason.as_str().into()));
        self.control.send_if_modified(|control| {
            let runs = *control == Control::Run;
            if runs {
                *control = Control::Pause;
            }
            runs
        });
    }

    /// Returns whether this process owns the stored checkpoint, as far as it knows.
    pub(super) fn is_owner(&self) -> bool {
        Arc::strong_count(&self.ownership) > 1
    }

    pub(super) fn is_told_to_pause(&self) -> bool {
        *self.control.borrow() == Control::Pause
    }

    /// Notes that the runner waits for a store, for this `reason`. Returns the state before. A runner that builds the next
    /// generation waits for the subscription as well.
    pub(super) fn wait_for_store(&self, reason: Arc<str>) -> SubscriptionState {
        if let Some(live) = &self.next_of {
            live.progress.note(Arc::clone(&reason));
        }
        self.progress.interrupt(Interruption::Waiting { reason })
    }

    /// Returns the restart after a fault, if its policy allows one.
    pub(super) fn next_restart(&self, failure: &Failure) -> Option<NextRestart> {
        self.restarts.after(&self.config.restart, failure, self.chance.draw())
    }

    pub(super) fn set_pause_reason(&self, reason: Option<Arc<str>>) {
        *self.pause_reason.0.lock().unwrap_or_else(PoisonError::into_inner) = reason;
    }

    pub(super) fn pause_reason(&self) -> Option<Arc<str>> {
        self.pause_reason.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes the end of the log at the first start of a subscription that starts at the end. If the event store does
    /// not answer, the runner asks again.
    pub(super) async fn find_end(&self) {
        if self.config.start == StartFrom::End && self.end_at_start.get().is_none() {
            match self.store.head().await {
                Ok(head) => drop(self.end_at_start.set(head)),
                Err(error) => {
                    let error = with_causes(&error);
                    tracing::warn!(subscription = self.name, %error, "the end of the log is not known yet");
                }
            }
        }
    }

    /// Returns whether another process, if any, moves the checkpoint in this state.
    pub(super) fn runs_elsewhere(&self, state: &SubscriptionState) -> bool {
        state.is_aside() && self.facts.has_stored_checkpoint
    }

    /// Returns the name of the subscription for observers. The builder of the next generation has the one of its
    /// subscription.
    pub(super) fn observed_name(&self) -> &str {
        self.next_of.as_ref().map_or(&self.name, |live| &live.name)
    }

    /// Returns which generation is written under this name.
    pub(super) const fn generation(&self) -> Generation {
        match self.next_of {
            None => Generation::Present,
            Some(_) => Generation::Next,
        }
    }

    /// Connects the span of a batch with the contexts of its `events`. Returns how many were left out.
    pub(super) fn link_batch(&self, span: &tracing::Span, events: &[Arc<RecordedEvent>]) -> usize {
        self.linking(span).map_or(0, |traces| trace::link_batch(traces, span, events))
    }

    /// Adds a link from the span of an event to its context.
    pub(super) fn link_event(&self, span: &tracing::Span, event: &Arc<RecordedEvent>) {
        if let Some(traces) = self.linking(span) {
            trace::link(traces, span, std::slice::from_ref(event));
        }
    }

    /// Returns the bridge, if `span` gets links: none during a rebuild.
    fn linking(&self, span: &tracing::Span) -> Option<&SharedBridge> {
        let is_linked = !span.is_disabled() && self.next_of.is_none() && !self.progress.is_rebuilding();
        self.traces.as_ref().filter(|_| is_linked)
    }

    /// Tells the observers of a request that was begun or refused.
    pub(super) fn tell_request(&self, action: RequestAction, is_accepted: bool) {
        let seen = RequestSeen { subscription: self.observed_name(), action, is_accepted };
        self.observers.tell(|observer| observer.request(&seen));
    }

    /// Identifies the subscription to the task that runs its handlers. A handler of the next generation blocks the
    /// subscription that it is built for as well.
    pub(super) fn handler_id(&self) -> HandlerId {
        HandlerId::of(self.next_of.as_deref().unwrap_or(self))
    }

    pub(super) fn is_running(&self) -> bool {
        self.progress.snapshot().state.is_running()
    }

    /// Fails if a handler of this subscription calls it: `action` would wait until the handler has returned.
    pub(super) fn refuse_handler(&self, action: &'static str) -> Result<(), InsideHandler> {
        if is_handler_of(self.handler_id()) {
            return Err(InsideHandler::new(self.name.clone(), action));
        }
        Ok(())
    }

    /// Stops a subscription that was never started: it has no runner that would do so.
    pub(super) fn end_if_idle(&self, reason: StopReason) {
        if matches!(self.progress.snapshot().state, SubscriptionState::Idle) {
            self.progress.show(SubscriptionState::Stopped { reason });
        }
    }

    /// Returns the state for the error of a wait. A stalled log is a reason to wait.
    pub(super) async fn state(&self) -> SubscriptionState {
        let state = self.progress.snapshot().state;
        // The wait is over: the event store must answer soon or not at all.
        let asked = tokio::time::timeout(Duration::from_secs(1), self.store.stalled_by()).await;
        waiting_for(state, asked.ok().and_then(Result::ok).flatten().as_ref())
    }
}

/// Returns `state`, or `Waiting` if the state is `Live` or `CatchingUp` and a transaction stalls the log
/// ([nothing is silent](crate::guarantees#nothing-is-silent)).
pub(super) fn waiting_for(state: SubscriptionState, stalled_by: Option<&LogStall>) -> SubscriptionState {
    match (state, stalled_by) {
        (SubscriptionState::CatchingUp | SubscriptionState::Live, Some(stalled_by)) => {
            SubscriptionState::Waiting { reason: stalled_by.to_string().into() }
        }
        (state, _) => state,
    }
}
