//! Redis for tests: a private server.

mod server;

pub use server::{Keeps, Server};
