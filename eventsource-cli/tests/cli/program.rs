//! Runs the program.

use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The program with the options that reach a database.
pub(crate) fn program(database: &[String], arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_eventsource"));
    command.env_remove("DATABASE_URL").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    match database {
        [kind, file] if kind == "sqlite" => command.args(["--database", file]),
        [_, url, schema] => command.args(["--database", url, "--schema", schema]),
        _ => &mut command,
    };
    command.args(arguments);
    command
}

/// What a run has printed, and its exit code.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().expect("no signal ended it"),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Runs the program to its end.
pub(crate) async fn run(database: &[String], arguments: &[&str]) -> Ran {
    let mut command = program(database, arguments);
    let ran = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    Ran::of(ran)
}

/// Runs the program, which has to succeed.
pub(crate) async fn done(database: &[String], arguments: &[&str]) -> Ran {
    let ran = run(database, arguments).await;
    assert_eq!(ran.code, 0, "{arguments:?}: {ran:?}");
    ran
}
