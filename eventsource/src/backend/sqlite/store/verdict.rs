//! The class of each primary result code of SQLite.

use super::busy::result_code;
use crate::backend::sql::store::verdict::of_driver;
use crate::store::Verdict;

/// The class of each primary result code.
const CODES: &[(i32, Verdict)] = &[
    (1, Verdict::Permanent),        // SQLITE_ERROR: a wrong statement
    (2, Verdict::Transient),        // SQLITE_INTERNAL
    (3, Verdict::Outage),           // SQLITE_PERM: no permission for the file
    (4, Verdict::Transient),        // SQLITE_ABORT
    (5, Verdict::Conflict),         // SQLITE_BUSY: another connection holds the lock
    (6, Verdict::Conflict),         // SQLITE_LOCKED
    (7, Verdict::Outage),           // SQLITE_NOMEM
    (8, Verdict::Transient),        // SQLITE_READONLY
    (9, Verdict::Outage),           // SQLITE_INTERRUPT: the statement was cancelled
    (10, Verdict::Outage),          // SQLITE_IOERR
    (11, Verdict::Outage),          // SQLITE_CORRUPT
    (12, Verdict::Transient),       // SQLITE_NOTFOUND
    (13, Verdict::Outage),          // SQLITE_FULL
    (14, Verdict::Outage),          // SQLITE_CANTOPEN
    (15, Verdict::Outage),          // SQLITE_PROTOCOL: the locks of the file
    (16, Verdict::Transient),       // SQLITE_EMPTY
    (17, Verdict::StaleConnection), // SQLITE_SCHEMA: the plan of a statement is outdated
    (18, Verdict::Permanent),       // SQLITE_TOOBIG
    (19, Verdict::Transient),       // SQLITE_CONSTRAINT: the referenced row may still be written
    (20, Verdict::Permanent),       // SQLITE_MISMATCH
    (21, Verdict::Transient),       // SQLITE_MISUSE
    (22, Verdict::Outage),          // SQLITE_NOLFS: the file cannot grow
    (23, Verdict::Permanent),       // SQLITE_AUTH
    (24, Verdict::Transient),       // SQLITE_FORMAT
    (25, Verdict::Permanent),       // SQLITE_RANGE
    (26, Verdict::Outage),          // SQLITE_NOTADB
];

/// Classifies an error of SQLite or of the driver.
pub(crate) fn verdict(error: &sqlx::Error) -> Verdict {
    match result_code(error) {
        Some(1) if is_missing_table(error) => Verdict::NotSetUp,
        Some(code) => of_code(code),
        None => of_driver(error),
    }
}

fn of_code(code: i32) -> Verdict {
    CODES.iter().find(|(at, _)| *at == code).map_or(Verdict::Transient, |(_, verdict)| *verdict)
}

/// SQLite has no separate code for it. Its messages are never translated.
fn is_missing_table(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.message().starts_with("no such table: "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_primary_result_code_of_an_error_has_one_verdict() {
        let codes: Vec<_> = CODES.iter().map(|(code, _)| *code).collect();
        assert_eq!(codes, (1..=26).collect::<Vec<_>>());
        assert_eq!(of_code(999), Verdict::Transient);
    }
}
