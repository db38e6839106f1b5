//! Read models.

mod batch;
mod catalogue;
mod dialect;
mod failure;
mod generations;
mod models;
mod order;
mod pool;
mod replace;
mod schema;
mod statements;
mod tables;
mod trials;
mod value;

pub use models::PostgresReadModels;
