//! The databases that the code of a program can be on.

use eventsource::postgres::PostgresDatabase;
use eventsource::sqlite::SqliteDatabase;
use eventsource::subscription::Backend;

/// A database that the code of a program can be on: [`SqliteDatabase`] or [`PostgresDatabase`].
///
/// ```
/// use eventsource_cli::Database;
///
/// fn is_a_database<D: Database>() {}
///
/// is_a_database::<eventsource::sqlite::SqliteDatabase>();
/// ```
pub trait Database: Backend + Clone + Send + Sync + sealed::Open + 'static {}

impl Database for SqliteDatabase {}
impl Database for PostgresDatabase {}

pub(crate) mod sealed {
    //! How the databases of this crate are opened.

    use std::future::Future;
    use std::sync::Arc;

    use eventsource::admin::{Admin, DatabaseAdmin};
    use eventsource::postgres::{PostgresDatabase, PostgresOptions};
    use eventsource::sqlite::{SqliteDatabase, SqliteOptions};

    use crate::connect::{Access, Target, postgres_options, sqlite_options};
    use crate::error::CliError;
    use crate::options::Options;

    /// Opens the database of the options of a command.
    pub trait Open: Sized {
        /// The options of the database.
        type Options: Send + 'static;

        /// Returns the options of the database that a command names.
        ///
        /// # Errors
        /// [`CliError`] if no database of this kind is named.
        fn options(options: &Options, access: Access) -> Result<Self::Options, CliError>;

        /// Returns `options` as the access needs them, whatever a program has made of them.
        fn only(options: Self::Options, access: Access) -> Self::Options;

        /// Opens it.
        ///
        /// # Errors
        /// [`CliError`] if it cannot be opened.
        fn open(options: Self::Options) -> impl Future<Output = Result<Self, CliError>> + Send;

        /// Returns what operators see of it.
        fn admin(&self) -> Arc<dyn Admin>;
    }

    impl Open for SqliteDatabase {
        type Options = SqliteOptions;

        fn options(options: &Options, access: Access) -> Result<SqliteOptions, CliError> {
            match Target::of(options)? {
                Target::Sqlite(path) => sqlite_options(&path, options, access),
                Target::Postgres(_) => Err(CliError::NoDatabase),
            }
        }

        fn only(options: SqliteOptions, access: Access) -> SqliteOptions {
            match access {
                Access::Run => options,
                Access::Read => options.read_only(true),
                _ => options.migrate_on_open(false),
            }
        }

        async fn open(options: SqliteOptions) -> Result<Self, CliError> {
            Ok(Self::open_with(options).await?)
        }

        fn admin(&self) -> Arc<dyn Admin> {
            Arc::new(DatabaseAdmin::new(self.checkpoints(), self.event_store()))
        }
    }

    impl Open for PostgresDatabase {
        type Options = PostgresOptions;

        fn options(options: &Options, access: Access) -> Result<PostgresOptions, CliError> {
            match Target::of(options)? {
                Target::Postgres(url) => postgres_options(&url, options, access),
                Target::Sqlite(_) => Err(CliError::NoDatabase),
            }
        }

        fn only(options: PostgresOptions, access: Access) -> PostgresOptions {
            if access == Access::Run { options } else { options.migrate_on_open(false) }
        }

        async fn open(options: PostgresOptions) -> Result<Self, CliError> {
            Ok(Self::open_with(options).await?)
        }

        fn admin(&self) -> Arc<dyn Admin> {
            Arc::new(DatabaseAdmin::new(self.checkpoints(), self.event_store()))
        }
    }
}
