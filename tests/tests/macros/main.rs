//! What the macros generate, at work.

#![allow(clippy::panic)]

mod aggregates;
mod evolution;
mod projections;
mod scenario;
mod schemas;
mod topology;
