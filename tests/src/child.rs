//! Children: programs that a test starts, listens to, freezes and kills, and that end with it.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use crate::wait::DEADLINE;

/// A program that a test has started. It is killed with the test, however that ends: see
/// [`end_with_parent`](crate::orphan::end_with_parent).
#[derive(Debug)]
pub struct Child {
    process: std::process::Child,
    /// Open for as long as the test lives: a wait would close it.
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Child {
    /// Starts `program`.
    pub fn start(program: &str, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        let mut process = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the child starts");
        let (stdin, stdout) = (process.stdin.take(), BufReader::new(process.stdout.take().unwrap()));
        let (send, lines) = channel();
        std::thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
        Self { process, stdin, lines }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// The next line that it prints; panics where none comes in time.
    pub fn line(&mut self) -> String {
        self.lines.recv_timeout(DEADLINE).expect("the child says something")
    }

    /// The next line that it prints; `None` if it ends before.
    pub fn next_line(&mut self) -> Option<String> {
        match self.lines.recv_timeout(DEADLINE) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("the child says nothing"),
        }
    }

    /// Tells it `line`.
    pub fn tell(&mut self, line: &str) {
        writeln!(self.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    /// Stops it, and returns when each of its threads stands still. The signal alone is taken by one of them, and until
    /// that one runs the others go on, which on a busy machine is long enough to take a lock.
    pub fn stop(&self) {
        self.signal("-STOP");
        let start = Instant::now();
        while !self.stands_still() {
            assert!(start.elapsed() < DEADLINE, "it was not stopped within {DEADLINE:?}");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Whether each of its threads stands still.
    pub fn stands_still(&self) -> bool {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.id())).unwrap();
        threads.flatten().all(|thread| {
            // What stands before the state is a name in brackets, which may hold anything.
            let stat = std::fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
            stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('T'))
        })
    }

    /// Sends it a signal, such as `-CONT`.
    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Whether it has not ended.
    pub fn is_running(&mut self) -> bool {
        self.process.try_wait().unwrap().is_none()
    }

    /// Kills it; panics where it has ended by itself.
    pub fn kill(&mut self) {
        assert!(self.is_running(), "the child ended by itself, before it was killed");
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Waits until it ends, and returns its exit code; `None` if a signal ended it.
    pub fn code(&mut self) -> Option<i32> {
        self.process.wait().unwrap().code()
    }

    /// Waits until it ends; panics where it fails.
    pub fn finish(mut self) {
        assert!(self.process.wait().unwrap().success(), "the child failed");
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
