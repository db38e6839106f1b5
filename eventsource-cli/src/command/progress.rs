//! Shows how far long work is.

use indicatif::{ProgressBar, ProgressStyle};

/// One line on the standard error. It is shown on a terminal only.
pub(super) struct Progress(ProgressBar);

impl Progress {
    pub(super) fn new() -> Self {
        let style = ProgressStyle::with_template("{msg} [{wide_bar}] {percent} %, {eta} left");
        let bar = ProgressBar::new(0);
        Self(match style {
            Ok(style) => bar.with_style(style),
            // Cannot happen: the template is valid.
            Err(_) => bar,
        })
    }

    /// Shows that `done` of `total` is done. `what` must be escaped.
    pub(super) fn show(&self, what: &str, done: u64, total: u64) {
        self.0.set_length(total);
        self.0.set_message(format!("{what}: position {done} of {total}"));
        self.0.set_position(done);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
