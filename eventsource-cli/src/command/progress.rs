//! Shows how far long work is.

use std::io::{self, IsTerminal as _, Write as _};

/// One line on the standard error, which is written again. It is shown on a terminal only.
pub(super) struct Progress {
    is_shown: bool,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self { is_shown: io::stderr().is_terminal() }
    }

    /// Shows that `done` of `total` is done.
    pub(super) fn show(&self, what: &str, done: u64, total: u64) {
        if self.is_shown {
            let percent = (u128::from(done) * 100).checked_div(u128::from(total)).unwrap_or(100).min(100);
            let _ = write!(io::stderr().lock(), "\r\u{1b}[K{what}: position {done} of {total}, {percent} %");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_shown {
            let _ = write!(io::stderr().lock(), "\r\u{1b}[K");
        }
    }
}
