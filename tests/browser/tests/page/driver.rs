//! The program that drives Chromium, as long as a test runs.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};

const NO_BROWSER: &str = "the browser tests need Chromium: run `tests/setup` as root, which installs it (on Debian: apt-get \
                          install chromium chromium-driver)";

/// Runs the driver with its files in a folder, until the end of its input: also if the process of the test is killed.
/// The browser ends with the driver, since it is connected by a pipe.
const SCRIPT: &str = r#"
    HOME=$1 TMPDIR=$1 chromedriver --port=0 </dev/null 2>/dev/null &
    read -r _
    kill $!
    wait $!
    rm -rf "$1"
"#;

/// A running driver on a free port of this machine.
#[derive(Debug)]
pub(crate) struct Driver {
    shell: Child,
    input: Option<ChildStdin>,
    pub(crate) port: u16,
    /// The folder of the browser's files.
    pub(crate) folder: String,
}

impl Driver {
    pub(crate) fn start() -> Self {
        for program in ["chromium", "chromedriver"] {
            let path = std::env::var_os("PATH").unwrap_or_default();
            assert!(std::env::split_paths(&path).any(|folder| folder.join(program).exists()), "{NO_BROWSER}");
        }
        let folder = tempfile::Builder::new().prefix("eventsource-browser-").tempdir().unwrap().keep();
        let folder = folder.to_str().unwrap().to_owned();
        let mut shell = Command::new("sh");
        shell.args(["-c", SCRIPT, "driver", &folder]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut shell = shell.spawn().unwrap();
        let input = shell.stdin.take();
        let mut lines = BufReader::new(shell.stdout.take().unwrap()).lines().map(Result::unwrap);
        let port =
            lines.find_map(|line| line.rsplit_once("successfully on port ")?.1.trim_end_matches('.').parse().ok());
        // What it writes later is read, so that it never waits.
        std::thread::spawn(move || lines.for_each(drop));
        Self { shell, input, port: port.expect("the driver starts"), folder }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.input = None;
        let _ = self.shell.wait();
    }
}
