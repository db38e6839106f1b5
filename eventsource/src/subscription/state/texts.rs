//! The names and the reasons of the states.

use std::fmt;

use super::SubscriptionState;
use crate::text::{counted, short_name, time};

impl SubscriptionState {
    /// Returns the reason for the state, and `None` while the subscription catches up or is live.
    ///
    /// ```
    /// use eventsource::subscription::SubscriptionState;
    ///
    /// assert!(SubscriptionState::Idle.reason().is_some());
    /// assert_eq!(SubscriptionState::Live.reason(), None);
    /// ```
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        match self {
            Self::CatchingUp | Self::Live => None,
            Self::Idle => Some("the manager has not been started since it was subscribed".to_owned()),
            Self::Rebuilding { kind, target } => {
                Some(format!("its read model is being rebuilt {kind}, up to position {target}"))
            }
            Self::RetryingLetters { applied, left } => Some(format!(
                "dead letters are retried, in turns with new events; applied so far: {}; left: {}",
                counted(*applied, "event"),
                counted(*left as u64, "letter")
            )),
            Self::Retrying { failure, attempts, delay } => {
                Some(format!("{failure}; attempt {} of {attempts} follows in {delay:?}", failure.attempts + 1))
            }
            Self::Standby { owner, until } => {
                Some(format!("{} owns it, at least until {}", short_name(owner), time(*until)))
            }
            Self::Waiting { reason } | Self::Refused { reason } | Self::Outdated { reason } => Some(reason.to_string()),
            Self::Fenced { reason } => Some(format!("{reason}; it stands by again after a pause")),
            Self::FencedAgain { reason } => Some(format!(
                "{reason}; it was fenced twice within a minute: look for a second process that works without a lease, or \
                 for a host that stalls, and start the manager again"
            )),
            Self::Paused => Some("it was paused, and waits to be resumed".to_owned()),
            Self::Stopped { reason } => Some(reason.to_string()),
            Self::Faulted { failure } => Some(failure.to_string()),
            Self::Restarting { failure, attempt, attempts, at } => {
                Some(format!("{failure}; restart {attempt} of {attempts} comes at {at}"))
            }
        }
    }

    /// Returns whether the subscription has a running task in this state: true for every state except `Idle`,
    /// `Stopped`, `Faulted`, `FencedAgain` and `Refused`. So a paused subscription and a standby count as running.
    ///
    /// ```
    /// use eventsource::subscription::{StopReason, SubscriptionState};
    ///
    /// assert!(SubscriptionState::Paused.is_running());
    /// assert!(!SubscriptionState::Stopped { reason: StopReason::ManagerStopped }.is_running());
    /// ```
    #[must_use]
    pub const fn is_running(&self) -> bool {
        match self {
            Self::CatchingUp | Self::Live | Self::Paused | Self::Rebuilding { .. } => true,
            Self::RetryingLetters { .. } | Self::Retrying { .. } | Self::Waiting { .. } | Self::Standby { .. } => true,
            Self::Fenced { .. } | Self::Outdated { .. } | Self::Restarting { .. } => true,
            Self::Idle | Self::Stopped { .. } => false,
            Self::Faulted { .. } | Self::Refused { .. } | Self::FencedAgain { .. } => false,
        }
    }

    /// Returns whether the runner serves no requests now: it waits for another process, or for its restart.
    pub(in crate::subscription) const fn is_aside(&self) -> bool {
        matches!(self, Self::Standby { .. } | Self::Fenced { .. } | Self::Outdated { .. } | Self::Restarting { .. })
    }

    /// Returns whether the subscription has faulted and starts again by itself.
    pub(in crate::subscription) const fn is_restarting(&self) -> bool {
        matches!(self, Self::Restarting { .. })
    }

    /// The [names](Self::name) of all states.
    pub const NAMES: &'static [&'static str] = &[
        "idle",
        "catching up",
        "live",
        "rebuilding",
        "retrying letters",
        "retrying",
        "waiting",
        "standing by",
        "paused",
        "stopped",
        "faulted",
        "fenced again",
        "restarting",
        "outdated",
        "refused",
        "fenced",
    ];

    /// Returns the name of the state without its reason.
    ///
    /// The names are `idle`, `catching up`, `live`, `rebuilding`, `retrying letters`, `retrying`, `waiting`, `standing
    /// by` (of `Standby`), `paused`, `stopped`, `faulted`, `restarting`, `refused`, `fenced`, `fenced again` and
    /// `outdated`. JSON has `_` in place of a space, such as `standing_by`.
    ///
    /// ```
    /// use eventsource::subscription::SubscriptionState;
    ///
    /// assert_eq!(SubscriptionState::CatchingUp.name(), "catching up");
    /// assert_eq!(SubscriptionState::Paused.name(), "paused");
    /// ```
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::CatchingUp => "catching up",
            Self::Live => "live",
            Self::Rebuilding { .. } => "rebuilding",
            Self::RetryingLetters { .. } => "retrying letters",
            Self::Retrying { .. } => "retrying",
            Self::Waiting { .. } => "waiting",
            Self::Standby { .. } => "standing by",
            Self::Paused => "paused",
            Self::Stopped { .. } => "stopped",
            Self::Faulted { .. } => "faulted",
            Self::FencedAgain { .. } => "fenced again",
            Self::Restarting { .. } => "restarting",
            Self::Outdated { .. } => "outdated",
            Self::Refused { .. } => "refused",
            Self::Fenced { .. } => "fenced",
        }
    }
}

/// The name of the state, and its reason if it has one: `paused: it was paused, and waits to be resumed`.
impl fmt::Display for SubscriptionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        self.reason().map_or(Ok(()), |reason| write!(f, ": {reason}"))
    }
}
