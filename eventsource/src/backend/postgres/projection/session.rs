//! The session of a batch: finding out what handlers changed in it, and resetting it.
//!
//! A connection of our own has only the settings with which it was opened, and `RESET ALL` restores them. A pooler, in
//! contrast, sets the settings of a client, such as `TimeZone` and `client_encoding`, when it gives a transaction to a
//! session of the server, and `RESET ALL` would lose them. So these settings are remembered at the start of the
//! transaction, and restored from there.

use crate::backend::postgres::store::{PostgresDatabase, WRITE_ONLY_IN_A_UNIT};

/// The source of a session's settings.
#[derive(Debug, Clone, Copy)]
pub(super) enum Settings {
    /// The settings with which the connection was opened.
    Own,
    /// The settings that a pooler set for this transaction.
    Pooled,
}

/// Selects the settings that were set in the session, without those of the transaction itself.
macro_rules! is_given {
    () => {
        "name NOT LIKE 'transaction\\_%' AND name NOT IN ('default_transaction_read_only', \
         'idle_in_transaction_session_timeout')"
    };
}

/// Stores the settings by name, in a setting of its own that ends with the transaction.
const REMEMBER: &str = concat!(
    "SELECT set_config('eventsource.session', \
     (SELECT coalesce(json_object_agg(name, setting), '{}')::text FROM pg_settings WHERE source = 'session' AND ",
    is_given!(),
    "), true); "
);

const CHANGED: &str =
    concat!("SELECT string_agg(name, ', ' ORDER BY name) FROM pg_settings WHERE source = 'session' AND ", is_given!());

/// Selects the settings that changed since [`REMEMBER`]. A handler that resets all settings also resets that one.
const CHANGED_SINCE: &str = concat!(
    "SELECT CASE WHEN before.settings IS NULL THEN 'all settings' ELSE \
     (SELECT string_agg(name, ', ' ORDER BY name) FROM pg_settings \
     WHERE (source = 'session' OR before.settings ? name) \
     AND setting IS DISTINCT FROM coalesce(before.settings ->> name, reset_val) AND ",
    is_given!(),
    ") END FROM (SELECT nullif(current_setting('eventsource.session', true), '')::jsonb AS settings) AS before"
);

/// `RESET ALL`, then the settings that [`REMEMBER`] stored.
const RESET_SINCE: &str = "DO $session$ DECLARE before jsonb := nullif(current_setting('eventsource.session', true), ''); \
     BEGIN RESET ALL; PERFORM set_config(key, value, false) FROM jsonb_each_text(before); END $session$";

impl Settings {
    pub(super) fn of(db: &PostgresDatabase) -> Self {
        if db.names_statements() { Self::Own } else { Self::Pooled }
    }

    /// Returns the SQL that stands before the other statements of a transaction.
    pub(super) const fn remember(self) -> &'static str {
        match self {
            Self::Own => "",
            Self::Pooled => REMEMBER,
        }
    }

    /// Returns SQL that selects what a handler changed and the next event would see: settings, the role, temporary
    /// tables. It takes about a millisecond, once a batch.
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

    /// Returns SQL that resets the session to its state at the start, except for prepared statements, which the driver
    /// tracks. It does what `DISCARD ALL` does, but inside a transaction and without a round trip of its own. It
    /// returns one row.
    ///
    /// `limit_idle` follows the reset, which also resets the idle limit of the transaction. Without the limit, a
    /// process that is frozen before its commit would keep its locks as long as it is frozen.
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
