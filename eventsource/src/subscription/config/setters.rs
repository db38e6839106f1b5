//! The options of a subscription.

use std::time::Duration;

use super::SubscriptionConfig;
use super::choices::{OnChange, UnknownEvents};

impl SubscriptionConfig {
    /// Refuses to subscribe if a durable checkpoint exists. Use it if the subscription must start where its
    /// configuration says.
    ///
    /// [`subscribe`](crate::SubscriptionManager::subscribe) checks this, and fails with
    /// [`SubscribeError::CheckpointExists`](crate::subscription::SubscribeError::CheckpointExists). Later starts of the
    /// same manager continue from the checkpoint. A checkpoint is durable for every kind of projection except memory,
    /// so a memory projection is never refused.
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
    /// [`hand_over`](crate::SubscriptionManager::hand_over) to rename a subscription that has run.
    ///
    /// Every character except NUL is allowed. Names that end with `~next` or `__next` are reserved for rebuilds side by
    /// side. [`subscribe`](crate::SubscriptionManager::subscribe) checks the name.
    ///
    /// # Examples
    /// ```
    /// use eventsource::SubscriptionConfig;
    ///
    /// let config = SubscriptionConfig::default().name("revenue-of-2026");
    /// # let _ = config;
    /// ```
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Gives the projection only the events of this tenant ([`Metadata::tenant`](crate::Metadata::tenant)). By default
    /// it gets the events of every tenant, and those without one. The filter of the subscriber applies too.
    ///
    /// The store filters. The subscription skips the events of other tenants:
    /// [`wait_for`](crate::SubscriptionHandle::wait_for) the position of such an event ends when the subscription has
    /// passed it.
    ///
    /// The tenant is a part of the fingerprint: with another tenant, the projection has changed, and
    /// [`on_change`](Self::on_change) says what happens.
    ///
    /// To run one projection type for several tenants, give each subscription its own [name](Self::name). That works if
    /// the projection declares no read models. The table of a declared read model is a part of the type and has one
    /// owner, so a projection with `read_models(…)` cannot run for two tenants: leave the tenant out and store it in a
    /// column, or write one projection type and one row type for each tenant.
    ///
    /// # Examples
    /// ```
    /// use eventsource::SubscriptionConfig;
    ///
    /// let config = SubscriptionConfig::default().name("orders of acme").tenant("acme");
    /// # let _ = config;
    /// ```
    #[must_use]
    pub fn tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// Sets how many events are read and applied at once, at most. The default is 1,000; allowed are 1 to 100,000.
    ///
    /// A transactional projection applies a batch in one transaction. A stop, a pause and a retry of letters wait for
    /// the end of the batch. A batch is smaller if its events are large: see [`batch_bytes`](Self::batch_bytes).
    ///
    /// # Examples
    /// ```
    /// use eventsource::SubscriptionConfig;
    ///
    /// let config = SubscriptionConfig::default().batch_size(200);
    /// # let _ = config;
    /// ```
    #[must_use]
    pub const fn batch_size(mut self, events: usize) -> Self {
        self.batch_size = events;
        self
    }

    /// Sets how large a page of events may be, in bytes. The default is 8 MiB; allowed are 1 KiB to 1 GiB.
    ///
    /// A page ends before the event that would exceed the limit. An event that is larger than the limit is read alone.
    /// The size of an event is that of its payload and its metadata
    /// ([`RecordedEvent::size`](crate::RecordedEvent::size)).
    ///
    /// A subscription holds two pages in memory: the present one and the next one. In addition, all subscriptions of a
    /// manager together share four pages, of the largest limit among them ([bounded
    /// memory](crate::guarantees#bounded-memory)). So 30 subscriptions with the default hold at most 64 pages or 512
    /// MiB, if every page is full. Decoded events and the rows that handlers change are not counted.
    ///
    /// # Examples
    /// ```
    /// use eventsource::SubscriptionConfig;
    ///
    /// let config = SubscriptionConfig::default().batch_bytes(1024 * 1024);
    /// # let _ = config;
    /// ```
    #[must_use]
    pub const fn batch_bytes(mut self, bytes: usize) -> Self {
        self.batch_bytes = bytes;
        self
    }

    /// Sets how often the subscription reads the log if nothing wakes it. The default is 500 ms; allowed are 1 ms to
    /// 1 hour.
    ///
    /// This is the longest delay of an event whose wake-up was lost, or that another process appended without a
    /// notifier ([wake-ups carry no data](crate::guarantees#wake-ups-carry-no-data)).
    ///
    /// An idle subscription costs the event store at most one query each interval. Subscriptions of a manager that are
    /// at the same place in the log share a read.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use eventsource::SubscriptionConfig;
    ///
    /// let config = SubscriptionConfig::default().poll_interval(Duration::from_millis(100));
    /// # let _ = config;
    /// ```
    #[must_use]
    pub const fn poll_interval(mut self, interval: Duration) -> Self {
        self.poll_interval = interval;
        self
    }

