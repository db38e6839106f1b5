//! The configuration of a subscription.

mod check;
mod choices;
mod policy;
mod setters;

use std::time::Duration;

use crate::event::Position;
use crate::store::{PAGE_BYTES, PageLimit};

pub use check::InvalidOption;
pub use choices::{OnChange, StartFrom, UnknownEvents};
pub(super) use policy::FailurePolicies;
pub use policy::{FailureLimit, FailurePolicy, RetryPolicy};

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
    pub(in crate::subscription) handler_timeout: Duration,
    pub(in crate::subscription) outage_limit: Option<Duration>,
    pub(in crate::subscription) lease: Duration,
    pub(in crate::subscription) on_change: OnChange,
    pub(in crate::subscription) allow_older_version: bool,
    pub(in crate::subscription) on_unknown: UnknownEvents,
    pub(in crate::subscription) snapshot_every: u64,
    pub(in crate::subscription) seed: Option<u64>,
}

impl Default for SubscriptionConfig {
    fn default() -> Self {
        Self {
            name: None,
            tenant: None,
            start: StartFrom::Checkpoint,
            require_fresh: false,
            batch_size: 1_000,
            batch_bytes: PAGE_BYTES,
            poll_interval: Duration::from_millis(500),
            retry: RetryPolicy::default(),
            failures: FailurePolicies::default(),
            handler_timeout: Duration::from_secs(60),
            outage_limit: None,
            lease: Duration::from_secs(4),
            on_change: OnChange::Refuse,
            allow_older_version: false,
            on_unknown: UnknownEvents::PassOver,
            snapshot_every: 10_000,
            seed: None,
        }
    }
}

impl SubscriptionConfig {
    /// Continues from the checkpoint, and starts at the beginning of the log if there is none. Equal to the default.
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

    /// Starts at the beginning of the log, and continues from the checkpoint if there is one. Works as the default
    /// does.
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
    /// The position of the first start is not stored. Therefore a rebuild is refused, and so is the start of a durable
    /// memory projection whose stored state cannot be used. Use [`after`](Self::after) with a known position to allow
    /// both.
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
