//! Read models.

mod batch;
#[cfg(feature = "decimal")]
mod decimal_key;
mod dialect;
mod failure;
mod generations;
mod models;
mod packed;
mod pool;
mod replace;
mod schema;
mod statements;
mod tables;
mod trials;
mod value;

pub use models::SqliteReadModels;
