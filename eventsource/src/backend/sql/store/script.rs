//! Migrations as a script, for people who apply them by themselves.

use std::fmt::Write as _;

use super::Migration;

/// How a database records its migrations.
pub(crate) trait Records {
    /// The statement that records a migration, up to its values: version, name, time.
    const INSERT: &'static str;
    /// The expression for the time.
    const APPLIED_AT: &'static str;
    /// The statement that records a checksum, up to its value.
    const NOTE_CHECKSUM: &'static str;

    /// Returns the statement that records a migration.
    fn done(migration: &Migration) -> String {
        format!("{} ({}, '{}', {})", Self::INSERT, migration.version, migration.name, Self::APPLIED_AT)
    }

    /// Returns the statement that records the checksum of a migration, unless one is recorded.
    fn note_checksum(migration: &Migration) -> String {
        let (note, checksum, version) = (Self::NOTE_CHECKSUM, migration.checksum(), migration.version);
        format!("{note} {checksum} WHERE version = {version} AND checksum IS NULL")
    }
}

/// Returns `begin`, the `migrations` after the version `found`, all checksums, and the end of the transaction.
pub(crate) fn script<R: Records>(begin: String, migrations: &[Migration], found: i64) -> String {
    let mut sql = begin;
    for migration in migrations.iter().filter(|migration| migration.version > found) {
        let Migration { version, name, sql: text } = migration;
        // Writing to a text does not fail.
        let _ = writeln!(sql, "\n-- Migration {version}: {name}\n\n{}", text.trim_end());
        let _ = writeln!(sql, "\n{};", R::done(migration));
    }
    sql.push('\n');
    for migration in migrations {
        let _ = writeln!(sql, "{};", R::note_checksum(migration));
    }
    sql.push_str("\nCOMMIT;\n");
    sql
}
