//! The missing migrations as a script, for people whose role may not create tables.

use sqlx::{ConnectOptions as _, Connection as _, PgConnection};

use super::error::Trouble;
use super::schema::Schema;
use super::{PostgresOpenError, PostgresOptions, migrations, statements};
use crate::backend::sql::store as sql;

impl PostgresOptions {
    /// Returns the SQL of the migrations that [`migrate`](Self::migrate) would apply; empty if the tables are up to date.
    /// It changes nothing. The role needs the right to read the table `eventsource_schema`, if that exists.
    ///
    /// The script is one transaction. Run it as the role that is to own the tables, for example with
    /// `psql -v ON_ERROR_STOP=1`. [`grants`](Self::grants) gives other roles their rights.
    ///
    /// # Errors
    /// - [`PostgresOpenError::Failed`]: the server cannot be reached or refuses a statement. The source says why.
    /// - [`PostgresOpenError::InvalidSchema`], [`PostgresOpenError::NewerSchema`] and
    ///   [`PostgresOpenError::EditedMigration`], as [`migrate`](Self::migrate).
    ///
    /// # Panics
    /// Panics outside a Tokio runtime.
    ///
    /// # Examples
    /// ```no_run
    /// use eventsource::postgres::PostgresOptions;
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let options = PostgresOptions::new("postgres://reader@localhost/shop")?;
    /// print!("{}", options.missing_migrations().await?);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn missing_migrations(&self) -> Result<String, PostgresOpenError> {
        let schema = self.parsed_schema()?;
        let read = async {
            let mut conn: PgConnection = self.connect_options().connect().await?;
            let found = migrations::pending_since(&mut conn, &schema, &self.shown()).await?;
            let has_schema = migrations::is_true(&mut conn, &schema, statements::HAS_SCHEMA).await?;
            conn.close().await?;
            Ok(found.map(|found| script(found, &schema, has_schema)).unwrap_or_default())
        };
        read.await.map_err(|trouble: Trouble| trouble.on(self.shown()))
    }
}

fn script(found: i64, schema: &Schema, has_schema: bool) -> String {
    let mut begin = format!(
        "-- Migrates the tables of eventsource in the schema {{schema}} from version {found} to version {}, in one transaction.\n\
         -- Run it as the role that is to own the tables, such as with `psql -v ON_ERROR_STOP=1 --file FILE`.\n\n\
         BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;\n\n\
         -- Only one migration at a time.\n{};\n\
         -- If a table is in use for longer, nothing is changed: run the script again.\n{};\n\n",
        migrations::known(),
        statements::LOCK_MIGRATIONS,
        migrations::LOCK_TIMEOUT,
    );
    if !has_schema {
        begin.push_str(statements::CREATE_SCHEMA);
        begin.push_str(";\n\n");
    }
    begin.push_str(statements::CREATE_SCHEMA_TABLE);
    begin.push_str(";\n");
    schema.sql(&sql::script::<migrations::InTable>(begin, migrations::MIGRATIONS, found))
}
