//! The subscriber by hand runs, and stays short.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::process::Command;

#[test]
fn subscriber_by_hand_counts_its_events() {
    let output = Command::new(env!("CARGO_BIN_EXE_by_hand")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "OrderPlaced at position 1\norders placed: 1\n");
}

#[test]
fn program_has_at_most_60_lines() {
    assert!(include_str!("../by_hand/main.rs").lines().count() <= 60);
}
