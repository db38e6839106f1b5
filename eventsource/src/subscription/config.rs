//! The configuration of a subscription.

use std::time::Duration;

use super::policy::{FailureLimit, FailurePolicies, FailurePolicy, RetryPolicy};
use crate::event::Position;
use crate::store::{PAGE_BYTES, PageLimit, check_name};

/// Where a subscription starts that has no checkpoint.
///
/// A subscription with a checkpoint always continues from the checkpoint. Use [`SubscriptionConfig::require_fresh`] to
/// refuse that.
///
/// ```
/// use eventsource::subscription::StartFrom;
///
/// assert_eq!(StartFrom::default(), StartFrom::Checkpoint);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum StartFrom {
    /// At the beginning of the log, like [`Beginning`](Self::Beginning). The default.
    #[default]
    Checkpoint,
    /// At the beginning of the log.
    Beginning,
    /// After the event that is the last one in the log when the subscription first starts.
    End,
    /// After this position.
    After(Position),
}

/// What a subscription does if its projection has changed since its checkpoint was stored
/// ([changes are noticed](crate::guarantees#changes-are-noticed)).
///
/// A projection has changed if its name, its version, the events that it handles, its tenant, or the read models that
/// it declares are other ones.
///
/// Versions are compared as numbers. A program with a lower version than the checkpoint never rebuilds the read model
/// and never takes it over. With `Refuse` it is refused. With the other values it waits
/// ([`SubscriptionState::Outdated`](super::SubscriptionState::Outdated)) while the newer version runs. To go back to a
/// lower version on purpose, use [`SubscriptionConfig::allow_older_version`].
///
/// The value applies when a subscription starts. If another process replaces the read model later, this process does
/// not replace it again: the subscription is refused, and its next start decides again.
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
    /// Fails with [`SubscribeError::Changed`](super::SubscribeError::Changed), which contains both fingerprints. The
    /// default.
    #[default]
    Refuse,
    /// Rebuilds in place: empties the read model and replays the log into it. Readers see it grow. A table whose
    /// columns have changed is replaced by an empty one.
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
    /// [`SubscriptionStatus::unknown_types`](super::SubscriptionStatus::unknown_types). The default.
    ///
    /// The manager logs one warning for each type, about a second after a subscription has passed its first event. A
    /// subscriber that handles every type gets the event instead.
    #[default]
    PassOver,
    /// Applies everything before the event, then stops the subscription as faulted. This includes events that the
    /// projection does not handle. Costs one more query of the event store for each page.
    Fault,
}

/// How a subscription runs: where it starts, how much it reads at once, and what it does when something fails.
///
/// Start with one of the constructors and change what you need. Each method checks its value at once.
///
/// ```
/// use std::time::Duration;
/// use eventsource::SubscriptionConfig;
///
/// let config = SubscriptionConfig::from_beginning().batch_size(500)?.poll_interval(Duration::from_secs(2))?;
/// assert!(config.batch_size(0).unwrap_err().to_string().contains("batch_size"));
/// # Ok::<(), eventsource::subscription::ConfigError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SubscriptionConfig {
    pub(super) name: Option<String>,
    pub(super) tenant: Option<String>,
    pub(super) start: StartFrom,
    pub(super) require_fresh: bool,
    pub(super) batch_size: usize,
    pub(super) batch_bytes: usize,
    pub(super) poll_interval: Duration,
    pub(super) retry: RetryPolicy,
    pub(super) failures: FailurePolicies,
    pub(super) handler_timeout: Duration,
    pub(super) outage_limit: Option<Duration>,
    pub(super) lease: Duration,
    pub(super) on_change: OnChange,
    pub(super) allow_older_version: bool,
    pub(super) on_unknown: UnknownEvents,
    pub(super) snapshot_every: u64,
    pub(super) seed: Option<u64>,
}

/// A value of a configuration is out of its range.
///
/// ```
/// use eventsource::SubscriptionConfig;
///
/// let error = SubscriptionConfig::default().batch_size(0).unwrap_err();
/// assert_eq!(error.to_string(), "`batch_size` is 0, but must be 1 to 100,000 events");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{option}` is {value}, but must be {rule}")]
#[non_exhaustive]
pub struct ConfigError {
    /// The name of the option.
    pub option: &'static str,
    /// The value that was refused.
    pub value: String,
    /// The values that are allowed.
    pub rule: &'static str,
}

