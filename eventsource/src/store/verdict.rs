//! What an error of a database says: who is to blame, and what helps.

/// What an error of a database says: whether a handler is to blame for it, and what helps.
///
/// Each database has one table of its error codes, which its store, its units of work and its read models share:
/// SQLSTATE classes in PostgreSQL, result codes in SQLite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// The database cannot be reached, has nothing left to work with, or has ended the statement. It is asked again,
    /// with delays, for as long as it takes.
    Outage,
    /// Another transaction was in the way: a deadlock, a serialization failure, a lock that is not waited for. The
    /// batch is applied again at once.
    Conflict,
    /// What the connection remembers does not hold any more, such as the plan of a prepared statement after a table has
    /// changed. The batch is applied again at once, on another connection.
    StaleConnection,
    /// The handler failed, and may not fail the next time.
    Transient,
    /// The handler failed, and would fail again.
    Permanent,
    /// A table or a schema does not exist. Where it is that of a read model, no event is to blame, and the subscription
    /// faults. Where it is named by a handler's own SQL, the handler failed, and would fail again.
    NotSetUp,
}

impl Verdict {
    /// Whether the error says nothing about the event or its handler: the event is never given up because of it alone.
    #[must_use]
    pub const fn is_outage(self) -> bool {
        matches!(self, Self::Outage | Self::Conflict | Self::StaleConnection)
    }

    /// Whether trying again at once helps.
    #[must_use]
    pub const fn is_repeated_at_once(self) -> bool {
        matches!(self, Self::Conflict | Self::StaleConnection)
    }
}
