//! The classes of database errors.

/// The class of a database error: whether the handler has caused it, and whether a retry helps.
///
/// Each database has one table from error codes to classes: SQLSTATE classes in PostgreSQL, result codes in SQLite. Its
/// store, its units of work and its read models share the table.
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
    /// delays; by default without a limit.
    Outage,
    /// Another transaction was in conflict: a deadlock, a serialization failure, or a lock with `NOWAIT`. The batch is
    /// repeated at once.
    Conflict,
    /// The state of the connection is outdated, such as the plan of a prepared statement after a table has changed. The
    /// batch is repeated at once, on another connection.
    StaleConnection,
    /// The handler failed. A retry may help.
    Transient,
    /// The handler failed. A retry does not help.
    Permanent,
    /// A table or a schema does not exist. If it belongs to a read model, the event is not the cause, and the
    /// subscription stops with a fault. If the handler's own SQL names it, the handler failed, and a retry does not
    /// help.
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