pub(super) fn require(
    holds: bool,
    option: &'static str,
    value: impl ToString,
    rule: &'static str,
) -> Result<(), ConfigError> {
    if holds { Ok(()) } else { Err(ConfigError { option, value: value.to_string(), rule }) }
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

    /// Refuses to subscribe if a durable checkpoint exists. Use it if the subscription must start where its
    /// configuration says.
    ///
    /// [`subscribe`](super::SubscriptionManager::subscribe) checks this, and fails with
    /// [`SubscribeError::CheckpointExists`](super::SubscribeError::CheckpointExists). Later starts of the same manager
    /// continue from the checkpoint. The checkpoint of a memory projection is not durable, so it is never refused.
    ///
    /// ```
    /// use eventsource::SubscriptionConfig;
    ///
    /// let config = SubscriptionConfig::from_end().require_fresh();
    /// # let _ = config;
    /// ```
    #[must_use]
    pub const fn require_fresh(mut self) -> Self {
        self.require_fresh = true;
        self
    }

    /// Sets the name of the subscription, 1 to 255 bytes. The default is the name of the projection.
    ///
    /// Two subscriptions of one projection need two names. The checkpoint is stored under the name: see
    /// [`hand_over`](super::SubscriptionManager::hand_over) to rename a subscription that has run.
    ///
    /// # Errors
    /// [`ConfigError`] if the name is empty or longer than 255 bytes.
    ///
    /// # Examples
    /// ```
    /// use eventsource::SubscriptionConfig;
    ///
    /// let config = SubscriptionConfig::default().name("revenue-of-2026")?;
    /// # let _ = config;
    /// # Ok::<(), eventsource::subscription::ConfigError>(())
    /// ```
    pub fn name(mut self, name: impl Into<String>) -> Result<Self, ConfigError> {
        let name = name.into();
        require((1..=255).contains(&name.len()), "name", format!("{name:?}"), "1 to 255 bytes long")?;
        self.name = Some(name);
        Ok(self)
    }

    /// Gives the projection only the events of this tenant ([`Metadata::tenant`](crate::Metadata::tenant)). By default
    /// it gets the events of every tenant, and those without one. The filter of the subscriber applies too.
    ///
    /// The store filters. The subscription skips the events of other tenants:
    /// [`wait_for`](super::SubscriptionHandle::wait_for) the position of such an event ends when the subscription has
    /// passed it.
    ///
    /// The tenant is a part of the fingerprint: with another tenant, the projection has changed, and
    /// [`on_change`](Self::on_change) says what happens. To run one projection for several tenants, give each
    /// subscription its own [name](Self::name), and each read model its own table.
    ///
    /// # Errors
    /// [`ConfigError`] if the tenant is empty, longer than 512 bytes, or contains NUL: no event has such a tenant.
    /// [`subscribe`](super::SubscriptionManager::subscribe) fails with
    /// [`SubscribeError::ForeignTenant`](super::SubscribeError::ForeignTenant) if the subscriber's own filter asks for
    /// another tenant.
    ///
    /// # Examples
    /// ```
    /// use eventsource::SubscriptionConfig;
    ///
    /// let config = SubscriptionConfig::default().name("orders of acme")?.tenant("acme")?;
    /// # let _ = config;
    /// # Ok::<(), eventsource::subscription::ConfigError>(())
    /// ```
    pub fn tenant(mut self, tenant: impl Into<String>) -> Result<Self, ConfigError> {
        let tenant = tenant.into();
        let is_storable = !tenant.is_empty() && check_name("tenant", &tenant).is_ok();
        require(is_storable, "tenant", format!("{tenant:?}"), "1 to 512 bytes long, without NUL")?;
        self.tenant = Some(tenant);
        Ok(self)
    }

    /// Sets how many events are read and applied at once, at most. The default is 1,000.
    ///
    /// A transactional projection applies a batch in one transaction. A batch is smaller if its events are large: see
    /// [`batch_bytes`](Self::batch_bytes).
    ///
    /// # Errors
    /// [`ConfigError`] outside 1 to 100,000.
    ///
    /// # Examples
    /// ```
    /// use eventsource::SubscriptionConfig;
    ///
    /// let config = SubscriptionConfig::default().batch_size(200)?;
    /// # let _ = config;
    /// # Ok::<(), eventsource::subscription::ConfigError>(())
    /// ```
    pub fn batch_size(mut self, events: usize) -> Result<Self, ConfigError> {
        require((1..=100_000).contains(&events), "batch_size", events, "1 to 100,000 events")?;
        self.batch_size = events;
        Ok(self)
    }

    /// Sets how large a page of events may be, in bytes. The default is 8 MiB.
    ///
    /// A page ends before the event that would exceed the limit. An event that is larger than the limit is read alone.
    /// The size of an event is that of its payload and its metadata
    /// ([`RecordedEvent::size`](crate::RecordedEvent::size)).
    ///
    /// A subscription holds two pages in memory: the present one and the next one. All subscriptions of a manager share
    /// four more pages, of the largest limit among them ([bounded memory](crate::guarantees#bounded-memory)). Decoded
    /// events and the rows that handlers change are not counted.
    ///
    /// # Errors
    /// [`ConfigError`] outside 1 KiB to 1 GiB.
    ///
    /// # Examples
    /// ```
    /// use eventsource::SubscriptionConfig;
    ///
    /// let config = SubscriptionConfig::default().batch_bytes(1024 * 1024)?;
    /// assert!(config.batch_bytes(0).is_err());
    /// # Ok::<(), eventsource::subscription::ConfigError>(())
    /// ```
    pub fn batch_bytes(mut self, bytes: usize) -> Result<Self, ConfigError> {
        let sensible = (1_024..=1_024 * 1_024 * 1_024).contains(&bytes);
        require(sensible, "batch_bytes", bytes, "1 KiB to 1 GiB (1,024 to 1,073,741,824 bytes)")?;
        self.batch_bytes = bytes;
        Ok(self)
    }

    /// The limit of a page, in events and in bytes.
    pub(super) const fn page_limit(&self) -> PageLimit {
        PageLimit::events(self.batch_size).within_bytes(self.batch_bytes)
    }

    /// Sets how often the subscription reads the log if nothing wakes it. The default is 500 ms.
    ///
    /// This is the longest delay of an event whose wake-up was lost, or that another process appended without a
    /// notifier ([wake-ups carry no data](crate::guarantees#wake-ups-carry-no-data)).
    ///
    /// # Errors
    /// [`ConfigError`] outside 1 ms to 1 hour.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use eventsource::SubscriptionConfig;
    ///
    /// let config = SubscriptionConfig::default().poll_interval(Duration::from_millis(100))?;
    /// # let _ = config;
    /// # Ok::<(), eventsource::subscription::ConfigError>(())
    /// ```
    pub fn poll_interval(mut self, interval: Duration) -> Result<Self, ConfigError> {
        let sensible = (Duration::from_millis(1)..=Duration::from_secs(3_600)).contains(&interval);
        require(sensible, "poll_interval", format!("{interval:?}"), "1 ms to 1 hour")?;
        self.poll_interval = interval;
        Ok(self)
    }

    /// Sets how often and how fast a failing handler is retried. The default is 5 attempts: see [`RetryPolicy`].
    ///
    /// ```
    /// use std::time::Duration;
    /// use eventsource::SubscriptionConfig;
    /// use eventsource::subscription::RetryPolicy;
    ///
    /// let policy = RetryPolicy::new(3, Duration::from_millis(50), Duration::from_secs(1))?;
    /// let config = SubscriptionConfig::default().retry(policy);
    /// # let _ = config;
    /// # Ok::<(), eventsource::subscription::ConfigError>(())
    /// ```
    #[must_use]
    pub const fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Sets what happens to an event whose retries are spent, for both classes of errors. The default is
    /// [`FailurePolicy::DeadLetter`].
    ///
    /// ```
    /// use eventsource::SubscriptionConfig;
    /// use eventsource::subscription::FailurePolicy;
    ///
    /// let config = SubscriptionConfig::default().on_failure(FailurePolicy::Stop);
    /// # let _ = config;
    /// ```
    #[must_use]
    pub const fn on_failure(self, policy: FailurePolicy) -> Self {
        self.on_transient_failure(policy).on_permanent_failure(policy)
    }

    /// Sets what happens to an event whose last error was [transient](crate::projection::ErrorClass::Transient). The
    /// default is [`FailurePolicy::DeadLetter`].
    ///
    /// ```
    /// use eventsource::SubscriptionConfig;
    /// use eventsource::subscription::FailurePolicy;
    ///
    /// // An error that a retry could cure stops the subscription. Another one becomes a dead letter.
    /// let config = SubscriptionConfig::default().on_transient_failure(FailurePolicy::Stop);
    /// # let _ = config;
    /// ```
    #[must_use]
    pub const fn on_transient_failure(mut self, policy: FailurePolicy) -> Self {
        self.failures.transient = policy;
        self
    }

    /// Sets what happens to an event whose last error was [permanent](crate::projection::ErrorClass::Permanent). It is
    /// not retried. The default is [`FailurePolicy::DeadLetter`].
    #[must_use]
    pub const fn on_permanent_failure(mut self, policy: FailurePolicy) -> Self {
        self.failures.permanent = policy;
        self
    }

    /// Sets what happens to an event that fails in a rebuild, for both classes of errors. By default the policies of
    /// normal operation apply.
    #[must_use]
    pub const fn on_failure_in_rebuild(mut self, policy: FailurePolicy) -> Self {
        self.failures.in_rebuild = Some(policy);
        self
    }

    /// Sets how many different events may fail before the subscription stops as faulted. The default is 20 events
    /// within a minute, or 20 in a row: see [`FailureLimit`].
    ///
    /// ```
    /// use eventsource::SubscriptionConfig;
    /// use eventsource::subscription::FailureLimit;
    ///
    /// let config = SubscriptionConfig::default().failure_limit(FailureLimit::none());
    /// # let _ = config;
    /// ```
    #[must_use]
    pub const fn failure_limit(mut self, limit: FailureLimit) -> Self {
        self.failures.limit = limit;
        self
    }

    /// Sets how long one call of a handler may take. The default is 60 s.
    ///
    /// A call that takes longer is dropped, and counts as failed. A handler that blocks its thread cannot be
    /// interrupted.
    ///
    /// # Errors
    /// [`ConfigError`] outside 1 ms to 1 day.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use eventsource::SubscriptionConfig;
    ///
    /// let config = SubscriptionConfig::default().handler_timeout(Duration::from_secs(5))?;
    /// # let _ = config;
    /// # Ok::<(), eventsource::subscription::ConfigError>(())
    /// ```
    pub fn handler_timeout(mut self, timeout: Duration) -> Result<Self, ConfigError> {
        let sensible = (Duration::from_millis(1)..=Duration::from_secs(86_400)).contains(&timeout);
        require(sensible, "handler_timeout", format!("{timeout:?}"), "1 ms to 1 day")?;
        self.handler_timeout = timeout;
        Ok(self)
    }

    /// Sets how long one event may cause outages, before it counts as failed. By default there is no limit.
    ///
    /// Some events always look like an outage, while the database answers other queries: for example a statement that
    /// always exceeds the server's `statement_timeout`, or a statement that ends its own connection. After this time,
    /// and at least three attempts, such an event has failed, and its [policy](Self::on_transient_failure) applies.
    /// Without a limit the subscription retries for ever, and its state names the event, the cause and the start time.
    ///
    /// An outage of the whole database never counts as the failure of an event.
    ///
    /// # Errors
    /// [`ConfigError`] outside 1 ms to 30 days.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use eventsource::SubscriptionConfig;
    ///
    /// let config = SubscriptionConfig::default().outage_limit(Duration::from_secs(600))?;
    /// # let _ = config;
    /// # Ok::<(), eventsource::subscription::ConfigError>(())
    /// ```
    pub fn outage_limit(mut self, time: Duration) -> Result<Self, ConfigError> {
        let sensible = (Duration::from_millis(1)..=Duration::from_secs(30 * 86_400)).contains(&time);
        require(sensible, "outage_limit", format!("{time:?}"), "1 ms to 30 days")?;
        self.outage_limit = Some(time);
        Ok(self)
    }

    /// Sets after how many applied events the state of a durable memory projection is stored. The default is 10,000.
    ///
    /// The state is also stored when the subscription stops, and when an event becomes a dead letter. A start replays
    /// the events after the stored state. Other kinds of projections ignore this value.
    ///
    /// # Errors
    /// [`ConfigError`] for 0.
    ///
    /// # Examples
    /// ```
    /// use eventsource::SubscriptionConfig;
    ///
    /// let config = SubscriptionConfig::default().snapshot_every(1_000)?;
    /// # let _ = config;
    /// # Ok::<(), eventsource::subscription::ConfigError>(())
    /// ```
    pub fn snapshot_every(mut self, events: u64) -> Result<Self, ConfigError> {
        require(events > 0, "snapshot_every", events, "at least 1 event")?;
        self.snapshot_every = events;
        Ok(self)
    }

    /// Sets the lease on a durable checkpoint. The default is 4 s, renewed every third of it.
    ///
    /// Another process with the same subscription is a standby. It takes over when the lease has expired, or at once
    /// when the owner stops. A process that hangs loses its lease like one that has died: when it wakes, it is fenced,
    /// and becomes a standby again after a pause of one lease, at most 10 s. A subscription that is fenced twice within
    /// a minute faults.
    ///
    /// A takeover also waits for what a hanging owner holds in the database:
    /// - On PostgreSQL that is an open transaction. The server ends it after
    ///   `PostgresOptions::idle_in_transaction_session_timeout`.
    /// - On SQLite that is the write lock of the file, if the process hangs in the middle of a batch. No other process
    ///   can take this lock: until the owner wakes or is killed, every writer waits, the standby says so in its state,
    ///   and appends fail as busy.
    ///
    /// # Errors
    /// [`ConfigError`] outside 50 ms to 1 hour.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use eventsource::SubscriptionConfig;
    ///
    /// let config = SubscriptionConfig::default().lease(Duration::from_secs(10))?;
    /// # let _ = config;
    /// # Ok::<(), eventsource::subscription::ConfigError>(())
    /// ```
    pub fn lease(mut self, time: Duration) -> Result<Self, ConfigError> {
        let sensible = (Duration::from_millis(50)..=Duration::from_secs(3_600)).contains(&time);
        require(sensible, "lease", format!("{time:?}"), "50 ms to 1 hour")?;
        self.lease = time;
        Ok(self)
    }

    /// Sets what the subscription does if its projection has changed since its checkpoint was stored. The default is
    /// [`OnChange::Refuse`].
    ///
    /// ```
    /// use eventsource::SubscriptionConfig;
    /// use eventsource::subscription::OnChange;
    ///
    /// let config = SubscriptionConfig::default().on_change(OnChange::RebuildSideBySide);
    /// # let _ = config;
    /// ```
    #[must_use]
    pub const fn on_change(mut self, action: OnChange) -> Self {
        self.on_change = action;
        self
    }

    /// Allows a lower version of the projection to replace the read model of a higher one, in the way that
    /// [`on_change`](Self::on_change) says. Use it to go back to an older program.
    ///
    /// Without it, a lower version is refused or waits. Stop the newer program first, otherwise it is fenced. You can
    /// also [`reset`](super::SubscriptionHandle::reset) the subscription: without a checkpoint, any version may start.
    ///
    /// ```
    /// use eventsource::SubscriptionConfig;
    /// use eventsource::subscription::OnChange;
    ///
    /// // Version 1 is deployed again, and rebuilds the read model of version 2.
    /// let config = SubscriptionConfig::default().on_change(OnChange::Rebuild).allow_older_version();
    /// # let _ = config;
    /// ```
    #[must_use]
    pub const fn allow_older_version(mut self) -> Self {
        self.allow_older_version = true;
        self
    }

    /// Sets what the subscription does about a stored event of an unknown type. The default is
    /// [`UnknownEvents::PassOver`].
    ///
    /// ```
    /// use eventsource::SubscriptionConfig;
    /// use eventsource::subscription::UnknownEvents;
    ///
    /// let config = SubscriptionConfig::default().on_unknown(UnknownEvents::Fault);
    /// # let _ = config;
    /// ```
    #[must_use]
    pub const fn on_unknown(mut self, policy: UnknownEvents) -> Self {
        self.on_unknown = policy;
        self
    }

    /// Sets the seed of the random part of delays, so that a test with a paused clock can be repeated. By default each
    /// run has another seed.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }
}
