//! Runs the program.

use std::process::Command;

pub(crate) use eventsource_tests::ran::Ran;
use eventsource_tests::ran::on_database;

/// The program with the options that reach a database.
pub(crate) fn program(database: &[String], arguments: &[&str]) -> Command {
    on_database(Command::new(env!("CARGO_BIN_EXE_eventsource")), database, arguments)
}

/// Runs the program to its end.
pub(crate) async fn run(database: &[String], arguments: &[&str]) -> Ran {
    Ran::to_end(program(database, arguments)).await
}

/// Runs the program, which has to succeed.
pub(crate) async fn done(database: &[String], arguments: &[&str]) -> Ran {
    let ran = run(database, arguments).await;
    assert_eq!(ran.code, 0, "{arguments:?}: {ran:?}");
    ran
}
