//! A program with code: this test program is also the program `shop`, if `SHOP_VERSION` is set.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by a panic")]

mod program;
mod ran;
mod roles;
mod tests;

use std::process::ExitCode;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    match std::env::var("SHOP_VERSION") {
        Ok(version) => runtime.block_on(program::run(&version)),
        Err(_) => {
            runtime.block_on(tests::run());
            ExitCode::SUCCESS
        }
    }
}
