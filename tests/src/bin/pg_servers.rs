//! `pg_servers all`: starts what the PostgreSQL tests start, says where, and waits to be killed. `pg_servers shared` and
//! `pg_servers own`: only what most tests use, or a server for a test alone.

use eventsource_tests::postgres::{Pooler, Server, url};

#[tokio::main]
async fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("shared") => drop(url()),
        Some("own") => drop(Server::start()),
        _ => {
            let (shared, own, pooler) = (url(), Server::start(), Pooler::start().await);
            let port = shared.rsplit_once(':').and_then(|(_, rest)| rest.split_once('/')).map(|(port, _)| port);
            println!("port {}", port.unwrap_or("0"));
            println!("port {}", own.port());
            println!("port {}", pooler.port());
            println!("folder {}", own.folder().display());
            println!("folder {}", pooler.folder().display());
            println!("ready");
            std::future::pending::<()>().await;
        }
    }
}
