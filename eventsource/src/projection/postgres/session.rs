//! The session of a batch: what handlers have changed of it, and how it is made as new.
//!
//! A connection of our own has no settings but those that it was opened with, and `RESET ALL` brings them back. Behind a
//! pooler the settings of a client, such as `TimeZone` and `client_encoding`, are set by the pooler when it gives a
//! transaction to a session of the server: `RESET ALL` would lose them. They are remembered at the begin of the
//! transaction, and brought back from there.

use crate::store::postgres::{PostgresDatabase, WRITE_ONLY_IN_A_UNIT};

/// Where the settings of a session come from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Settings {
    /// Those with which the connection was opened.
    Own,
    /// Those that a pooler has set for this transaction.
    Pooled,
}

/// The settings that the session was given, except for those that belong to the transaction.
macro_rules! is_given {
    () => {
        "name NOT LIKE 'transaction\\_%' AND name NOT IN ('default_transaction_read_only', \
         'idle_in_transaction_session_timeout')"
    };
}

/// Until the transaction ends, in a setting of its own: the settings by name.
const REMEMBER: &str = concat!(
    "SELECT set_config('eventsource.session', \
     (SELECT coalesce(json_object_agg(name, setting), '{}')::text FROM pg_settings WHERE source = 'session' AND ",
    is_given!(),
    "), true); "
);

const CHANGED: &str =
    concat!("SELECT string_agg(name, ', ' ORDER BY name) FROM pg_settings WHERE source = 'session' AND ", is_given!());

/// The settings that are not as [`REMEMBER`] found them. A handler that resets all settings resets that one as well.
const CHANGED_SINCE: &str = concat!(
    "SELECT CASE WHEN before.settings IS NULL THEN 'all settings' ELSE \
     (SELECT string_agg(name, ', ' ORDER BY name) FROM pg_settings \
     WHERE (source = 'session' OR before.settings ? name) \
     AND setting IS DISTINCT FROM coalesce(before.settings ->> name, reset_val) AND ",
    is_given!(),
    ") END FROM (SELECT nullif(current_setting('eventsource.session', true), '')::jsonb AS settings) AS before"
);

/// `RESET ALL`, and the settings again that [`REMEMBER`] found.
const RESET_SINCE: &str = "DO $session$ DECLARE before jsonb := nullif(current_setting('eventsource.session', true), ''); \
     BEGIN RESET ALL; PERFORM set_config(key, value, false) FROM jsonb_each_text(before); END $session$";

impl Settings {
    pub(super) fn of(db: &PostgresDatabase) -> Self {
        if db.names_statements() { Self::Own } else { Self::Pooled }
    }

    /// What stands before the other statements of a transaction.
    pub(super) const fn remember(self) -> &'static str {
        match self {
            Self::Own => "",
            Self::Pooled => REMEMBER,
        }
    }

    /// Selects what a handler has changed that the next event would find: settings, the role, temporary tables. To ask
    /// takes about a millisecond, for a whole batch.
    pub(super) fn changed(self) -> String {
        let settings = match self {
            Self::Own => CHANGED,
            Self::Pooled => CHANGED_SINCE,
        };
        format!(
            "SELECT concat_ws(', ', ({settings}), CASE WHEN current_user <> session_user THEN 'the role' END, \
             (SELECT string_agg('the temporary table ' || relname, ', ') FROM pg_class \
             WHERE relnamespace = pg_my_temp_schema() AND relkind IN ('r', 'v', 'S')))"
        )
    }

    /// Makes the session as it was at the begin, except for prepared statements, which the driver keeps count of. It is
    /// `DISCARD ALL` for a transaction, and costs no round trip of its own. Gives one row.
    ///
    /// `limit_idle` stands behind the reset, which takes the limit of the transaction back: without it a process that is
    /// frozen before its commit would keep its locks for as long as it is frozen.
    pub(super) fn as_new(self, limit_idle: &str) -> String {
        let reset = match self {
            Self::Own => format!("RESET ALL; {WRITE_ONLY_IN_A_UNIT}"),
            Self::Pooled => RESET_SINCE.to_owned(),
        };
        format!(
            "RESET SESSION AUTHORIZATION; RESET ROLE; {reset}; {limit_idle}; CLOSE ALL; UNLISTEN *; DISCARD TEMP; DISCARD SEQUENCES; \
             SELECT coalesce(pg_advisory_unlock_all()::text, '')"
        )
    }
}
