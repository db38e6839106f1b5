//! The router, without a browser: who may do what, what every answer has, and what becomes of hostile text.

#![allow(clippy::unwrap_used, clippy::panic)]

mod access;
mod pages;
mod world;
