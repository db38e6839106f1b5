//! PostgreSQL for tests: a server, schemas of their own in it, and a pooler before it.

mod pooler;
mod programs;
mod schema;
mod server;

use std::sync::OnceLock;

pub use pooler::Pooler;
pub use schema::Schema;
pub use server::Server;

/// The address of the database that the tests of this process share: that of `DATABASE_URL`, or of a server of their
/// own, which is started at the first call.
pub fn url() -> &'static str {
    static SERVER: OnceLock<(String, Option<Server>)> = OnceLock::new();
    let start = || match std::env::var("DATABASE_URL") {
        Ok(url) => (url, None),
        Err(_) => {
            let server = Server::start();
            (server.url(), Some(server))
        }
    };
    &SERVER.get_or_init(start).0
}
