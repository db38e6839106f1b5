//! How a subscription is to run.

use std::time::Duration;

use super::policy::{FailureLimit, FailurePolicies, FailurePolicy, RetryPolicy};
use crate::event::Position;
use crate::store::{PAGE_BYTES, PageLimit, check_name};

/// Where a subscription starts while it has no checkpoint. A subscription that has one goes on from there, whatever this
/// says: see [`SubscriptionConfig::require_fresh`] to refuse that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum StartFrom {
    /// At its checkpoint; at the beginning of the log where there is none.
    #[default]
    Checkpoint,
    /// At the beginning of the log.
    Beginning,
    /// After the event that is the last one when the subscription first starts.
    End,
    /// After this position.
    After(Position),
}

/// What happens where the projection has changed since its checkpoint was made: its name, its version, the events that it
/// handles, their tenant, or the read models that it declares.
///
/// Versions are compared as numbers. A program whose version is lower than the one that made the checkpoint never rebuilds
/// the read model and never takes it over, whatever this says: with `Refuse` it is refused, and with the others it stands
/// aside ([`SubscriptionState::Outdated`](super::SubscriptionState::Outdated)) while the newer version runs. To go back on
/// purpose, see [`SubscriptionConfig::allow_older_version`].
///
/// It applies when a subscription starts. Where another process replaces the read model later, this one does not replace it
/// again by itself: it is refused, and a new start decides again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum OnChange {
    /// It is refused, with what it was and what it is.
    #[default]
    Refuse,
    /// It is rebuilt in place: its read model is emptied, and the log is replayed into it. Readers see it grow. A table with
    /// other columns is replaced by an empty one.
    Rebuild,
    /// The read models that it declares are built again beside those that serve, and take their place in one
    /// transaction. A process that runs the projection as it was keeps them current until then, and is fenced by the
    /// switch.
    ///
    /// Until the switch, readers of every process are answered from the read model as it was: a query of a column that
    /// it does not have fails with [`ReadModelError::Mismatch`](crate::ReadModelError::Mismatch). The guide of a
    /// [deployment](crate::guide::deployment) tells it moment by moment, and what is in the way of a switch.
    RebuildSideBySide,
}

/// What happens where the log holds an event of a type that no code knows ([unknown is explicit](crate::guarantees#unknown-is-explicit)): neither the catalogue of the manager
/// lists it, under its name or an alias, nor does a subscription of the manager ask for it by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum UnknownEvents {
    /// It is passed over, like all that the projection does not handle, and its type is listed in
    /// [`SubscriptionStatus::unknown_types`](super::SubscriptionStatus::unknown_types). The manager logs one warning a type,
    /// within about a second of the first event that a subscription passes. A subscriber that asks for every type is
    /// handed the event instead.
    #[default]
    PassOver,
    /// The subscription faults before it, whatever it handles itself: what stands before is applied, and nothing after it.
    /// The store is asked for such types after each page, so that a page costs one question more.
    Fault,
}

/// How a subscription is to run. Every value is checked when it is set.
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

/// A configuration asked for something that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{option}` is {value}, but must be {rule}")]
#[non_exhaustive]
pub struct ConfigError {
    /// The option.
    pub option: &'static str,
    /// The value it was given.
    pub value: String,
    /// What it must be.
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
    /// From the checkpoint; from the beginning where there is none. The same as the default.
    #[must_use]
    pub fn from_checkpoint() -> Self {
        Self::default()
    }

    /// Starts at the beginning of the log while there is no checkpoint, and goes on from the checkpoint otherwise. The same
    /// as the default, spelled out.
    #[must_use]
    pub fn from_beginning() -> Self {
        Self { start: StartFrom::Beginning, ..Self::default() }
    }

    /// Starts at the end of the log while there is no checkpoint, and goes on from the checkpoint otherwise: the
    /// subscription handles only events that are stored after its first start.
    ///
    /// The position of that first start is not kept. A rebuild in place or side by side is refused therefore, and so is a
    /// durable memory projection whose stored state cannot be used.
    #[must_use]
    pub fn from_end() -> Self {
        Self { start: StartFrom::End, ..Self::default() }
    }

