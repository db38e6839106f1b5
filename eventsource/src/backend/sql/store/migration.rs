//! The migrations of a database: their order, and the checksums that detect an edited migration.

/// A step of the tables from one version to the next.
pub(crate) struct Migration {
    pub(crate) version: i64,
    pub(crate) name: &'static str,
    pub(crate) sql: &'static str,
}

/// The migrations of the database in whose folder it is called: the files `migrations/NNNN_name.sql`, in order. Each database
/// has all of them. A released migration is never changed. Add a new one.
macro_rules! migrations {
    () => {
        $crate::backend::sql::store::migrations! {
            1, "0001", "events_and_checkpoints";
            2, "0002", "dead_letters_leases_snapshots";
            3, "0003", "log_identity";
            4, "0004", "read_models";
            7, "0007", "projection_states";
            8, "0008", "letters_by_key";
            9, "0009", "aggregate_snapshots";
            10, "0010", "checksums";
            11, "0011", "slices";
            12, "0012", "operations";
            13, "0013", "letter_search";
        }
    };
    ($($version:literal, $number:literal, $name:literal;)*) => {
        &[$($crate::backend::sql::store::Migration {
            version: $version,
            name: $name,
            sql: include_str!(concat!("migrations/", $number, "_", $name, ".sql")),
        }),*]
    };
}
pub(crate) use migrations;

impl Migration {
    /// FNV-1a over the text, in 64 bits. Line ends do not count: a checkout may change them.
    pub(crate) fn checksum(&self) -> i64 {
        let bytes = self.sql.bytes().filter(|byte| *byte != b'\r');
        let hash =
            bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        i64::from_ne_bytes(hash.to_ne_bytes())
    }
}

/// An index that migrations create.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Index {
    pub(crate) name: String,
    /// The statement that creates it, on one line.
    pub(crate) statement: String,
}

/// Returns the indexes that `migrations` create, in order.
pub(crate) fn indexes(migrations: &[Migration]) -> Vec<Index> {
    let mut indexes: Vec<Index> = Vec::new();
    for migration in migrations {
        let lines = migration.sql.lines().map(|line| line.split("--").next().unwrap_or_default());
        for statement in lines.collect::<Vec<_>>().join("\n").split(';') {
            let words: Vec<&str> = statement.split_whitespace().collect();
            let (is_new, rest) = match &*words {
                ["CREATE", "INDEX", rest @ ..] | ["CREATE", "UNIQUE", "INDEX", rest @ ..] => (true, rest),
                ["DROP", "INDEX", rest @ ..] => (false, rest),
                _ => continue,
            };
            // DROP INDEX IF EXISTS name, and CREATE INDEX IF NOT EXISTS name.
            let name = rest.iter().find(|word| !matches!(**word, "IF" | "NOT" | "EXISTS"));
            let name = name.map_or("", |name| name.trim_start_matches("{schema}."));
            match is_new {
                true => indexes.push(Index { name: name.to_owned(), statement: words.join(" ") }),
                false => indexes.retain(|known| known.name != name),
            }
        }
    }
    indexes
}

/// The newest version of `migrations`, which are in order; 0 if there are none.
pub(crate) fn newest(migrations: &[Migration]) -> i64 {
    migrations.last().map_or(0, |migration| migration.version)
}

/// The first migration whose checksum is not the `stored` one. A migration without a stored checksum passes.
pub(crate) fn edited<'m>(migrations: &'m [Migration], stored: &[(i64, Option<i64>)]) -> Option<&'m Migration> {
    migrations.iter().find(|migration| {
        let is_other = |(version, checksum): &(i64, Option<i64>)| {
            *version == migration.version && checksum.is_some_and(|checksum| checksum != migration.checksum())
        };
        stored.iter().any(is_other)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_are_those_that_are_created_and_not_dropped() {
        let migrations = [
            Migration {
                version: 1,
                name: "first",
                sql: "CREATE INDEX a ON t (x); -- an INDEX\nCREATE UNIQUE INDEX b\n  ON t (y);",
            },
            Migration {
                version: 2,
                name: "second",
                sql: "DROP INDEX {schema}.a;\nCREATE INDEX IF NOT EXISTS c ON t (x);",
            },
        ];
        let found: Vec<_> = indexes(&migrations).into_iter().map(|index| (index.name, index.statement)).collect();
        let created = [("b", "CREATE UNIQUE INDEX b ON t (y)"), ("c", "CREATE INDEX IF NOT EXISTS c ON t (x)")];
        assert_eq!(found, created.map(|(name, statement)| (name.to_owned(), statement.to_owned())));
    }

    #[test]
    fn edited_migration_is_found_and_line_ends_do_not_count() {
        let migrations = [
            Migration { version: 1, name: "first", sql: "CREATE\n" },
            Migration { version: 2, name: "second", sql: "DROP" },
        ];
        let other = Migration { version: 1, name: "first", sql: "CREATE\r\n" };
        assert_eq!(migrations[0].checksum(), other.checksum());
        let stored = [(1, Some(other.checksum())), (2, None)];
        assert!(edited(&migrations, &stored).is_none());
        let stored = [(1, None), (2, Some(other.checksum()))];
        assert_eq!(edited(&migrations, &stored).map(|migration| migration.version), Some(2));
    }
}
