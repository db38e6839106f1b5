//! What a subscription does where there is a choice: where it starts, and what it does about changes and unknown
//! events.

use crate::event::Position;

/// Where a subscription starts that has no checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::subscription) enum StartFrom {
    Beginning,
    /// After the event that is the last one in the log when the subscription first starts.
    End,
    After(Position),
}

/// What a subscription does if its projection has changed since its checkpoint was stored
/// ([changes are noticed](crate::guarantees#changes-are-noticed)).
///
/// A projection has changed if its [fingerprint](crate::projection::fingerprint()) has changed: its version, the events
/// that it handles, its tenant, or the read models that it declares with their columns. Its name is a part too: the
/// checkpoint is stored under the name of the subscription, which can be another one
/// ([`SubscriptionConfig::name`](super::SubscriptionConfig::name)).
///
/// | kind | what happens after a change |
/// | --- | --- |
/// | transactional | what the value says; `RebuildSideBySide` needs declared read models |
/// | durable memory | the log is replayed into a new state, also with `Refuse` |
/// | memory | nothing: there is no stored checkpoint |
/// | effects | `Refuse` fails. `Rebuild` needs a truncate hook, and then repeats every effect. To keep the past unsent, subscribe under a new name with [`after`](super::SubscriptionConfig::after) the position of the old checkpoint. |
///
/// If a rebuild is not possible, for example because there is no truncate hook, `subscribe` succeeds, and the start
/// ends in [`SubscriptionState::Refused`](crate::subscription::SubscriptionState::Refused) with the reason.
///
/// Versions are compared as numbers. A program with a lower version than the checkpoint never rebuilds the read model
/// and never takes it over. With `Refuse`, [`subscribe`](crate::SubscriptionManager::subscribe) fails with
/// [`SubscribeError::OlderVersion`](crate::subscription::SubscribeError::OlderVersion). With the other values the
/// subscription waits ([`SubscriptionState::Outdated`](crate::subscription::SubscriptionState::Outdated)). To go back
/// to a lower version on purpose, use
/// [`SubscriptionConfig::allow_older_version`](super::SubscriptionConfig::allow_older_version).
///
/// The value applies when a subscription starts. If another process replaces the read model while the subscription
/// runs, the subscription is [`Fenced`](crate::subscription::SubscriptionState::Fenced) for one lease. Then its state
/// is
/// - `Outdated` if the other version is higher and the value is not `Refuse`,
/// - [`Refused`](crate::subscription::SubscriptionState::Refused) otherwise. It does not replace the read model again:
///   two programs would replace each other's in turns. Its next start decides again.
///
/// ```
/// use eventsource::SubscriptionConfig;
/// use eventsource::subscription::OnChange;
///
/// let config = SubscriptionConfig::default().on_change(OnChange::Rebuild);
/// # let _ = config;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum OnChange {
    /// `subscribe` fails with [`SubscribeError::Changed`](crate::subscription::SubscribeError::Changed), which contains
    /// both fingerprints. The default.
    #[default]
    Refuse,
    /// Rebuilds in place: empties the read model and replays the log into it. Readers see it grow. A table whose
    /// columns have changed is replaced by an empty one. Needs a truncate hook.
    ///
    /// While a process with another version owns the subscription, this one waits as its
    /// [`Standby`](crate::subscription::SubscriptionState::Standby). The rebuild begins when that process has stopped.
    Rebuild,
    /// Builds the declared read models in new tables while the present ones serve, and switches in one transaction. A
    /// process that runs the earlier version keeps the present ones current until then; the switch fences it.
    ///
    /// Until the switch, the readers of every process get the earlier read model. A query of a column that it does not
    /// have fails with [`ReadModelError::Mismatch`](crate::ReadModelError::Mismatch). The
    /// [deployment](crate::guide::deployment) guide lists each step, and what can prevent the switch.
    RebuildSideBySide,
}

/// What a subscription does about a stored event of an unknown type
/// ([unknown is explicit](crate::guarantees#unknown-is-explicit)).
///
/// A type is unknown if the registry of the manager does not list it, as a name or an alias, and no subscription of the
/// manager handles it.
///
/// ```
/// use eventsource::SubscriptionConfig;
/// use eventsource::subscription::UnknownEvents;
///
/// let config = SubscriptionConfig::default().on_unknown(UnknownEvents::Fault);
/// # let _ = config;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum UnknownEvents {
    /// Skips the event, like every event that the projection does not handle, and lists its type in
    /// [`SubscriptionStatus::unknown_types`](crate::subscription::SubscriptionStatus::unknown_types). The default.
    ///
    /// The manager logs one warning for each type, about a second after a subscription has passed its first event. A
    /// subscriber that handles every type gets the event instead.
    #[default]
    PassOver,
    /// Applies everything before the event, then stops the subscription as faulted. This includes events that the
    /// projection does not handle. Costs one more query of the event store for each page.
    Fault,
}
