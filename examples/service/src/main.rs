//! An HTTP service that stores orders as events and answers reads from a read model. Copy it.
//!
//! `README.md` shows how to run it. `app.rs` puts the parts together.

mod app;
mod config;
mod domain;
mod http;
mod metrics;
mod projections;

use std::error::Error;
use std::process::ExitCode;

use config::Config;

#[tokio::main]
async fn main() -> ExitCode {
    // The logs of eventsource go the same way. Standard output has one line: the address of the server.
    tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).with_writer(std::io::stderr).init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{}", eventsource::causes(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let config = Config::from_environment()?;
    app::run(config).await?;
    Ok(())
}
