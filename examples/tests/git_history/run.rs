//! The program, run, and what it answers.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

use crate::reference::{Totals, totals_of_git};
use crate::repository::Repository;

/// What one run has done.
#[derive(Debug, PartialEq)]
pub struct Done {
    pub imported: u64,
    pub projected: u64,
}

impl Repository {
    pub fn database(&self) -> PathBuf {
        self.folder.path().join("history.db")
    }

    pub fn program(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_git_history"));
        self.as_user(&mut command);
        command.arg(&self.path).arg("--database").arg(self.database()).args(arguments);
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.program(arguments).output().unwrap()
    }

    /// The JSON document of a run that succeeds, and what the run has done.
    pub fn history(&self) -> (Value, Done) {
        let output = self.run(&["--json"]);
        let notes = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{notes}");
        let mut numbers = notes.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse().ok());
        let done = Done { imported: numbers.next().unwrap(), projected: numbers.next().unwrap() };
        (serde_json::from_slice(&output.stdout).unwrap(), done)
    }

    /// Runs the program, and holds all that it answers against git.
    pub fn assert_equals_git(&self) -> Done {
        let (answer, done) = self.history();
        assert_eq!(Totals::from(&answer), totals_of_git(self));
        let mut keys: Vec<_> = answer.as_object().unwrap().keys().collect();
        keys.sort_unstable();
        assert_eq!(keys, ["authors", "commits", "days", "files"]);
        done
    }

    pub fn assert_fails(&self, arguments: &[&str], code: i32, why: &str) {
        let output = self.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(why), "{said:?} does not say {why:?}");
        assert!(output.stdout.is_empty());
    }
}
