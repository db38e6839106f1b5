//! What a runner may be told while it waits: one enum of messages, received in one place, in a fixed order. So a run can
//! be repeated.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::shadow_task::{CutoverRequest, ShadowTask};
use crate::store::WakeUpReceiver;
use crate::subscription::StopReason;
use crate::subscription::subscription_shared::{Control, SubscriptionShared};

/// What ends a wait.
pub(super) enum Message {
    /// The command is another one than the one that is obeyed.
    Command,
    /// Another process owns the checkpoint.
    LeaseLost,
    /// There may be a request of an operator.
    Request,
    /// The builder of the next generation has a request.
    Builder(CutoverRequest),
    /// There may be new events.
    WakeUp,
    /// The time has come.
    Due,
}

/// The reason of a wait. It decides which messages end the wait: every wait ends for a command and for its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waiting {
    /// For a time, such as the delay before the next attempt.
    Delay,
    /// For another command.
    Paused,
    /// For the next generation.
    NextGeneration,
    /// For new events.
    Idle,
}

/// The sources of the messages.
pub(super) struct Inbox {
    core: Arc<SubscriptionShared>,
    command: watch::Receiver<Control>,
    /// The command to the subscription whose next generation is built. It is obeyed too.
    live_command: Option<watch::Receiver<Control>>,
    /// Whether a pause must wait, because another runner waits for this one.
    is_urgent: bool,
    obeyed: Control,
    /// Becomes true when the lease is lost. Without an owner's task, it is never true.
    lost: Option<watch::Receiver<bool>>,
    store_wake_up: Option<WakeUpReceiver>,
    bus_wake_up: WakeUpReceiver,
}

impl Inbox {
    pub(super) fn new(core: &Arc<SubscriptionShared>) -> Self {
        Self {
            core: Arc::clone(core),
            command: core.control.subscribe(),
            live_command: core.next_of.as_ref().map(|live| live.control.subscribe()),
            is_urgent: false,
            obeyed: Control::Run,
            lost: None,
            store_wake_up: core.store.wake_ups(),
            bus_wake_up: core.bus_wake_ups.listen(),
        }
    }

    /// Listens for the loss of another lease.
    pub(super) fn listen_to(&mut self, lost: watch::Receiver<bool>) {
        self.lost = Some(lost);
    }

    /// Returns the present command: a stop, a pause or neither.
    fn command(&mut self) -> Control {
        let own = *self.command.borrow_and_update();
        let live = self.live_command.as_mut().map_or(Control::Run, |live| *live.borrow_and_update());
        match (own, live) {
            (Control::Stop(_), _) | (_, Control::Run) => own,
            (_, Control::Pause) if self.is_urgent => own,
            (_, live) => live,
        }
    }

    /// From now on, a pause of the present generation waits, or does not.
    pub(super) const fn set_urgent(&mut self, is_urgent: bool) {
        self.is_urgent = is_urgent;
    }

    /// Returns the present command, which is obeyed from now on, and whether another one was obeyed before.
    pub(super) fn obey(&mut self) -> (Control, bool) {
        let command = self.command();
        let before = std::mem::replace(&mut self.obeyed, command);
        (command, before != command)
    }

    /// Waits until the command is another one than before.
    async fn command_changed(&mut self) {
        // The subscriptions keep the senders alive.
        match &mut self.live_command {
            None => drop(self.command.changed().await),
            Some(live) => tokio::select! {
                biased;
                _ = self.command.changed() => {}
                _ = live.changed() => {}
            },
        }
    }

    /// Waits until the command is to stop.
    pub(super) async fn stopped(&mut self) -> StopReason {
        loop {
            if let Control::Stop(reason) = self.command() {
                return reason;
            }
            self.command_changed().await;
        }
    }

    /// Waits for the first message, until `until`.
    pub(super) async fn receive(
        &mut self,
        waiting: Waiting,
        builder: Option<&mut ShadowTask>,
        until: Option<Instant>,
    ) -> Message {
        if self.command() != self.obeyed {
            return Message::Command;
        }
        let core = Arc::clone(&self.core);
        let Self { command, live_command, lost, store_wake_up, bus_wake_up, .. } = self;
        let live_changed = async {
            match live_command {
                Some(live) => drop(live.changed().await),
                None => std::future::pending().await,
            }
        };
        let lost = async {
            // Without a sender, the task of the lease has ended with its owner or its runtime.
            let is_lost = match lost.as_mut().filter(|_| waiting.hears_lease()) {
                Some(lost) => lost.wait_for(|lost| *lost).await.is_ok(),
                None => false,
            };
            if !is_lost {
                std::future::pending::<()>().await;
            }
        };
        let request = async {
            match waiting.hears_requests() {
                true => core.requests.waiting().await,
                false => std::future::pending().await,
            }
        };
        let asked = async {
            match builder {
                Some(builder) => builder.asks().await,
                None => std::future::pending().await,
            }
        };
        let store_wake_up = async {
            match store_wake_up.as_mut().filter(|_| waiting == Waiting::Idle) {
                Some(wake_up) => wake_up.wait().await,
                None => std::future::pending().await,
            }
        };
        let bus_wake_up = async {
            match waiting {
                Waiting::Idle => bus_wake_up.wait().await,
                _ => std::future::pending().await,
            }
        };
        let due = async {
            match until {
                Some(until) => sleep_until(until).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            _ = command.changed() => Message::Command,
            () = live_changed => Message::Command,
            () = lost => Message::LeaseLost,
            () = request => Message::Request,
            asked = asked => Message::Builder(asked),
            () = store_wake_up => Message::WakeUp,
            () = bus_wake_up => Message::WakeUp,
            () = due => Message::Due,
        }
    }
}

impl Waiting {
    const fn hears_lease(self) -> bool {
        matches!(self, Self::Paused | Self::Idle)
    }

    const fn hears_requests(self) -> bool {
        matches!(self, Self::NextGeneration | Self::Idle)
    }
}
