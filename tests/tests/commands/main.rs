//! Commands on aggregates, and how aggregates are loaded and saved: alike on every backend.

#![allow(clippy::panic)]

mod batches;
mod contention;
mod execute;
mod ids;
mod loading;
mod random;
mod snapshots;
mod world;
