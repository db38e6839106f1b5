//! Runs the program.

use std::process::{Command, Stdio};

use eventsource_tests::ran::{Ran, on_database};

/// A version of the program on a database, with these arguments.
pub(crate) fn shop(version: &str, database: &[String], arguments: &[&str]) -> Command {
    let mut command = on_database(Command::new(std::env::current_exe().unwrap()), database, arguments);
    command.env("SHOP_VERSION", version);
    if arguments == ["run"] {
        // `run` ends with its input.
        command.stdin(Stdio::piped());
    }
    command
}

/// Runs the program to its end.
pub(crate) async fn run(version: &str, database: &[String], arguments: &[&str]) -> Ran {
    Ran::to_end(shop(version, database, arguments)).await
}