    /// Starts after `position` while there is no checkpoint, and goes on from the checkpoint otherwise.
    #[must_use]
    pub fn after(position: Position) -> Self {
        Self { start: StartFrom::After(position), ..Self::default() }
    }

    /// Refuses to subscribe where a durable checkpoint exists, instead of going on from it. For a subscription that must
    /// start where its configuration says.
    ///
    /// It is checked by [`subscribe`](super::SubscriptionManager::subscribe), which then fails with
    /// [`SubscribeError::CheckpointExists`](super::SubscribeError::CheckpointExists). Later starts of the same manager go
    /// on from the checkpoint. The checkpoint of a memory projection is not durable, and never refused.
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

    /// Under this name, in place of the projection's: 1 to 255 bytes.
    ///
    /// # Errors
    /// [`ConfigError`] where the name is empty or longer.
    pub fn name(mut self, name: impl Into<String>) -> Result<Self, ConfigError> {
        let name = name.into();
        require((1..=255).contains(&name.len()), "name", format!("{name:?}"), "1 to 255 bytes long")?;
        self.name = Some(name);
        Ok(self)
    }

    /// Hands the projection only events of this tenant ([`Metadata::tenant`](crate::Metadata::tenant)); of every tenant, and
    /// without one, by default. The filter of the subscriber applies as well.
    ///
    /// The store filters. Events of other tenants are passed over: [`wait_for`](super::SubscriptionHandle::wait_for) the
    /// position of such an event returns once the subscription has passed it.
    ///
    /// The tenant belongs to what the checkpoint was made by: a changed tenant is a changed projection, and
    /// [`on_change`](Self::on_change) says what happens. To run one projection for several tenants, give each
    /// subscription a [name](Self::name) of its own, and a read model with a table of its own.
    ///
    /// [`subscribe`](super::SubscriptionManager::subscribe) fails with
    /// [`SubscribeError::ForeignTenant`](super::SubscribeError::ForeignTenant) if the subscriber's own filter asks for
    /// another tenant.
    ///
    /// ```
    /// use eventsource::SubscriptionConfig;
    ///
    /// let config = SubscriptionConfig::default().name("orders of acme")?.tenant("acme")?;
    /// # let _ = config;
    /// # Ok::<(), eventsource::subscription::ConfigError>(())
    /// ```
    ///
    /// # Errors
    /// [`ConfigError`] if the tenant is empty, longer than 512 bytes, or contains NUL: no event has such a tenant.
    pub fn tenant(mut self, tenant: impl Into<String>) -> Result<Self, ConfigError> {
        let tenant = tenant.into();
        let is_storable = !tenant.is_empty() && check_name("tenant", &tenant).is_ok();
        require(is_storable, "tenant", format!("{tenant:?}"), "1 to 512 bytes long, without NUL")?;
        self.tenant = Some(tenant);
        Ok(self)
    }

    /// The largest number of events that are read and applied at once; 1,000 by default. A page ends earlier where its
    /// events are large: see [`batch_bytes`](Self::batch_bytes).
    ///
    /// # Errors
    /// [`ConfigError`] outside 1 to 100,000.
    pub fn batch_size(mut self, events: usize) -> Result<Self, ConfigError> {
        require((1..=100_000).contains(&events), "batch_size", events, "1 to 100,000 events")?;
        self.batch_size = events;
        Ok(self)
    }

