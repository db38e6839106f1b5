//! PgBouncer for tests, in transaction mode.

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use eventsource::sqlx::{self, Connection as _, PgConnection};
use eventsource::store::postgres::PostgresOptions;

use crate::postgres::{Schema, unprivileged, url};
use crate::wait::eventually;

/// A pooler in front of the shared database, on a port of its own; it ends with the test.
#[derive(Debug)]
pub struct Pooler {
    child: Child,
    url: String,
    _folder: tempfile::TempDir,
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]).map(|path| path.join("pgbouncer"));
    found
        .into_iter()
        .find(|program| Path::exists(program))
        .expect("this test needs PgBouncer: run `tests/setup` as root, which installs it (apt-get install pgbouncer)")
}

impl Pooler {
    /// Starts one; panics where that fails, and says what to install.
    pub async fn start() -> Self {
        let server: sqlx::postgres::PgConnectOptions = url().parse().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (user, database) = (server.get_username(), server.get_database().unwrap_or(server.get_username()));
        // The password, if there is one, is what stands between the user's name and the host.
        let password = url().split_once("://").and_then(|(_, rest)| rest.rsplit_once('@')).map_or("", |(who, _)| who);
        let password = password.split_once(':').map_or(String::new(), |(_, password)| format!(" password={password}"));
        // Two connections of the server's for many clients: whoever counts on having one for himself is found out.
        let ini = format!(
            "[databases]\npooled = host={} port={} dbname={database} user={user}{password}\n\
             [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n\
             pool_mode = transaction\ndefault_pool_size = 2\nmax_client_conn = 100\nserver_reset_query =\n\
             ignore_startup_parameters = extra_float_digits\n",
            server.get_host(),
            server.get_port()
        );
        std::fs::write(folder.path().join("pgbouncer.ini"), ini).unwrap();
        let mut command = unprivileged(program().to_str().unwrap(), folder.path());
        command.arg(folder.path().join("pgbouncer.ini")).stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.stderr(Stdio::null()).spawn().unwrap();
        let pooler = Self { child, url: format!("postgres://{user}@127.0.0.1:{port}/pooled"), _folder: folder };
        eventually("the pooler answers", || async { PgConnection::connect(&pooler.url).await.is_ok() }).await;
        pooler
    }

    /// The address of the database behind it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What opens `schema` through it.
    pub fn options(&self, schema: &Schema) -> PostgresOptions {
        PostgresOptions::new(&self.url).unwrap().schema(schema.name()).pooler_mode(true).connections(8)
    }
}
