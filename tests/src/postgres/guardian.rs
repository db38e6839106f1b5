//! A shell that keeps a program running for as long as this process lives, and cleans up however it ends.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use super::programs::unprivileged;

/// A shell whose script keeps a program running, with its files in a folder. It ends both, and itself, at the end of its
/// input: when this is dropped, or when this process ends, be it killed. It is in a process group of its own, so that
/// what kills the tests' group does not reach it.
#[derive(Debug)]
pub(super) struct Guardian {
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    shell: Child,
}

impl Guardian {
    /// Runs `script` with `folder` and `arguments`, as a user who is not root.
    pub(super) fn start(script: &str, folder: &Path, arguments: &[&str]) -> Self {
        let mut shell = unprivileged("sh", folder);
        shell.args(["-c", script, "guardian"]).arg(folder).args(arguments);
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0);
        let mut shell = shell.spawn().expect("the guardian starts");
        let commands = shell.stdin.take();
        let answers = BufReader::new(shell.stdout.take().unwrap());
        Self { commands, answers, shell }
    }

    /// Gives a command, and waits until it is carried out.
    pub(super) fn command(&mut self, command: &str) {
        writeln!(self.commands.as_mut().unwrap(), "{command}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        assert_eq!(answer.trim(), "ok", "the guardian at `{command}`");
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        self.commands = None;
        let _ = self.shell.wait();
    }
}

/// A free port of this machine.
pub(super) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A folder that the guardian removes.
pub(super) fn folder(prefix: &str) -> std::path::PathBuf {
    tempfile::Builder::new().prefix(prefix).tempdir().unwrap().keep()
}
