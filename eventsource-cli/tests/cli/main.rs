//! The program, as operators run it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by a panic")]

mod codes;
mod commands;
#[cfg(feature = "dashboard")]
mod dashboard;
mod hostile;
mod many_letters;
mod migrate;
mod outages;
mod owner;
mod processes;
mod program;
mod terminal;
mod world;
