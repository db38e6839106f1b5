//! A schema of a test's own.

use eventsource::postgres::{PostgresDatabase, PostgresOptions};
use eventsource::sqlx::{self, Connection as _, PgConnection};
use uuid::Uuid;

use super::{Server, url};

/// A schema of a test's own, which is dropped with it.
#[derive(Debug)]
pub struct Schema {
    url: String,
    name: String,
}

impl Schema {
    /// A unique name, in the shared database. The schema is not made yet.
    pub fn unmade() -> Self {
        Self::unmade_on(url())
    }

    /// The same, in the database at `url`.
    pub fn unmade_on(url: &str) -> Self {
        Self { url: url.to_owned(), name: format!("test_{}", Uuid::now_v7().simple()) }
    }

    /// A schema with the tables in it.
    pub async fn migrated() -> Self {
        let schema = Self::unmade();
        schema.options().migrate().await.unwrap();
        schema
    }

    /// A schema with the tables in it, for a test that needs what only a superuser may: on a server of its own where the
    /// role of `DATABASE_URL` is none.
    pub async fn of_a_superuser() -> (Self, Option<Server>) {
        let mut conn = PgConnection::connect(url()).await.unwrap();
        let rolsuper = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user";
        let may: bool = sqlx::query_scalar(rolsuper).fetch_one(&mut conn).await.unwrap();
        if may { (Self::migrated().await, None) } else { Self::on_its_own_server().await }
    }

    /// A schema with the tables in it, on a server of its own.
    pub async fn on_its_own_server() -> (Self, Option<Server>) {
        let server = Server::start();
        let schema = Self::unmade_on(&server.url());
        schema.options().migrate().await.unwrap();
        (schema, Some(server))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The address of its database.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What opens it.
    pub fn options(&self) -> PostgresOptions {
        PostgresOptions::new(&self.url).unwrap().schema(&self.name)
    }

    /// Its database, opened.
    pub async fn open(&self) -> PostgresDatabase {
        PostgresDatabase::open_with(self.options()).await.unwrap()
    }

    /// A connection of its own, outside every pool, with the schema as the search path.
    pub async fn connect(&self) -> PgConnection {
        let mut conn = PgConnection::connect(&self.url).await.unwrap();
        let path = format!("SET search_path TO {}", self.name);
        sqlx::raw_sql(sqlx::AssertSqlSafe(path)).execute(&mut conn).await.unwrap();
        conn
    }
}

impl Drop for Schema {
    /// A server of our own is thrown away as a whole.
    fn drop(&mut self) {
        if std::env::var_os("DATABASE_URL").is_none() {
            return;
        }
        let (url, name) = (self.url.clone(), self.name.clone());
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
            runtime.block_on(async {
                let mut conn = PgConnection::connect(&url).await.ok()?;
                // The test's thread waits here, so that a transaction that was dropped may not have been rolled back.
                let drop = sqlx::AssertSqlSafe(format!(
                    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE pid <> pg_backend_pid() AND relation IN \
                     (SELECT oid FROM pg_class WHERE relnamespace = to_regnamespace('{name}')); \
                     DROP SCHEMA IF EXISTS {name} CASCADE"
                ));
                sqlx::raw_sql(drop).execute(&mut conn).await.ok()
            })
        });
        let _ = dropped.join();
    }
}
