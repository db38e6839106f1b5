//! The missing migrations as a script, for people who apply it by themselves.

use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};

use super::error::Trouble;
use super::{SqliteOpenError, SqliteOptions, migrations, statements};
use crate::backend::sql::store as sql;

impl SqliteOptions {
    /// Returns the SQL of the migrations that [`migrate`](Self::migrate) would apply; empty if the tables are up to date.
    /// It changes nothing, and creates no file.
    ///
    /// The script is one transaction. Run it with a program that ends at the first error, such as
    /// `sqlite3 -bail shop.db`. It also switches the file to the journal mode WAL.
    ///
    /// # Errors
    /// - [`SqliteOpenError::Failed`]: the file cannot be read. The source says why.
    /// - [`SqliteOpenError::NewerSchema`] and [`SqliteOpenError::EditedMigration`], as [`migrate`](Self::migrate).
    ///
    /// # Panics
    /// Panics outside a Tokio runtime.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// use eventsource::sqlite::SqliteOptions;
    ///
    /// let sql = SqliteOptions::new("no-such-file.db").missing_migrations().await?;
    /// assert!(sql.contains("CREATE TABLE eventsource_events"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn missing_migrations(&self) -> Result<String, SqliteOpenError> {
        self.check()?;
        if !self.path.exists() {
            return Ok(script(0));
        }
        let read = async {
            let mut conn: SqliteConnection = self.clone().read_only(true).connect_options().connect().await?;
            let found = migrations::pending_since(&mut conn, self).await?;
            conn.close().await?;
            Ok(found.map(script).unwrap_or_default())
        };
        read.await.map_err(|trouble: Trouble| match trouble {
            Trouble::Database(source) => SqliteOpenError::Failed { path: self.shown_path(), source },
            Trouble::Refused(error) => error,
        })
    }
}

fn script(found: i64) -> String {
    let begin = format!(
        "-- Migrates the tables of eventsource from version {found} to version {}, in one transaction.\n\
         -- Run it with a program that ends at the first error, such as `sqlite3 -bail FILE`.\n\n\
         {};\n\n{};\n\n{};\n",
        migrations::known(),
        statements::SWITCH_TO_WAL,
        statements::BEGIN,
        statements::CREATE_SCHEMA_TABLE,
    );
    sql::script::<migrations::InTable>(begin, migrations::MIGRATIONS, found)
}
