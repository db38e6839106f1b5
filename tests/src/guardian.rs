//! A shell that keeps a program running for as long as this process lives, and cleans up however it ends.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A shell whose script keeps a program running, with its files in a folder. It ends both, and itself, at the end of its
/// input: when this is dropped, or when this process ends, be it killed. It is in a process group of its own, so that
/// what kills the tests' group does not reach it.
#[derive(Debug)]
pub(crate) struct Guardian {
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    shell: Child,
}

impl Guardian {
    /// Runs `script` with `folder` and `arguments`, as a user who is not root.
    pub(crate) fn start(script: &str, folder: &Path, arguments: &[&str]) -> Self {
        let mut shell = unprivileged("sh", folder);
        shell.args(["-c", script, "guardian"]).arg(folder).args(arguments);
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0);
        let mut shell = shell.spawn().expect("the guardian starts");
        let commands = shell.stdin.take();
        let answers = BufReader::new(shell.stdout.take().unwrap());
        Self { commands, answers, shell }
    }

    /// Gives a command, and waits until it is carried out.
    pub(crate) fn command(&mut self, command: &str) {
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
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A folder that the guardian removes.
pub(crate) fn folder(prefix: &str) -> PathBuf {
    tempfile::Builder::new().prefix(prefix).tempdir().unwrap().keep()
}

/// The file of `program` in the folders of `PATH`.
pub(crate) fn in_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|program| program.exists())
}

/// `program`, as a user who is not root, which owns `folder` and the files in it.
fn unprivileged(program: &str, folder: &Path) -> Command {
    use std::os::unix::fs::{MetadataExt as _, chown};
    let mut command = Command::new(program);
    if std::fs::metadata(folder).unwrap().uid() != 0 {
        return command;
    }
    // PostgreSQL's package makes the first; `nobody` is on every system.
    let users = std::fs::read_to_string("/etc/passwd").unwrap();
    let user = |name: &str| {
        let line = users.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        let mut fields = line.split(':').skip(1).map(|id| id.parse::<u32>().ok());
        Some((fields.next()??, fields.next()??))
    };
    let (uid, gid) = user("postgres").or_else(|| user("nobody")).expect("a user who is not root runs servers");
    for file in std::fs::read_dir(folder).unwrap() {
        chown(file.unwrap().path(), Some(uid), Some(gid)).unwrap();
    }
    chown(folder, Some(uid), Some(gid)).unwrap();
    command.uid(uid).gid(gid).current_dir(folder);
    command
}
