//! What a program would do to a database: alike on every backend, and without a change.

/// Runs each test on both databases.
macro_rules! on_both {
    ($($test:ident)*) => {
        mod both_sqlite { $(#[tokio::test] async fn $test() { super::$test::<super::Sqlite>().await })* }
        mod both_postgres { $(#[tokio::test] async fn $test() { super::$test::<super::Postgres>().await })* }
    };
}

/// Runs each test in memory and on both databases.
macro_rules! on_each {
    ($($test:ident)*) => {
        mod memory { $(#[tokio::test] async fn $test() { super::$test::<super::Memory>().await })* }
        mod sqlite { $(#[tokio::test] async fn $test() { super::$test::<super::Sqlite>().await })* }
        mod postgres { $(#[tokio::test] async fn $test() { super::$test::<super::Postgres>().await })* }
    };
}

mod content;
mod dry_run;
mod plan;
mod programs;
mod steps;
mod verify;
