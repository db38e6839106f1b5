//! The schema of this crate's tables.

use std::fmt;

use super::PostgresOpenError;

/// The name of a schema: letters, digits and underscores, so that it needs no escaping in SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Schema(String);

/// The maximum length of a name in PostgreSQL, in bytes.
const LONGEST: usize = 63;

impl Schema {
    pub(super) fn parse(name: &str) -> Result<Self, PostgresOpenError> {
        let mut characters = name.chars();
        let starts = characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
        let goes_on = characters.all(|next| next.is_ascii_alphanumeric() || next == '_');
        let reserved = name.starts_with("pg_") || name == "information_schema";
        if !starts || !goes_on || reserved || name.len() > LONGEST {
            return Err(PostgresOpenError::InvalidSchema { schema: name.to_owned() });
        }
        Ok(Self(name.to_owned()))
    }

    pub(crate) fn name(&self) -> &str {
        &self.0
    }

    /// Replaces `{schema}` in `sql` by the quoted schema, and `{name}` by its name without quotes.
    pub(crate) fn sql(&self, sql: &str) -> String {
        sql.replace("{schema}", &format!("\"{}\"", self.0)).replace("{name}", &self.0)
    }
}

impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schema_name_is_plain() {
        for good in ["public", "_x", "Orders_2", &"x".repeat(63)] {
            assert_eq!(Schema::parse(good).unwrap().sql("{schema}.t"), format!("\"{good}\".t"));
        }
        for bad in ["", "2x", "a-b", "a\"b", "a.b", "größe", "pg_x", "information_schema", &"x".repeat(64)] {
            assert!(Schema::parse(bad).is_err(), "{bad}");
        }
    }
}
