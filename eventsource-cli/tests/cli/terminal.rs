//! The program on a terminal: a pseudo terminal of `script`.

use std::io::{Read as _, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};

use eventsource_tests::backend::{Sql as _, Sqlite};
use eventsource_tests::wait::eventually;

use crate::program::done;
use crate::world::with_letter;

/// A program on a terminal.
struct Terminal {
    script: Child,
    keys: ChildStdin,
    shown: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    fn start(file: &str, columns: u16, arguments: &str) -> Self {
        let program = env!("CARGO_BIN_EXE_eventsource");
        let command = format!("stty rows 24 cols {columns}; exec '{program}' --database '{file}' {arguments}");
        let mut script = Command::new("script")
            .args(["--quiet", "--return", "--flush", "--command", &command, "/dev/null"])
            .env("TERM", "xterm")
            .env("SHELL", "/bin/sh")
            .env_remove("COLUMNS")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (keys, mut out) = (script.stdin.take().unwrap(), script.stdout.take().unwrap());
        let shown = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&shown);
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = out.read(&mut buffer) {
                kept.lock().unwrap().extend_from_slice(&buffer[..read]);
            }
        });
        Self { script, keys, shown }
    }

    fn shown(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().unwrap()).into_owned()
    }

    async fn shows(&self, text: &str) {
        eventually(text, || async { self.shown().contains(text) }).await;
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Sends a signal to the program.
    fn signal(&self, signal: &str) {
        let script = self.script.id();
        let children = std::fs::read_to_string(format!("/proc/{script}/task/{script}/children")).unwrap();
        let sent = Command::new("kill").args([signal, children.trim()]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for the end, and returns the exit code.
    async fn ended(mut self) -> (Option<i32>, String) {
        let shown = Arc::clone(&self.shown);
        let code = tokio::task::spawn_blocking(move || self.script.wait().unwrap().code()).await.unwrap();
        let shown = String::from_utf8_lossy(&shown.lock().unwrap()).into_owned();
        (code, shown)
    }
}

/// Leaves the alternate screen.
#[cfg(feature = "top")]
const RESTORED: &str = "\u{1b}[?1049l";

#[cfg(feature = "top")]
#[tokio::test]
async fn live_table_pauses_after_a_yes_and_restores_the_terminal() {
    let (world, _folder) = with_letter::<Sqlite>().await;
    let mut terminal = Terminal::start(&world.file(), 100, "top");
    terminal.shows("sums").await;
    terminal.press("p");
    terminal.shows("Do it? [y/N]").await;
    terminal.press("y");
    terminal.shows("pause `sums`: done").await;
    let shown = done(&world.arguments(), &["--json", "status", "sums"]).await.json();
    assert!(!shown["pause"].is_null(), "{shown}");
    terminal.press("q");
    let (code, shown) = terminal.ended().await;
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains(RESTORED), "{shown}");
}

#[cfg(feature = "top")]
#[tokio::test]
async fn live_table_restores_the_terminal_when_it_is_terminated() {
    let (world, _folder) = with_letter::<Sqlite>().await;
    let terminal = Terminal::start(&world.file(), 100, "top");
    terminal.shows("sums").await;
    terminal.signal("-TERM");
    let (code, shown) = terminal.ended().await;
    assert_eq!(code, Some(130), "{shown}");
    assert!(shown.contains(RESTORED), "{shown}");
}

#[tokio::test]
async fn table_fits_into_the_terminal() {
    let (world, _folder) = with_letter::<Sqlite>().await;
    for (arguments, left_out) in
        [("letters list sums", true), ("events tail --no-follow", false), ("checkpoint show", false), ("status", true)]
    {
        let (code, shown) = Terminal::start(&world.file(), 50, arguments).ended().await;
        assert_eq!(code, Some(0), "{arguments}: {shown}");
        let lines = shown.lines().filter(|line| !line.contains("The terminal is narrow"));
        for line in lines {
            let plain = line.replace("\u{1b}[1m", "").replace("\u{1b}[0m", "");
            assert!(plain.trim_end().chars().count() <= 50, "{arguments}: {plain}");
        }
        assert_eq!(shown.contains("The terminal is narrow"), left_out, "{arguments}: {shown}");
    }
}

#[tokio::test]
async fn change_is_asked_for_on_a_terminal() {
    let (world, _folder) = with_letter::<Sqlite>().await;
    let mut terminal = Terminal::start(&world.file(), 100, "rebuild sums --timeout 1s");
    terminal.shows("Write `sums` to confirm: ").await;
    terminal.press("yes\r");
    let (code, shown) = terminal.ended().await;
    assert_eq!(code, Some(4), "{shown}");
    let mut terminal = Terminal::start(&world.file(), 100, "pause sums");
    terminal.shows("Do it? [y/N] ").await;
    terminal.press("y\r");
    let (code, shown) = terminal.ended().await;
    assert_eq!(code, Some(0), "{shown}");
}
