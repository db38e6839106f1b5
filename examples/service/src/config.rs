//! The settings of the service. They come from environment variables, and each has a default.

use std::env::{VarError, var};
use std::net::SocketAddr;
use std::path::PathBuf;

/// The database, if `DATABASE_URL` is not set: a file in the working folder.
pub const DEFAULT_DATABASE: &str = "sqlite:service.db";

/// The settings of the service.
pub struct Config {
    /// `DATABASE_URL`: where events and read models are stored.
    pub database: Database,
    /// `LISTEN`: the address of the HTTP server, `127.0.0.1:3000` by default.
    pub listen: SocketAddr,
    /// `MAIL_POISON=deliver`: the mailer delivers the mail of a customer named "poison". By default it fails.
    pub delivers_poison: bool,
}

/// A database. The URL can contain a password, so that there is no `Debug`.
pub enum Database {
    /// The path of a file, with or without `sqlite:`; the file `service.db` in the working folder by default.
    Sqlite { file: PathBuf },
    /// `postgres://…`. `DATABASE_SCHEMA` is the schema of its tables, `public` by default.
    Postgres { url: String, schema: Option<String> },
}

/// A setting cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error(
        "DATABASE_URL must be the path of a SQLite file, with or without `sqlite:`, or `postgres://USER:PASSWORD@HOST/DATABASE`"
    )]
    Database,
    #[error("LISTEN must be an address with a port, such as 127.0.0.1:3000; it is `{found}`")]
    Listen { found: String },
    #[error("MAIL_POISON must be `deliver` or unset; it is `{found}`")]
    MailPoison { found: String },
    #[error("the environment variable {name} is not valid UTF-8")]
    NotUnicode { name: &'static str },
}

impl Config {
    /// Reads the environment variables of this process.
    pub fn from_environment() -> Result<Self, ConfigError> {
        Self::from_variables(|name| match var(name) {
            Ok(value) => Ok(Some(value)),
            Err(VarError::NotPresent) => Ok(None),
            Err(VarError::NotUnicode(_)) => Err(ConfigError::NotUnicode { name }),
        })
    }

    fn from_variables(read: impl Fn(&'static str) -> Result<Option<String>, ConfigError>) -> Result<Self, ConfigError> {
        let schema = read("DATABASE_SCHEMA")?;
        let url = read("DATABASE_URL")?.unwrap_or_else(|| DEFAULT_DATABASE.to_owned());
        let database = Database::parse(url, schema)?;
        let listen = read("LISTEN")?.unwrap_or_else(|| "127.0.0.1:3000".to_owned());
        let listen = listen.parse().map_err(|_| ConfigError::Listen { found: listen })?;
        let delivers_poison = match read("MAIL_POISON")?.as_deref() {
            None => false,
            Some("deliver") => true,
            Some(found) => return Err(ConfigError::MailPoison { found: found.to_owned() }),
        };
        Ok(Self { database, listen, delivers_poison })
    }
}

impl Database {
    fn parse(url: String, schema: Option<String>) -> Result<Self, ConfigError> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres { url, schema });
        }
        let file = url.strip_prefix("sqlite:").map(|file| file.strip_prefix("//").unwrap_or(file));
        let file = file.unwrap_or(&url);
        // The service needs a file: its connections would each see a database in memory of their own.
        if file.is_empty() || file == ":memory:" || file.contains('?') || file.contains("://") {
            return Err(ConfigError::Database);
        }
        Ok(Self::Sqlite { file: PathBuf::from(file) })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

    use super::*;

    fn config(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let find = |name: &str| variables.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
        Config::from_variables(|name| Ok(find(name)))
    }

    fn file(variables: &[(&str, &str)]) -> PathBuf {
        match config(variables).map(|config| config.database) {
            Ok(Database::Sqlite { file }) => file,
            _ => panic!("not a SQLite file: {variables:?}"),
        }
    }

    #[test]
    fn empty_environment_has_a_file_in_the_working_folder() {
        assert_eq!(file(&[]), PathBuf::from("service.db"));
        assert_eq!(config(&[]).unwrap().listen.port(), 3000);
    }

    #[test]
    fn scheme_of_the_url_picks_the_database() {
        assert_eq!(file(&[("DATABASE_URL", "sqlite:a.db")]), PathBuf::from("a.db"));
        assert_eq!(file(&[("DATABASE_URL", "var/a.db")]), PathBuf::from("var/a.db"));
        assert_eq!(file(&[("DATABASE_URL", "sqlite:///var/a.db")]), PathBuf::from("/var/a.db"));
        let postgres = config(&[("DATABASE_URL", "postgresql://localhost/shop")]).unwrap().database;
        assert!(matches!(postgres, Database::Postgres { schema: None, .. }));
    }

    #[test]
    fn unusable_settings_are_refused() {
        for url in ["mysql://localhost/shop", "sqlite:", "sqlite::memory:", "sqlite:a.db?mode=ro", ""] {
            assert!(matches!(config(&[("DATABASE_URL", url)]), Err(ConfigError::Database)), "{url}");
        }
        assert!(matches!(config(&[("LISTEN", "3000")]), Err(ConfigError::Listen { .. })));
        assert!(matches!(config(&[("MAIL_POISON", "yes")]), Err(ConfigError::MailPoison { .. })));
    }
}
