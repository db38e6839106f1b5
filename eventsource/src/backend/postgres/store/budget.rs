//! Divides the connections of a database into kinds.
//!
//! No task holds a connection while it waits for another one of the same kind. A unit of work can wait for shared
//! connections and for appenders, but these never wait for a unit of work. So there is no deadlock, and one unit of
//! work at a time is enough for any number of subscriptions.

use super::PostgresOpenError;

/// The maximum number of connections of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Budget {
    /// The connection that waits for notifications.
    pub(super) listener: u32,
    pub(super) appenders: u32,
    pub(super) readers: u32,
    /// With a pooler, these are some of the shared connections.
    pub(super) units: u32,
    /// The connections of queries, of checkpoints and of the caller.
    pub(super) shared: u32,
}

/// The smallest number of connections with which every kind of work makes progress.
pub(super) const FEWEST: u32 = 6;

impl Budget {
    /// Divides `connections`.
    pub(super) fn of(connections: u32, listens: bool, pooler: bool) -> Result<Self, PostgresOpenError> {
        if connections < FEWEST {
            return Err(PostgresOpenError::TooFewConnections { connections, fewest: FEWEST });
        }
        let listener = u32::from(listens);
        if pooler {
            let shared = connections - listener;
            return Ok(Self { listener, appenders: 0, readers: 0, units: shared / 2, shared });
        }
        let appenders = if connections < 12 { 1 } else { 2 };
        let readers = (connections / 6).clamp(1, 4);
        let rest = connections - listener - appenders - readers;
        Ok(Self { listener, appenders, readers, units: rest / 2, shared: rest - rest / 2 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budget_sums_up_to_the_connections() {
        for connections in FEWEST..200 {
            for listens in [false, true] {
                let Budget { listener, appenders, readers, units, shared } =
                    Budget::of(connections, listens, false).unwrap();
                assert_eq!(listener + appenders + readers + units + shared, connections);
                assert!(appenders >= 1 && readers >= 1 && units >= 1 && shared >= 2, "{connections}");
                let pooled = Budget::of(connections, listens, true).unwrap();
                assert_eq!(pooled.listener + pooled.shared, connections);
                assert!(pooled.units >= 1 && pooled.shared >= pooled.units + 2, "{pooled:?}");
            }
        }
    }

    #[test]
    fn budget_below_the_fewest_is_refused_with_the_sum() {
        let error = Budget::of(5, true, false).unwrap_err().to_string();
        assert!(error.contains("5 connections") && error.contains("at least 6"), "{error}");
        assert!(error.contains("1 that listens + 1 that appends + 1 that reads the log + 1"), "{error}");
    }
}
