//! What an observer is told about states, rebuilds and leases.

use crate::event::Position;
use crate::subscription::{RebuildKind, SubscriptionState};

/// Which generation of a read model is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Generation {
    /// The one that serves.
    Present,
    /// The next one, which a side-by-side rebuild fills.
    Next,
}

/// A state that became another one.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct StateSeen<'a> {
    /// The name of the subscription.
    pub subscription: &'a str,
    /// The state before.
    pub from: &'a SubscriptionState,
    /// The present state, with its reason.
    pub to: &'a SubscriptionState,
}

/// What a rebuild does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RebuildStep<'a> {
    /// It has begun in this process.
    Began,
    /// It has passed a batch of events.
    Moved,
    /// The read model is complete.
    Done,
    /// Another rebuild or a reset has replaced it.
    Replaced,
    /// An operator has cancelled it.
    Cancelled,
    /// It cannot be completed, for this reason.
    Failed(&'a str),
}

/// A rebuild that has begun, moved or ended.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct RebuildSeen<'a> {
    /// The name of the subscription.
    pub subscription: &'a str,
    /// In place or side by side.
    pub kind: RebuildKind,
    /// What it does.
    pub step: RebuildStep<'a>,
    /// The position that the rebuild has passed.
    pub position: Position,
    /// The replay is complete when it has passed this position.
    pub target: Position,
}

/// What an operator asks of a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RequestAction {
    /// To retry dead letters.
    Retry,
    /// To dismiss a dead letter.
    Dismiss,
    /// To rebuild the read model.
    Rebuild,
    /// To cancel a side-by-side rebuild.
    CancelRebuild,
    /// To let a held next generation serve.
    SwitchRebuild,
    /// To pause.
    Pause,
    /// To end a pause.
    Resume,
    /// To start again.
    Restart,
    /// To skip events.
    Skip,
}

impl RequestAction {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Retry,
        Self::Dismiss,
        Self::Rebuild,
        Self::CancelRebuild,
        Self::SwitchRebuild,
        Self::Pause,
        Self::Resume,
        Self::Restart,
        Self::Skip,
    ];

    /// Returns the name in snake case: `retry`, `dismiss`, `rebuild`, `cancel_rebuild`, `switch_rebuild`, `pause`, `resume`, `restart` or
    /// `skip`.
    ///
    /// ```
    /// use eventsource::subscription::RequestAction;
    ///
    /// assert_eq!(RequestAction::CancelRebuild.as_str(), "cancel_rebuild");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Dismiss => "dismiss",
            Self::Rebuild => "rebuild",
            Self::CancelRebuild => "cancel_rebuild",
            Self::SwitchRebuild => "switch_rebuild",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Restart => "restart",
            Self::Skip => "skip",
        }
    }
}

/// A request of an operator that the owner has begun or refused.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct RequestSeen<'a> {
    /// The name of the subscription.
    pub subscription: &'a str,
    /// What was asked.
    pub action: RequestAction,
    /// Whether the work has begun. It is refused if there is no such letter, if the read model cannot be rebuilt, or if
    /// the subscription does not run.
    pub is_accepted: bool,
}

/// What has happened to a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LeaseStep {
    /// This process owns the checkpoint now.
    Won,
    /// Another process has taken over the checkpoint.
    Lost,
    /// This process does not own the checkpoint any more, because it has stopped or claims it again.
    Released,
}

/// A lease on the checkpoint of a subscription. Memory projections have none.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct LeaseSeen<'a> {
    /// The name of the subscription.
    pub subscription: &'a str,
    /// Which generation of its read model is written.
    pub generation: Generation,
    /// What has happened.
    pub step: LeaseStep,
    /// The epoch of the owner.
    pub epoch: u64,
}
