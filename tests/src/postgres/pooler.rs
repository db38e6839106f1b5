//! A private PgBouncer.

use std::path::{Path, PathBuf};

use eventsource::postgres::PostgresOptions;
use eventsource::sqlx::postgres::PgConnectOptions;
use eventsource::sqlx::{Connection as _, PgConnection};

use super::{Schema, programs, url};
use crate::guardian::{Guardian, folder, free_port};
use crate::wait::eventually;

/// A pooler in transaction mode in front of the shared database, on a port of its own. It ends when it is dropped, or
/// when this process ends, however it does.
#[derive(Debug)]
pub struct Pooler {
    url: String,
    port: u16,
    folder: PathBuf,
    _guardian: Guardian,
}

impl Pooler {
    /// Starts one; panics where that fails, and says what to install.
    pub async fn start() -> Self {
        let program = programs::pgbouncer();
        let server: PgConnectOptions = url().parse().unwrap();
        let (folder, port) = (folder("eventsource-pgbouncer-"), free_port());
        let (user, database) = (server.get_username(), server.get_database().unwrap_or(server.get_username()));
        // The password, if there is one, is what stands between the user's name and the host.
        let password = url().split_once("://").and_then(|(_, rest)| rest.rsplit_once('@')).map_or("", |(who, _)| who);
        let password = password.split_once(':').map_or(String::new(), |(_, password)| format!(" password={password}"));
        // Two connections of the server's for many clients: a client that counts on a connection of its own fails.
        let ini = format!(
            "[databases]\npooled = host={} port={} dbname={database} user={user}{password}\n\
             [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n\
             pool_mode = transaction\ndefault_pool_size = 2\nmax_client_conn = 100\nserver_reset_query =\n\
             ignore_startup_parameters = extra_float_digits\n",
            server.get_host(),
            server.get_port()
        );
        std::fs::write(folder.join("pgbouncer.ini"), ini).unwrap();
        let guardian = Guardian::start(include_str!("pooler.sh"), &folder, &[program.to_str().unwrap()]);
        let url = format!("postgres://{user}@127.0.0.1:{port}/pooled");
        let pooler = Self { url, port, folder, _guardian: guardian };
        eventually("the pooler answers", || async { PgConnection::connect(&pooler.url).await.is_ok() }).await;
        pooler
    }

    /// The address of the database through it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder that goes with it.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What opens `schema` through it.
    pub fn options(&self, schema: &Schema) -> PostgresOptions {
        PostgresOptions::new(&self.url).unwrap().schema(schema.name()).pooler_mode(true).connections(8)
    }
}
