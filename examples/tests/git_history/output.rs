//! What is printed, and where.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use crate::kinds::ordinary;

#[test]
fn tables() {
    let output = ordinary().run(&[]);
    let expected = "\
commits: 9, authors: 3, days: 2

Contributors
   commits      added    deleted
         6          7          1  Ann Author <ann@example.org>
         2          2          0  Robert <robert@example.org>
         1          1          0  Carol <carol@example.org>

The last days with commits (UTC)
   commits
         5  2023-11-16
         4  2023-11-15

The files changed most often
   commits      added    deleted
         2          4          1  src/main.rs
         2          0          0  logo.png
         1          2          0  .mailmap
         1          2          0  side.txt
         1          1          0  library
         1          1          0  third
         1          0          0  src/start.rs
";
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "9 new commits imported, 32 events projected\n");
}

#[test]
fn without_a_database_nothing_is_left_behind() {
    let repository = ordinary();
    let temporary = tempfile::tempdir().unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_git_history"));
    let program = repository.as_user(&mut program).arg(&repository.path).env("TMPDIR", temporary.path());
    assert!(program.output().unwrap().status.success());
    assert_eq!(std::fs::read_dir(temporary.path()).unwrap().count(), 0);
    assert!(!repository.database().exists());
}

#[test]
fn a_reader_that_has_seen_enough() {
    let repository = ordinary();
    for n in 0..3_000 {
        repository.write(format!("folder/{n}"), "line\n");
    }
    repository.commit("Many files");
    let mut child = repository.program(&["--json"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::with_capacity(16, child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn help_says_where_the_database_is() {
    let output = Command::new(env!("CARGO_BIN_EXE_git_history")).arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for word in ["PATH", "--database", "temporary file", "--fresh", "--json", "UTC", "Exit codes"] {
        assert!(help.contains(word), "{help}");
    }
}

#[test]
fn a_wrong_argument_is_refused() {
    let output = Command::new(env!("CARGO_BIN_EXE_git_history")).arg("--nonsense").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}
