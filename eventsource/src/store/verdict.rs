//! The classes of database errors.

/// The class of a database error: whether the handler has caused it, and whether a retry helps.
///
/// It decides what a subscription does after an error in a handler or a commit. An append does not use it: an
/// [`AppendError::Conflict`](crate::AppendError::Conflict) is another thing than [`Verdict::Conflict`].
///
/// Each database has one table from error codes to classes. Its units of work and its read models share the table. In
/// PostgreSQL (the first two characters of the SQLSTATE, and exceptions):
///
/// | class | codes |
/// | --- | --- |
/// | `Outage` | no connection; 08, 28, 3D, 53 (such as a full disk, 53100, or too many clients, 53300), 57 (such as a cancelled statement or `statement_timeout`, 57014), 58, F0; 25P04, 40003, 55006, HV00N, XX001, XX002 |
/// | `Conflict` | 40 (serialization failure, deadlock), 72; 55P03 (`NOWAIT`, `lock_timeout`) |
/// | `StaleConnection` | 26; 42P05; `cached plan must not change result type` |
/// | `NotSetUp` | 3F; 42P01 (no such table) |
/// | `Permanent` | 03, 0A, 0L, 0P, 10, 20, 21, 22 (a value that does not fit), 2B, 2D, 2F, 42 (syntax, no such column, no right), 44, 54; 55P02 |
/// | `Transient` | all others, such as 23 (a violated constraint), 25 (25P03, 25006: a read-only server), P0 |
///
/// ```
/// use eventsource::store::Verdict;
///
/// assert!(Verdict::Outage.is_outage() && !Verdict::Outage.is_repeated_at_once());
/// assert!(Verdict::Conflict.is_repeated_at_once());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// The database cannot be reached, has no resources left, or has cancelled the statement. The batch is retried with
    /// delays; by default without a limit ([`outage_limit`](crate::SubscriptionConfig::outage_limit)).
    Outage,
    /// Another transaction was in conflict: a deadlock, a serialization failure, or a lock with `NOWAIT`. The batch is
    /// repeated at once, up to 3 times in a row; then it is treated as an outage.
    Conflict,
    /// The state of the connection is outdated, such as the plan of a prepared statement after a table has changed. The
    /// batch is repeated at once, on another connection.
    StaleConnection,
    /// The handler failed. A retry may help.
    Transient,
    /// The handler failed. A retry does not help.
    Permanent,
    /// A table or a schema does not exist. If it belongs to a read model, the event is not the cause, and the
    /// subscription stops ([`Faulted`](crate::SubscriptionState::Faulted)). If the handler's own SQL names it, the
    /// handler failed, and a retry does not help.
    NotSetUp,
}

impl Verdict {
    /// Returns whether neither the event nor its handler has caused the error. No event becomes a dead letter because
    /// of it.
    #[must_use]
    pub const fn is_outage(self) -> bool {
        matches!(self, Self::Outage | Self::Conflict | Self::StaleConnection)
    }

    /// Returns whether the batch is repeated at once.
    #[must_use]
    pub const fn is_repeated_at_once(self) -> bool {
        matches!(self, Self::Conflict | Self::StaleConnection)
    }
}