    /// Sets after how many applied events the state of a durable memory projection is stored. The default is 10,000;
    /// allowed is every number above 0.
    ///
    /// This stored state is called a snapshot in other places; it has nothing to do with the snapshot of an aggregate.
    /// It is also stored when the subscription stops, and when an event becomes a dead letter. A start replays
    /// the events after the stored state. Other kinds of projections ignore this value.
    ///
    /// # Examples
    /// ```
    /// use eventsource::SubscriptionConfig;
    ///
    /// let config = SubscriptionConfig::default().snapshot_every(1_000);
    /// # let _ = config;
    /// ```
    #[must_use]
    pub const fn snapshot_every(mut self, events: u64) -> Self {
        self.snapshot_every = events;
        self
    }

    /// Sets the lease on a durable checkpoint. The default is 4 s, renewed every third of it; allowed are 50 ms to
    /// 1 hour.
    ///
    /// The checkpoint of every kind of projection except memory is durable. Another process with the same subscription
    /// is a standby: see [several processes](crate::subscription#several-processes). It tries to take over four times
    /// in each lease, so with the default it takes over at most 5 s after the last renewal of an owner that has died,
    /// and within 1 s after the owner has stopped. The clock of the checkpoint store counts.
    ///
    /// A task of its own renews the lease, also while a handler runs, so a handler may take longer than the lease. A
    /// handler that blocks its thread stops the renewal in a tokio runtime with one thread. A renewal that fails is
    /// tried again after a third of the lease.
    ///
    /// A process that hangs loses its lease like one that has died: when it continues, it is fenced, and becomes a
    /// standby again after a pause of one lease, at most 10 s. A subscription that is fenced twice within a minute
    /// stops ([`FencedAgain`](crate::SubscriptionState::FencedAgain)). A shorter lease makes takeovers faster, but a
    /// short stall of the host or the database then fences the owner. Choose it longer than the longest stall that you
    /// expect.
    ///
    /// A takeover also waits for what a hanging owner holds in the database:
    /// - On PostgreSQL that is an open transaction. The server ends it after
    ///   `PostgresOptions::idle_in_transaction_session_timeout`, 30 s by default. It does so too if
    ///   the host of the owner has vanished.
    /// - On SQLite that is the write lock of the file, if the process hangs in the middle of a batch. No other process
    ///   can take this lock: until the owner wakes or is killed, every writer waits, the standby says so in its state,
    ///   and appends fail as busy.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use eventsource::SubscriptionConfig;
    ///
    /// let config = SubscriptionConfig::default().lease(Duration::from_secs(10));
    /// # let _ = config;
    /// ```
    #[must_use]
    pub const fn lease(mut self, time: Duration) -> Self {
        self.lease = time;
        self
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
    /// Without it, a lower version is refused or waits: see [`OnChange`]. Stop the program with the higher version
    /// first. If it still runs, [`OnChange::Rebuild`] waits as its standby until it stops, and
    /// [`OnChange::RebuildSideBySide`] takes the read model from it at the switch, which fences that program. You can
    /// also [`reset`](crate::SubscriptionHandle::reset) the subscription: without a checkpoint, any version may start.
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

    /// Makes the readiness of the process depend on this subscription ([`Health::ready`](crate::subscription::Health)).
    ///
    /// By default no subscription is named, and the readiness depends on all of them. As soon as one subscription of a
    /// manager is named, it depends on the named ones only; the problems of the others are reported.
    ///
    /// # Examples
    /// ```
    /// use eventsource::SubscriptionConfig;
    ///
    /// // Requests are answered from this read model. The other projections may lag behind.
    /// let config = SubscriptionConfig::default().gates_readiness();
    /// # let _ = config;
    /// ```
    #[must_use]
    pub const fn gates_readiness(mut self) -> Self {
        self.gates_readiness = true;
        self
    }

    /// Sets the seed of the random part of delays. By default each run has another seed.
    ///
    /// Use it in a test with the paused clock of tokio (`tokio::time::pause`), so that each run of the test has the
    /// same delays.
    ///
    /// ```
    /// use eventsource::SubscriptionConfig;
    ///
    /// let config = SubscriptionConfig::default().seed(42);
    /// # let _ = config;
    /// ```
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }
}
