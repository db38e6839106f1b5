//! Runs the program.

use std::process::{Command, Stdio};

use serde_json::Value;

/// A version of the program on a database, with these arguments.
pub(crate) fn shop(version: &str, database: &[String], arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env("SHOP_VERSION", version).env_remove("DATABASE_URL");
    // `run` ends with its input.
    command.stdin(if arguments == ["run"] { Stdio::piped() } else { Stdio::null() });
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
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
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Runs the program to its end.
pub(crate) async fn run(version: &str, database: &[String], arguments: &[&str]) -> Ran {
    let mut command = shop(version, database, arguments);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    Ran {
        code: output.status.code().expect("no signal ended it"),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}
