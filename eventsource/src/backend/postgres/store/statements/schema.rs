//! The SQL of the schema, of its migrations, and of new connections.

// Read from the catalogue tables: the caches of names may not contain the result of a migration that was waited for.
pub(in crate::backend::postgres::store) const HAS_SCHEMA_TABLE: &str =
    "SELECT EXISTS (SELECT FROM pg_catalog.pg_tables WHERE schemaname = '{name}' AND tablename = 'eventsource_schema')";
pub(in crate::backend::postgres::store) const HAS_CHECKSUMS: &str = "SELECT EXISTS (SELECT FROM pg_catalog.pg_attribute \
     JOIN pg_catalog.pg_class ON pg_class.oid = attrelid JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace \
     WHERE nspname = '{name}' AND relname = 'eventsource_schema' AND attname = 'checksum' AND NOT attisdropped)";
pub(in crate::backend::postgres::store) const LOCK_MIGRATIONS: &str =
    "SELECT pg_advisory_xact_lock(hashtextextended('eventsource {schema}', 0))";
pub(in crate::backend::postgres::store) const HAS_SCHEMA: &str =
    "SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = '{name}')";
pub(in crate::backend::postgres::store) const CREATE_SCHEMA: &str = "CREATE SCHEMA {schema}";
pub(in crate::backend::postgres::store) const CREATE_SCHEMA_TABLE: &str = "CREATE TABLE IF NOT EXISTS {schema}.eventsource_schema \
     (version bigint PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())";
pub(in crate::backend::postgres::store) const SCHEMA_VERSION: &str =
    "SELECT max(version) FROM {schema}.eventsource_schema";
/// Followed by the checksum of a migration and by its version.
pub(in crate::backend::postgres::store) const NOTE_CHECKSUM: &str = "UPDATE {schema}.eventsource_schema SET checksum =";
pub(in crate::backend::postgres::store) const CHECKSUMS: &str =
    "SELECT version::bigint, checksum FROM {schema}.eventsource_schema ORDER BY version";
pub(in crate::backend::postgres::store) const INSERT_SCHEMA_VERSION: &str =
    "INSERT INTO {schema}.eventsource_schema (version, name, applied_at) VALUES";

/// For the connections of units of work, whose transactions begin as `READ WRITE`.
pub(crate) const WRITE_ONLY_IN_A_UNIT: &str = "SET default_transaction_read_only = on";

/// For the connections of appends: one generic plan, which uses the indexes.
///
/// Planning an append takes longer than executing it, and the plan is the same for all. By default, PostgreSQL would
/// plan each append again, because the arrays are shorter than it assumes. The plan must be good for every log, also if
/// it was made when the log was small, so it must use the indexes. Scans then count as expensive, also the one of the
/// sequence in the trigger, so JIT compilation is off.
pub(in crate::backend::postgres::store) const PLAN_APPENDS_ONCE: &str = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; \
     SET enable_bitmapscan = off; SET jit = off";

/// Returns whether the role can draw positions but cannot read the last drawn one, which every read and every append
/// does; and the name of the role. A role without both rights only reads read models.
pub(in crate::backend::postgres::store) const APPENDS_BLINDLY: &str = "SELECT has_sequence_privilege('{schema}.eventsource_positions', 'USAGE') \
     AND NOT has_sequence_privilege('{schema}.eventsource_positions', 'SELECT'), current_user::text";

/// The number that identifies the log in the database, used for the channel of notifications.
pub(in crate::backend::postgres::store) const LOG: &str = "SELECT '{schema}.eventsource_events'::regclass::oid::bigint";