    /// The largest size of a page of events, in bytes; 8 MiB by default. A page ends before the event that would exceed
    /// it, and an event that is larger by itself is read alone. The size of an event is that of its payload and its
    /// metadata ([`RecordedEvent::size`](crate::RecordedEvent::size)).
    ///
    /// A subscription holds two pages in memory: the one that it applies and the next one. All subscriptions of a
    /// manager share four more, of the largest size that one of them asks for. Decoded events and the rows that
    /// handlers change come on top.
    ///
    /// ```
    /// use eventsource::SubscriptionConfig;
    ///
    /// let config = SubscriptionConfig::default().batch_bytes(1024 * 1024)?;
    /// assert!(config.batch_bytes(0).is_err());
    /// # Ok::<(), eventsource::subscription::ConfigError>(())
    /// ```
    ///
    /// # Errors
    /// [`ConfigError`] outside 1 KiB to 1 GiB.
    pub fn batch_bytes(mut self, bytes: usize) -> Result<Self, ConfigError> {
        let sensible = (1_024..=1_024 * 1_024 * 1_024).contains(&bytes);
        require(sensible, "batch_bytes", bytes, "1 KiB to 1 GiB (1,024 to 1,073,741,824 bytes)")?;
        self.batch_bytes = bytes;
        Ok(self)
    }

    /// How large a page of the log may be.
    pub(super) const fn page_limit(&self) -> PageLimit {
        PageLimit::events(self.batch_size).within_bytes(self.batch_bytes)
    }

    /// How often the log is looked into when nothing wakes the subscription; 500 ms by default. The latency, at
    /// worst, of events that another process appends, or of a lost wake-up.
    ///
    /// # Errors
    /// [`ConfigError`] outside 1 ms to 1 hour.
    pub fn poll_interval(mut self, interval: Duration) -> Result<Self, ConfigError> {
        let sensible = (Duration::from_millis(1)..=Duration::from_secs(3_600)).contains(&interval);
        require(sensible, "poll_interval", format!("{interval:?}"), "1 ms to 1 hour")?;
        self.poll_interval = interval;
        Ok(self)
    }

    /// How a failing handler is retried.
    #[must_use]
    pub const fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// What becomes of an event whose retries are spent, whatever its error; [`FailurePolicy::DeadLetter`] by default.
    #[must_use]
    pub const fn on_failure(self, policy: FailurePolicy) -> Self {
        self.on_transient_failure(policy).on_permanent_failure(policy)
    }

    /// What becomes of an event whose last error was [transient](crate::projection::ErrorClass::Transient).
    #[must_use]
    pub const fn on_transient_failure(mut self, policy: FailurePolicy) -> Self {
        self.failures.transient = policy;
        self
    }

    /// What becomes of an event whose last error was [permanent](crate::projection::ErrorClass::Permanent).
    #[must_use]
    pub const fn on_permanent_failure(mut self, policy: FailurePolicy) -> Self {
        self.failures.permanent = policy;
        self
    }

    /// What becomes of an event that fails in a rebuild, whatever its error; as in normal running by default.
    #[must_use]
    pub const fn on_failure_in_rebuild(mut self, policy: FailurePolicy) -> Self {
        self.failures.in_rebuild = Some(policy);
        self
    }

    /// How many events may fail, before the subscription faults rather than put the log aside event by event.
    #[must_use]
    pub const fn failure_limit(mut self, limit: FailureLimit) -> Self {
        self.failures.limit = limit;
        self
    }

    /// How long one call of a handler may take; 60 s by default. A call that takes longer is dropped, and has failed. A
    /// handler that blocks its thread cannot be interrupted.
    ///
    /// # Errors
    /// [`ConfigError`] outside 1 ms to 1 day.
    pub fn handler_timeout(mut self, timeout: Duration) -> Result<Self, ConfigError> {
        let sensible = (Duration::from_millis(1)..=Duration::from_secs(86_400)).contains(&timeout);
        require(sensible, "handler_timeout", format!("{timeout:?}"), "1 ms to 1 day")?;
        self.handler_timeout = timeout;
        Ok(self)
    }

