//! Where the works are done: schemas of a private PostgreSQL server, and SQLite files.

pub mod postgres;
pub mod sqlite;
