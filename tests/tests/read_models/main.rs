//! Read models: one suite for every backend, and what is particular to one.

#![allow(clippy::unwrap_used, clippy::panic)]

mod batch;
mod generations;
mod long_keys;
mod operations;
mod postgres;
mod projection;
mod queries;
mod random;
mod refused;
mod schema;
mod together;
mod types;
mod world;

/// Runs each of the named tests in memory, on SQLite and on PostgreSQL.
macro_rules! on_every_backend {
    ($($test:ident)*) => {
        mod memory {
            $(#[tokio::test]
            async fn $test() {
                super::$test(&crate::world::Memory::default()).await;
            })*
        }

        mod sqlite {
            $(#[tokio::test]
            async fn $test() {
                super::$test(&crate::world::Sqlite::new().await).await;
            })*
        }

        mod postgres {
            $(#[tokio::test]
            async fn $test() {
                super::$test(&crate::world::Postgres::new().await).await;
            })*
        }
    };
}
pub(crate) use on_every_backend;

/// Runs each of the named tests on SQLite and on PostgreSQL.
macro_rules! on_every_database {
    ($($test:ident)*) => {
        mod sqlite_file {
            $(#[tokio::test]
            async fn $test() {
                super::$test(&crate::world::Sqlite::new().await).await;
            })*
        }

        mod postgres_server {
            $(#[tokio::test]
            async fn $test() {
                super::$test(&crate::world::Postgres::new().await).await;
            })*
        }
    };
}
pub(crate) use on_every_database;
