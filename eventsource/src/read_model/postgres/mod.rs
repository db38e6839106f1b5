//! Read models in PostgreSQL (feature `postgres`).
//!
//! Create the tables with [`PostgresReadModels::ensure_tables`], and read them through
//! [`PostgresReadModels::repository`].

mod batch;
mod catalogue;
mod dialect;
mod failure;
mod generations;
mod models;
mod order;
mod plans;
mod pool;
mod replace;
mod schema;
mod statements;
mod tables;
mod value;

pub use models::PostgresReadModels;