    /// For how long an event may meet an outage whenever it runs alone, while the database answers other questions, such
    /// as a statement that always takes longer than the server's `statement_timeout`, or one that ends its own
    /// connection. After that time, and at least three times, the event has failed, and its
    /// [policy](Self::on_transient_failure) applies. By default there is no limit: the subscription waits for as long as
    /// it takes, and its state names the event, the cause and since when.
    ///
    /// An outage of the whole database is never an event's failure, however long it takes.
    ///
    /// ```
    /// use std::time::Duration;
    /// use eventsource::SubscriptionConfig;
    ///
    /// let config = SubscriptionConfig::default().outage_limit(Duration::from_secs(600))?;
    /// # let _ = config;
    /// # Ok::<(), eventsource::subscription::ConfigError>(())
    /// ```
    ///
    /// # Errors
    /// [`ConfigError`] outside 1 ms to 30 days.
    pub fn outage_limit(mut self, time: Duration) -> Result<Self, ConfigError> {
        let sensible = (Duration::from_millis(1)..=Duration::from_secs(30 * 86_400)).contains(&time);
        require(sensible, "outage_limit", format!("{time:?}"), "1 ms to 30 days")?;
        self.outage_limit = Some(time);
        Ok(self)
    }

    /// After how many events the state of a durable memory projection is stored; 10,000 by default. It is stored at a
    /// stop as well, and when an event becomes a dead letter.
    ///
    /// # Errors
    /// [`ConfigError`] for 0.
    pub fn snapshot_every(mut self, events: u64) -> Result<Self, ConfigError> {
        require(events > 0, "snapshot_every", events, "at least 1 event")?;
        self.snapshot_every = events;
        Ok(self)
    }

    /// How long a durable checkpoint stays this process's own after it was heard of last; 4 s by default. Another
    /// process with the same subscription waits as a standby, and takes over when the lease has run out, or at once
    /// when the subscription stops. The lease is renewed three times in that time.
    ///
    /// A process that hangs is taken over like one that has died, and is fenced when it wakes. It then stands by again after
    /// a pause of one lease, at most 10 s; a subscription that is fenced twice within a minute faults. What it holds in the
    /// database is waited for first: in PostgreSQL its open transaction, which the server ends after
    /// `PostgresOptions::idle_in_transaction_session_timeout`; on SQLite the write lock of the file, where it hangs in the
    /// middle of a batch. That lock nobody can take from a process that lives: until it wakes or is killed, whoever
    /// writes to the file waits, the standby says so, and appends end as busy.
    ///
    /// # Errors
    /// [`ConfigError`] outside 50 ms to 1 hour.
    pub fn lease(mut self, time: Duration) -> Result<Self, ConfigError> {
        let sensible = (Duration::from_millis(50)..=Duration::from_secs(3_600)).contains(&time);
        require(sensible, "lease", format!("{time:?}"), "50 ms to 1 hour")?;
        self.lease = time;
        Ok(self)
    }

    /// What happens where the projection has changed since its checkpoint was made; [`OnChange::Refuse`] by default.
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

    /// Lets a lower version of the projection take a read model over that a higher one has made, as
    /// [`on_change`](Self::on_change) says: the way back to an older program. Without it, a lower version is refused or
    /// stands aside. Stop the newer program first: it is fenced otherwise.
    ///
    /// The other way is [`reset`](super::SubscriptionHandle::reset): without a checkpoint any version may start.
    ///
    /// ```
    /// use eventsource::SubscriptionConfig;
    /// use eventsource::subscription::OnChange;
    ///
    /// // Version 1 is deployed again, and makes the read model of version 2 its own by a rebuild.
    /// let config = SubscriptionConfig::default().on_change(OnChange::Rebuild).allow_older_version();
    /// # let _ = config;
    /// ```
    #[must_use]
    pub const fn allow_older_version(mut self) -> Self {
        self.allow_older_version = true;
        self
    }

    /// What happens where the log holds an event of a type that no code knows; [`UnknownEvents::PassOver`] by default.
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

    /// The jitter of delays is drawn from this seed, so that a run under a paused clock can be repeated. Otherwise it is
    /// another one each time.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }
}
