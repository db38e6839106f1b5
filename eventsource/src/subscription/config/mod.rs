//! The configuration of a subscription.

mod check;
mod choices;
mod failure_setters;
mod policy;
mod restart;
mod setters;

use std::time::Duration;

use crate::event::Position;
use crate::store::{PAGE_BYTES, PageLimit};

pub use check::InvalidOption;
pub(super) use choices::StartFrom;
pub use choices::{OnChange, UnknownEvents};
pub(super) use policy::FailurePolicies;
pub use policy::{FailureLimit, FailurePolicy, RetryPolicy};
pub use restart::RestartPolicy;

/// How a subscription runs: where it starts, how much it reads at once, and what it does when something fails.
///
/// Start with one of the constructors and change what you need. A configuration is built without errors.
/// [`subscribe`](super::SubscriptionManager::subscribe) checks it, and fails with
/// [`SubscribeError::InvalidConfig`](super::SubscribeError::InvalidConfig), which lists every option that is out of its
/// range. Ask [`invalid_options`](Self::invalid_options) to check it earlier, for example when a program reads its
/// settings.
///
/// ```
/// use std::time::Duration;
/// use eventsource::SubscriptionConfig;
///
/// let config = SubscriptionConfig::from_beginning().batch_size(500).poll_interval(Duration::from_secs(2));
/// assert!(config.invalid_options().is_empty());
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SubscriptionConfig {
    pub(in crate::subscription) name: Option<String>,
    pub(in crate::subscription) tenant: Option<String>,
    pub(in crate::subscription) start: StartFrom,
    pub(in crate::subscription) require_fresh: bool,
    pub(in crate::subscription) batch_size: usize,
    pub(in crate::subscription) batch_bytes: usize,
    pub(in crate::subscription) poll_interval: Duration,
    pub(in crate::subscription) retry: RetryPolicy,
    pub(in crate::subscription) failures: FailurePolicies,
    pub(in crate::subscription) restart: RestartPolicy,
    pub(in crate::subscription) handler_timeout: Duration,
    pub(in crate::subscription) outage_limit: Option<Duration>,
    pub(in crate::subscription) keep_dismissed: Option<Duration>,
    pub(in crate::subscription) lease: Duration,
    pub(in crate::subscription) on_change: OnChange,
    pub(in crate::subscription) allow_older_version: bool,
    pub(in crate::subscription) on_unknown: UnknownEvents,
    pub(in crate::subscription) snapshot_every: u64,
    pub(in crate::subscription) gates_readiness: bool,
    pub(in crate::subscription) seed: Option<u64>,
}

impl Default for SubscriptionConfig {
    fn default() -> Self {
        Self {
            name: None,
            tenant: None,
            start: StartFrom::Beginning,
            require_fresh: false,
            batch_size: 1_000,
            batch_bytes: PAGE_BYTES,
            poll_interval: Duration::from_millis(500),
            retry: RetryPolicy::default(),
            failures: FailurePolicies::default(),
            restart: RestartPolicy::never(),
            handler_timeout: Duration::from_secs(60),
            outage_limit: None,
            keep_dismissed: Some(Duration::from_hours(90 * 24)),
            lease: Duration::from_secs(4),
            on_change: OnChange::Refuse,
            allow_older_version: false,
            on_unknown: UnknownEvents::PassOver,
            snapshot_every: 10_000,
            gates_readiness: false,
            seed: None,
        }
    }
}

impl SubscriptionConfig {
    /// Continues from the checkpoint, and starts at the beginning of the log if there is none. This is the default.
    ///
    /// [`from_beginning`](Self::from_beginning) does the same.
    ///
    /// ```
    /// use eventsource::SubscriptionConfig;
    ///
    /// assert_eq!(SubscriptionConfig::from_checkpoint(), SubscriptionConfig::default());
    /// ```
    #[must_use]
    pub fn from_checkpoint() -> Self {
        Self::default()
    }

    /// Starts at the beginning of the log at the first start, and continues from the checkpoint at each later one.
    ///
    /// It does the same as [`from_checkpoint`](Self::from_checkpoint) and the default: use the name that reads better.
    /// It does not replay the log at each start. To replay it, call [`rebuild`](crate::SubscriptionHandle::rebuild).
    ///
    /// ```
    /// use eventsource::SubscriptionConfig;
    ///
    /// let config = SubscriptionConfig::from_beginning();
    /// # let _ = config;
    /// ```
    #[must_use]
    pub fn from_beginning() -> Self {
        Self { start: StartFrom::Beginning, ..Self::default() }
    }

    /// Starts at the end of the log, and continues from the checkpoint if there is one. The subscription handles only
    /// events that are stored after its first start.
    ///
    /// The first start stores a checkpoint at the end of the log, before it applies an event. So events that are
    /// appended after that are applied also after a crash, even if none was applied before it. A memory projection has
    /// no stored checkpoint: it starts at the present end in each process.
    ///
    /// As the checkpoint moves, the position of the first start is lost, so a replay would not know where to begin:
    /// - A rebuild fails with [`RebuildError::StartsAtEnd`](crate::subscription::RebuildError::StartsAtEnd).
    /// - A changed projection with an [`on_change`](Self::on_change) that rebuilds is
    ///   [`Refused`](crate::SubscriptionState::Refused) at its start.
    /// - A durable memory projection is refused at its start if its stored state cannot be read.
    ///
    /// Use [`after`](Self::after) with a known position to allow all of them.
    ///
    /// ```
    /// use eventsource::SubscriptionConfig;
    ///
    /// // Sends mails for new orders, not for those of the last ten years.
    /// let config = SubscriptionConfig::from_end();
    /// # let _ = config;
    /// ```
    #[must_use]
    pub fn from_end() -> Self {
        Self { start: StartFrom::End, ..Self::default() }
    }

    /// Starts after `position`, and continues from the checkpoint if there is one.
    ///
    /// The position is not checked. If it is beyond the end of the log, the subscription waits until the log has events
    /// after it. If it was taken from another log, it has no meaning in this one.
    ///
    /// ```
    /// use eventsource::{Position, SubscriptionConfig};
    ///
    /// let config = SubscriptionConfig::after(Position::new(1_000));
    /// # let _ = config;
    /// ```
    #[must_use]
    pub fn after(position: Position) -> Self {
        Self { start: StartFrom::After(position), ..Self::default() }
    }

    /// Returns the limit of a page, in events and in bytes.
    pub(in crate::subscription) const fn page_limit(&self) -> PageLimit {
        PageLimit::events(self.batch_size).within_bytes(self.batch_bytes)
    }
}
