//! An HTTP service that stores orders as events and answers reads from a read model. Copy it.
//!
//! `README.md` shows how to run it. `app` puts the parts together. With other arguments than `run`, the program is a
//! command line for operators: `operate.rs`.

mod app;
mod config;
mod domain;
mod http;
mod metrics;
mod operate;
mod projections;
mod traces;

use std::error::Error;
use std::process::ExitCode;

use config::Config;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    let serves = arguments.len() == 1 || (arguments.len() == 2 && arguments[1] == "run");
    if !serves {
        return operate::run(arguments).await;
    }
    let _installed = match traces::install() {
        Ok(installed) => installed,
        Err(error) => {
            eprintln!("the traces cannot be exported: {}", eventsource::causes(&error));
            return ExitCode::FAILURE;
        }
    };
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
