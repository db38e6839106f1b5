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

/// Returns the names of the indexes that `migrations` create, in order.
pub(crate) fn index_names(migrations: &[Migration]) -> Vec<&'static str> {
    let mut names: Vec<&'static str> = Vec::new();
    for migration in migrations {
        let mut words = migration.sql.split_whitespace();
        let mut before = "";
        while let Some(word) = words.next() {
            if word == "INDEX" {
                let mut name = words.next().unwrap_or_default();
                // DROP INDEX IF EXISTS name, and CREATE INDEX IF NOT EXISTS name.
                while matches!(name, "IF" | "NOT" | "EXISTS") {
                    name = words.next().unwrap_or_default();
                }
                let name = name.trim_start_matches("{schema}.").trim_end_matches(';');
                match before {
                    "DROP" => names.retain(|known| *known != name),
                    _ => names.push(name),
                }
            }
            before = word;
        }
    }
    names
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
    fn index_names_are_those_that_are_created_and_not_dropped() {
        let migrations = [
            Migration { version: 1, name: "first", sql: "CREATE INDEX a ON t (x); CREATE UNIQUE INDEX b ON t (y);" },
            Migration {
                version: 2,
                name: "second",
                sql: "DROP INDEX {schema}.a;\nCREATE INDEX IF NOT EXISTS c ON t (x);",
            },
        ];
        assert_eq!(index_names(&migrations), ["b", "c"]);
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
