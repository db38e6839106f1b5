//! The command line for a database: it needs no code of a user.

use std::process::ExitCode;

use eventsource_cli::App;

#[tokio::main]
async fn main() -> ExitCode {
    App::new("eventsource").run().await
}
