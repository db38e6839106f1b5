//! What the tests share: a running service, and an HTTP client.

pub mod cases;
pub mod client;
pub mod operator;
pub mod running;
