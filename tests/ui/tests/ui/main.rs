//! What the compiler says about mistakes, and that it says nothing where there are none.
//!
//! The texts are those of the compiler that the file `RUSTC` names, where they are compared in full. With it, write them
//! again and read the difference: `TRYBUILD=overwrite cargo test -p eventsource-ui-tests`. With another compiler, each case
//! has to fail with the first line that is written down.

mod first_lines;

use std::io::Write as _;
use std::process::Command;

#[test]
fn ui() {
    let pinned = include_str!("../../RUSTC").trim();
    let version = Command::new("rustc").arg("--version").output().expect("rustc runs");
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    let in_full = version.split(' ').nth(1) == Some(pinned) && std::env::var_os("EVENTSOURCE_UI_FIRST_LINES").is_none();
    let cases = trybuild::TestCases::new();
    cases.pass("pass/*.rs");
    if in_full {
        say(&format!("ui: messages are compared in full, on rustc {pinned}"));
        cases.compile_fail("fail/*.rs");
    } else {
        say(&format!(
            "ui: the first line of each message is compared, since this is {} and not {pinned}",
            version.trim()
        ));
        first_lines::check();
    }
}

/// Writes one line that is seen also where a test passes.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
