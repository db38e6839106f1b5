//! What every part of a subscription knows of it.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::catalogue::Catalogue;
use super::config::{StartFrom, SubscriptionConfig};
use super::in_memory::InMemory;
use super::inside::is_handler_of;
use super::log::SharedLog;
use super::progress::Progress;
use super::rebuilds::Rebuilds;
use super::requests::Requests;
use super::{InsideHandler, ManagerError, StopReason, SubscriptionState};
use crate::backoff::Chance;
use crate::causes::WithCauses;
use crate::event::{EventFilter, Position};
use crate::projection::generation::next_checkpoint;
use crate::projection::{ProjectionKind, Table, stored_version};
use crate::store::{EventStore, LogStall, WakeUpSender};

/// What every part of a subscription knows of it.
pub(super) struct SubscriptionShared {
    pub(super) name: String,
    pub(super) kind: ProjectionKind,
    pub(super) filter: EventFilter,
    pub(super) fingerprint: String,
    /// The name of the projection, and its version.
    pub(super) projection: (String, u32),
    /// The tables of the read models that the projection declares.
    pub(super) tables: Vec<&'static Table>,
    /// The subscription whose next generation is built under this name, where one is.
    pub(super) next_of: Option<Arc<Self>>,
    pub(super) config: SubscriptionConfig,
    pub(super) store: Arc<dyn EventStore>,
    /// Which types of events the program knows.
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) log: Arc<SharedLog>,
    pub(super) bus_wake_ups: Arc<WakeUpSender>,
    pub(super) progress: Progress,
    pub(super) control: watch::Sender<Control>,
    /// Why it is paused, where a reason was given.
    pub(super) pause_reason: PauseReason,
    /// The checkpoint of a memory projection: it lives as long as the state.
    pub(super) in_memory: InMemory,
    /// What the runner is asked to do between two batches.
    pub(super) requests: Requests,
    /// The rebuild that was begun last.
    pub(super) rebuilds: Rebuilds,
    /// Who owns its checkpoint while it runs, for others to read.
    pub(super) owner: Arc<str>,
    /// What the jitter of its delays is drawn from.
    pub(super) chance: Chance,
    /// Where the log ended when the subscription was first started, for one that starts there.
    pub(super) end_at_start: OnceLock<Position>,
}

/// Why a subscription is paused, in the words of its operator.
#[derive(Default)]
pub(super) struct PauseReason(Mutex<Option<Arc<str>>>);

