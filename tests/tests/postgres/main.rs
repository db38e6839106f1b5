//! PostgreSQL: opening and migrating, the log and its horizon, the unit of work, outages, crashes, and a pooler.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod behaviour;
mod crash;
mod few;
mod given_up;
mod horizon;
mod idle;
mod lifetime;
mod lost;
mod opening;
mod plans;
mod pooler;
mod settings;
mod steps;
mod tell;
mod tls;
mod unit;
mod wake;
mod world;
mod writers;
