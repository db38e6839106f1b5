//! Where the bank is stored.

use std::ffi::OsString;
use std::path::PathBuf;

/// Where the bank is stored: in a SQLite file, or in a schema of a PostgreSQL database.
#[derive(Debug, Clone)]
pub enum Place {
    Sqlite { file: PathBuf },
    Postgres { url: String, schema: String },
}

impl Place {
    /// The arguments by which another process of this program finds it.
    pub fn arguments(&self) -> Vec<OsString> {
        match self {
            Self::Sqlite { file } => vec!["--file".into(), file.into()],
            Self::Postgres { url, schema } => {
                vec!["--postgres".into(), url.into(), "--schema".into(), schema.into()]
            }
        }
    }
}