/// What the runner is told to do.
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
    /// What is to be known to build the next generation of `live`.
    pub(super) fn of_next(live: &Arc<Self>) -> Self {
        Self {
            name: next_checkpoint(&live.name),
            kind: live.kind,
            filter: live.filter.clone(),
            fingerprint: live.fingerprint.clone(),
            projection: live.projection.clone(),
            tables: live.tables.clone(),
            next_of: Some(Arc::clone(live)),
            config: live.config.clone(),
            store: Arc::clone(&live.store),
            catalogue: Arc::clone(&live.catalogue),
            log: Arc::clone(&live.log),
            bus_wake_ups: Arc::clone(&live.bus_wake_ups),
            progress: Progress::new(&next_checkpoint(&live.name), None, live.progress.broken()),
            control: watch::Sender::new(Control::Run),
            pause_reason: PauseReason::default(),
            in_memory: InMemory::default(),
            requests: Requests::default(),
            rebuilds: Rebuilds::default(),
            owner: Arc::clone(&live.owner),
            chance: Chance::new(live.config.seed),
            end_at_start: OnceLock::new(),
        }
    }

    /// Changes what the runner is told from `from` to `to`. Told to stop, it stops.
    pub(super) fn tell(&self, from: Control, to: Control) -> Result<(), ManagerError> {
        let state = self.progress.snapshot().state;
        if !state.is_running() {
            return Err(ManagerError::NotRunning { subscription: self.name.clone(), state });
        }
        self.control.send_if_modified(|control| {
            let change = *control == from;
            if change {
                *control = to;
            }
            change
        });
        Ok(())
    }

    pub(super) fn set_pause_reason(&self, reason: Option<Arc<str>>) {
        *self.pause_reason.0.lock().unwrap_or_else(PoisonError::into_inner) = reason;
    }

    pub(super) fn pause_reason(&self) -> Option<Arc<str>> {
        self.pause_reason.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Finds out where the log ends, for a subscription that starts there: what is stored after its first start is its
    /// own. Where the log does not answer, the runner asks again.
    pub(super) async fn find_end(&self) {
        if self.config.start == StartFrom::End && self.end_at_start.get().is_none() {
            match self.store.head().await {
                Ok(head) => drop(self.end_at_start.set(head)),
                Err(error) => {
                    tracing::warn!(subscription = self.name, error = %WithCauses(&error), "the end of the log is not known yet")
                }
            }
        }
    }

    /// The version of the projection that made the fingerprint `stored`, if this program has a lower one and may not go
    /// back to it.
    pub(super) fn newer_version(&self, stored: &str) -> Option<u32> {
        newer_version(stored, &self.projection, &self.config)
    }

    /// Why this program leaves the checkpoint alone that `newer`, a higher version of the projection, has made.
    pub(super) fn older_than(&self, newer: u32, stored: &str) -> String {
        format!(
            "version {newer} of the projection made the checkpoint (`{stored}`), and this program has version {} (`{}`): \
             deploy version {newer} or a newer one, or go back on purpose (`SubscriptionConfig::allow_older_version`)",
            self.projection.1, self.fingerprint
        )
    }

    /// Why the projection is not run on a checkpoint that another process has replaced since this one started.
    pub(super) fn replaced(&self, stored: &str) -> String {
        format!(
            "another process has replaced the read model since this one started: its checkpoint is that of `{stored}`, and \
             this program has `{}`; stop one of the two programs, and start the manager again",
            self.fingerprint
        )
    }

    /// Why the projection is not run on a checkpoint that another one made, and what can be done.
    pub(super) fn changed(&self, stored: &str) -> String {
        format!(
            "the projection has changed: its checkpoint was made by `{stored}`, and it is `{}` now; go back to the \
             projection as it was, or say what is to happen (`SubscriptionConfig::on_change`)",
            self.fingerprint
        )
    }

    /// Whether, in `state`, its checkpoint is moved by another process, if at all.
    pub(super) fn runs_elsewhere(&self, state: &SubscriptionState) -> bool {
        state.is_aside() && self.kind != ProjectionKind::Memory
    }

    pub(super) fn is_running(&self) -> bool {
        self.progress.snapshot().state.is_running()
    }

    /// Refuses a handler of this subscription something that waits until the handler has returned.
    pub(super) fn refuse_handler(&self, action: &'static str) -> Result<(), InsideHandler> {
        if is_handler_of(self) {
            return Err(InsideHandler::new(self.name.clone(), action));
        }
        Ok(())
    }

    /// A subscription that was never started has no runner to say that it ended.
    pub(super) fn end_if_idle(&self, reason: StopReason) {
        if matches!(self.progress.snapshot().state, SubscriptionState::Idle) {
            self.progress.set_state(SubscriptionState::Stopped { reason });
        }
    }

    /// What it does, for somebody who has waited for it: also where the log is held back.
    pub(super) async fn state(&self) -> SubscriptionState {
        let state = self.progress.snapshot().state;
        // It is asked in passing, and not waited for.
        let asked = tokio::time::timeout(Duration::from_secs(1), self.store.stalled_by()).await;
        waiting_for(state, asked.ok().and_then(Result::ok).flatten().as_ref())
    }
}

/// The version of the projection that made the fingerprint `stored`, if `projection` has a lower one and may not go back.
pub(super) fn newer_version(stored: &str, projection: &(String, u32), config: &SubscriptionConfig) -> Option<u32> {
    let (name, version) = projection;
    stored_version(stored, name).filter(|stored| stored > version && !config.allow_older_version)
}

/// `state`; one without a reason is that of waiting for who holds the log back, where somebody does ([nothing is silent](crate::guarantees#nothing-is-silent)).
pub(super) fn waiting_for(state: SubscriptionState, stalled_by: Option<&LogStall>) -> SubscriptionState {
    match (state, stalled_by) {
        (SubscriptionState::CatchingUp | SubscriptionState::Live, Some(stalled_by)) => {
            SubscriptionState::Waiting { reason: stalled_by.to_string().into() }
        }
        (state, _) => state,
    }
}
