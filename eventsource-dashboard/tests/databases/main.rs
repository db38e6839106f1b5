//! The page on SQLite and PostgreSQL: many letters and streams, and databases and owners that fail.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

/// Runs each test on both databases.
macro_rules! on_both {
    ($($test:ident)*) => {
        mod sqlite { $(#[tokio::test] async fn $test() { super::$test::<super::Sqlite>().await })* }
        mod postgres { $(#[tokio::test] async fn $test() { super::$test::<super::Postgres>().await })* }
    };
}

mod clocks;
mod held;
mod large;
mod not_json;
mod outages;
mod owners;
mod page;
