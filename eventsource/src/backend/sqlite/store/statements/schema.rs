//! The SQL of a file, of its migrations, and of what a handler leaves on a connection.

pub(in crate::backend::sqlite::store) const JOURNAL_MODE: &str = "PRAGMA journal_mode";
pub(in crate::backend::sqlite::store) const SWITCH_TO_WAL: &str = "PRAGMA journal_mode = WAL";
pub(in crate::backend::sqlite::store) const FILE: &str = "SELECT file FROM pragma_database_list WHERE name = 'main'";

pub(in crate::backend::sqlite::store) const HAS_SCHEMA_TABLE: &str =
    "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'eventsource_schema')";
pub(in crate::backend::sqlite::store) const CREATE_SCHEMA_TABLE: &str = "CREATE TABLE IF NOT EXISTS eventsource_schema \
     (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT";
pub(in crate::backend::sqlite::store) const SCHEMA_VERSION: &str = "SELECT max(version) FROM eventsource_schema";
/// The checksum of a migration that has none yet.
pub(in crate::backend::sqlite::store) const NOTE_CHECKSUM: &str = "UPDATE eventsource_schema SET checksum =";
pub(in crate::backend::sqlite::store) const HAS_CHECKSUMS: &str =
    "SELECT EXISTS (SELECT 1 FROM pragma_table_info('eventsource_schema') WHERE name = 'checksum')";
pub(in crate::backend::sqlite::store) const CHECKSUMS: &str =
    "SELECT version, checksum FROM eventsource_schema ORDER BY version";
pub(in crate::backend::sqlite::store) const INSERT_SCHEMA_VERSION: &str =
    "INSERT INTO eventsource_schema (version, name, applied_at) VALUES";
/// The time of now, in microseconds since 1970. Not `unixepoch('now', 'subsec')`: old versions of the shell lack it.
pub(in crate::backend::sqlite::store) const NOW_IN_MICROS: &str =
    "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)";

/// The savepoint that sqlx creates for a transaction inside `depth` others.
pub(in crate::backend::sqlite::store) fn savepoint(depth: usize) -> String {
    format!("SAVEPOINT _sqlx_savepoint_{depth}")
}

/// The settings of a new connection that a handler can change.
pub(in crate::backend::sqlite::store) const DEFAULTS: &str = "PRAGMA query_only = OFF; PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = OFF; \
     PRAGMA ignore_check_constraints = OFF; PRAGMA reverse_unordered_selects = OFF; PRAGMA read_uncommitted = OFF; \
     PRAGMA case_sensitive_like = OFF; PRAGMA locking_mode = NORMAL; PRAGMA writable_schema = OFF; \
     PRAGMA max_page_count = 4294967294";

/// Returns the statements that remove the state a handler has left: temporary tables, views and triggers, and attached
/// databases.
pub(in crate::backend::sqlite::store) const LEFT_BEHIND: &str = "SELECT 'DROP ' || type || ' IF EXISTS temp.\"' || replace(name, '\"', '\"\"') || '\"' \
     FROM temp.sqlite_schema WHERE type IN ('table', 'view', 'trigger') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
     UNION ALL SELECT 'DETACH \"' || replace(name, '\"', '\"\"') || '\"' FROM pragma_database_list \
     WHERE name NOT IN ('main', 'temp')";
