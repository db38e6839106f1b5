//! The router, without a browser: who may do what, what every answer has, and what becomes of hostile text.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

mod access;
mod addresses;
mod events;
mod letters;
mod live;
mod pages;
mod payloads;
mod steps;
mod texts;
mod world;
