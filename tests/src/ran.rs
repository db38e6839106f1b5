//! Command lines that a test runs to their end, on a database.

use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// Gives `program` the options that reach a database, and these arguments. It reads nothing, and what it prints is kept.
///
/// `database` is what [`Sql::arguments`](crate::backend::Sql::arguments) returns, or empty.
pub fn on_database(mut program: Command, database: &[String], arguments: &[&str]) -> Command {
    program.env_remove("DATABASE_URL").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    match database {
        [kind, file] if kind == "sqlite" => program.args(["--database", file]),
        [_, url, schema] => program.args(["--database", url, "--schema", schema]),
        _ => &mut program,
    };
    program.args(arguments);
    program
}

/// What a run has printed, and its exit code.
#[derive(Debug)]
pub struct Ran {
    /// The exit code.
    pub code: i32,
    /// The standard output.
    pub out: String,
    /// The standard error.
    pub err: String,
}

impl Ran {
    /// Runs a program to its end.
    pub async fn to_end(mut program: Command) -> Self {
        Self::of(tokio::task::spawn_blocking(move || program.output().unwrap()).await.unwrap())
    }

    /// What a program that has ended by itself has printed.
    pub fn of(output: Output) -> Self {
        Self {
            code: output.status.code().expect("no signal ended it"),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The standard output as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}
