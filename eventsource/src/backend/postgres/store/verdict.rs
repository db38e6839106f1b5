//! The class of each error code (SQLSTATE) of PostgreSQL.

use sqlx::postgres::PgDatabaseError;

use super::failure::code;
use crate::backend::sql::store::verdict::of_driver;
use crate::store::Verdict;

/// The verdict for each SQLSTATE class, which is the first two characters of a code. [`CODES`] contains the exceptions.
const CLASSES: &[(&str, Verdict)] = &[
    ("00", Verdict::Transient),       // successful completion
    ("01", Verdict::Transient),       // warning
    ("02", Verdict::Transient),       // no data
    ("03", Verdict::Permanent),       // SQL statement not yet complete
    ("08", Verdict::Outage),          // connection exception
    ("09", Verdict::Transient),       // triggered action exception
    ("0A", Verdict::Permanent),       // feature not supported
    ("0B", Verdict::Transient),       // invalid transaction initiation
    ("0F", Verdict::Transient),       // locator exception
    ("0L", Verdict::Permanent),       // invalid grantor
    ("0P", Verdict::Permanent),       // invalid role specification
    ("0Z", Verdict::Transient),       // diagnostics exception
    ("10", Verdict::Permanent),       // XQuery error
    ("20", Verdict::Permanent),       // case not found
    ("21", Verdict::Permanent),       // cardinality violation
    ("22", Verdict::Permanent),       // data exception
    ("23", Verdict::Transient),       // integrity constraint violation: the referenced row may still be written
    ("24", Verdict::Transient),       // invalid cursor state
    ("25", Verdict::Transient),       // invalid transaction state
    ("26", Verdict::StaleConnection), // invalid SQL statement name: the prepared statement is gone
    ("27", Verdict::Transient),       // triggered data change violation
    ("28", Verdict::Outage),          // invalid authorization: the server refuses the role
    ("2B", Verdict::Permanent),       // dependent privilege descriptors still exist
    ("2D", Verdict::Permanent),       // invalid transaction termination
    ("2F", Verdict::Permanent),       // SQL routine exception
    ("34", Verdict::Transient),       // invalid cursor name
    ("38", Verdict::Transient),       // external routine exception
    ("39", Verdict::Transient),       // external routine invocation exception
    ("3B", Verdict::Transient),       // savepoint exception
    ("3D", Verdict::Outage),          // invalid catalog name: the database does not exist
    ("3F", Verdict::NotSetUp),        // invalid schema name
    ("40", Verdict::Conflict),        // transaction rollback
    ("42", Verdict::Permanent),       // syntax error, or a name that does not exist
    ("44", Verdict::Permanent),       // WITH CHECK OPTION violation
    ("53", Verdict::Outage),          // insufficient resources
    ("54", Verdict::Permanent),       // program limit exceeded
    ("55", Verdict::Transient),       // object not in prerequisite state
    ("57", Verdict::Outage),          // operator intervention
    ("58", Verdict::Outage),          // system error
    ("72", Verdict::Conflict),        // snapshot too old
    ("F0", Verdict::Outage),          // configuration file error
    ("HV", Verdict::Transient),       // foreign data wrapper error
    ("P0", Verdict::Transient),       // PL/pgSQL error
    ("XX", Verdict::Transient),       // internal error
];

/// The codes whose verdict differs from their class.
const CODES: &[(&str, Verdict)] = &[
    ("25P04", Verdict::Outage),          // transaction_timeout
    ("40002", Verdict::Transient),       // a constraint failed at the commit
    ("40003", Verdict::Outage),          // unknown whether the statement was completed
    ("42P01", Verdict::NotSetUp),        // the table does not exist
    ("42P05", Verdict::StaleConnection), // a prepared statement of the name exists: another client's, with a pooler
    ("55006", Verdict::Outage),          // the object is in use
    ("55P02", Verdict::Permanent),       // the parameter cannot be changed
    ("55P03", Verdict::Conflict),        // lock_timeout, NOWAIT
    ("HV00N", Verdict::Outage),          // the foreign server cannot be reached
    ("XX001", Verdict::Outage),          // a table is damaged
    ("XX002", Verdict::Outage),          // an index is damaged
];

/// Classifies an error of the server or of the driver.
pub(crate) fn verdict(error: &sqlx::Error) -> Verdict {
    match code(error) {
        Some(_) if is_stale(error) => Verdict::StaleConnection,
        Some(code) => of_code(&code),
        None => of_driver(error),
    }
}

fn of_code(code: &str) -> Verdict {
    let find =
        |table: &[(&str, Verdict)], key: &str| table.iter().find(|(at, _)| *at == key).map(|(_, verdict)| *verdict);
    find(CODES, code).or_else(|| find(CLASSES, code.get(..2).unwrap_or_default())).unwrap_or(Verdict::Transient)
}

/// Returns whether the connection has outdated information about a table or a type:
/// `cached plan must not change result type`, `cache lookup failed for type`. The codes of these errors, 0A000 and
/// XX000, are used for other errors too, and the first text can be translated.
fn is_stale(error: &sqlx::Error) -> bool {
    let Some(error) = error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>()) else {
        return false;
    };
    match error.code() {
        "0A000" => error.routine() == Some("RevalidateCachedQuery") || error.message().starts_with("cached plan must"),
        "XX000" => error.message().starts_with("cache lookup failed"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All classes of the appendix "PostgreSQL Error Codes" (versions 15 to 18).
    const APPENDIX: &[&str] = &[
        "00", "01", "02", "03", "08", "09", "0A", "0B", "0F", "0L", "0P", "0Z", "10", "20", "21", "22", "23", "24",
        "25", "26", "27", "28", "2B", "2D", "2F", "34", "38", "39", "3B", "3D", "3F", "40", "42", "44", "53", "54",
        "55", "57", "58", "72", "F0", "HV", "P0", "XX",
    ];

    #[test]
    fn every_class_of_sqlstates_has_one_verdict() {
        let classes: Vec<_> = CLASSES.iter().map(|(class, _)| *class).collect();
        assert_eq!(classes, APPENDIX, "in the order of the appendix, each once");
        for (code, verdict) in CODES {
            let class = CLASSES.iter().find(|(class, _)| code.starts_with(class)).unwrap();
            assert_ne!(*verdict, class.1, "{code} has the verdict of its class");
        }
    }

    #[test]
    fn code_has_the_verdict_of_its_row_or_else_of_its_class() {
        for (code, verdict) in [
            ("57014", Verdict::Outage),
            ("57P01", Verdict::Outage),
            ("53300", Verdict::Outage),
            ("08006", Verdict::Outage),
            ("40001", Verdict::Conflict),
            ("40P01", Verdict::Conflict),
            ("55P03", Verdict::Conflict),
            ("26000", Verdict::StaleConnection),
            ("42P05", Verdict::StaleConnection),
            ("22003", Verdict::Permanent),
            ("42601", Verdict::Permanent),
            ("42P01", Verdict::NotSetUp),
            ("23505", Verdict::Transient),
            ("25P03", Verdict::Transient),
            ("ZZ999", Verdict::Transient),
            ("", Verdict::Transient),
        ] {
            assert_eq!(of_code(code), verdict, "{code}");
        }
    }
}
