//! The program, as operators run it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by a panic")]

mod codes;
mod commands;
#[cfg(feature = "dashboard")]
mod dashboard;
mod hostile;
mod migrate;
mod owner;
mod processes;
mod program;
mod world;
